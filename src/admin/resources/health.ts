import type { AdminContext } from '../context.ts'
import { flag } from '../http/parameters.ts'
import { route } from '../http/route.ts'

const PLAIN = 'text/plain; charset=utf-8'

const verbose = flag('Print each check.')

export const healthRoutes = [
  route({
    method: 'GET',
    path: '/livez',
    id: 'isLive',
    tag: 'health',
    summary: 'Whether the process works at all',
    description: 'Never depends on backends: a restart of this process would not cure them.',
    access: 'open',
    anyHost: true,
    query: { verbose },
    type: PLAIN,
    answers: { 200: { description: 'It does.' } },
    handle: ({ query }) => ({
      type: PLAIN,
      text: query.verbose === true ? '[+]loop ok\nlivez passed\n' : 'ok\n',
    }),
  }),
  route({
    method: 'GET',
    path: '/readyz',
    id: 'isReady',
    tag: 'health',
    summary: 'Whether it should be given traffic',
    description:
      'Not while it drains or is closed, or a check of its own fails. A reload that failed leaves the good ' +
      'configuration in force: it is told with `verbose`, and does not count.',
    access: 'open',
    anyHost: true,
    query: { verbose },
    type: PLAIN,
    answers: { 200: { description: 'It should.' }, 503: { description: 'It should not.' } },
    handle: ({ context, query }) => {
      const lines = checkLines(context)
      const isReady = lines.every(({ mark }) => mark !== '-')
      const end = isReady ? 'readyz passed\n' : 'readyz failed\n'
      const shown = lines.filter(({ mark }) => query.verbose === true || mark === '-')
      const text = shown.map(({ mark, line }) => `[${mark}]${line}\n`).join('')
      return { status: isReady ? 200 : 503, type: PLAIN, text: text === '' ? 'ok\n' : text + end }
    },
  }),
]

/** `+` passed, `-` failed, `!` worth knowing. */
function checkLines({
  control,
  checks,
  lastReload,
}: AdminContext): { mark: '+' | '-' | '!'; line: string }[] {
  const { state } = control
  const reload = lastReload()
  const own = checks.map((check) => ({ name: check.name, problem: check.problem() }))
  return [
    state === 'running'
      ? { mark: '+', line: 'accepting ok' }
      : { mark: '-', line: `accepting failed: ${state}` },
    ...own.map(({ name, problem }): { mark: '+' | '-'; line: string } =>
      problem === undefined
        ? { mark: '+', line: `${name} ok` }
        : { mark: '-', line: `${name} failed: ${problem}` },
    ),
    reload?.ok === false
      ? { mark: '!', line: 'config: the last reload failed, the configuration before it is in force' }
      : { mark: '+', line: 'config ok' },
  ]
}
