import type { SessionSnapshot } from '../../core/snapshot.ts'
import { humanBytes, humanMs } from '../../log/human.ts'
import { EXIT_NO, EXIT_OK } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'
import { RefusedError } from './admin-errors.ts'
import type { OperateCall, OperateCommand, OperateFlag } from './operate-command.ts'
import { outlineOf } from './outlines.ts'
import { JSON_FLAG } from './operate-command.ts'
import { jsonLine } from './safe-json.ts'
import { lookOf } from './look-of.ts'
import { type Cell, type Column, tableLines } from './table.ts'

const FILTERS: readonly OperateFlag[] = [
  { flag: 'backend', kind: 'text', value: '<id>', text: 'Only those of this backend' },
  { flag: 'pool', kind: 'text', value: '<name>', text: 'Only those of this pool' },
  { flag: 'listener', kind: 'text', value: '<name>', text: 'Only those of this listener' },
  { flag: 'client', kind: 'text', value: '<ip>', text: 'Only those of this client' },
]

export const sessionsCommand: OperateCommand = {
  ...outlineOf('sessions'),
  least: 0,
  most: 0,
  flags: [
    ...FILTERS,
    { flag: 'most', kind: 'integer', value: '<n>', text: 'At most so many, up to 10000 [1000]' },
    JSON_FLAG,
  ],
  run: sessions,
}

export const killCommand: OperateCommand = {
  ...outlineOf('kill'),
  least: 0,
  most: Infinity,
  flags: FILTERS,
  notes: ['Exit code 3 where there was nothing to reset.'],
  run: kill,
}

async function sessions({ client, context, paint, text, number, has }: OperateCall): Promise<number> {
  const most = number('most')
  const query = filters(text)
  if (most !== undefined) query.set('most', `${most}`)
  const asked = query.size === 0 ? '' : `?${query.toString()}`
  const answer = await client.ask<{ sessions: readonly SessionSnapshot[]; total: number }>(
    `/api/v1/sessions${asked}`,
    { exact: has('json') },
  )
  if (has('json')) {
    context.print(jsonLine(answer.sessions))
    return EXIT_OK
  }
  const { sessions: shown, total } = answer
  const look = lookOf({ context, paint })
  const table = shown.length === 0 ? [] : tableLines(columnsOf(shown), shown.map(rowOf), look)
  const summary = paint('dim', `${shown.length} of ${total} open sessions`)
  context.print(`${[...table, summary].join('\n')}\n`)
  return EXIT_OK
}

/** Hardly any session was tried elsewhere before. */
function columnsOf(shown: readonly SessionSnapshot[]): readonly Column[] {
  const wasTried = shown.some(({ tried }) => tried.length > 0)
  return [...COLUMNS, ...(wasTried ? [{ title: 'TRIED BEFORE' }] : [])]
}

const COLUMNS: readonly Column[] = [
  { title: 'SESSION', right: true },
  { title: 'CLIENT' },
  { title: 'LISTENER', spare: 3 },
  { title: 'BACKEND' },
  { title: 'AGE', right: true },
  { title: 'IN', right: true, spare: 1 },
  { title: 'OUT', right: true, spare: 2 },
]

function rowOf(session: SessionSnapshot): (Cell | string)[] {
  const { id, client, listener, backend, ageMs, bytesIn, bytesOut, tried } = session
  return [
    `${id}`,
    client,
    listener,
    backend === undefined ? { text: '-', color: 'dim' } : { text: backend, color: 'bold' },
    humanMs(ageMs),
    humanBytes(bytesIn),
    humanBytes(bytesOut),
    tried.map((each) => `${each.backend} (${each.reason})`).join(', '),
  ]
}

async function kill({ client, context, words, text }: OperateCall): Promise<number> {
  const query = filters(text)
  if ((words.length === 0) === (query.size === 0)) {
    throw new UsageError([
      'say which: numbers of sessions, or one of --backend, --pool, --listener and --client',
    ])
  }
  const wrong = words.filter((word) => !/^\d{1,15}$/.test(word))
  if (wrong.length > 0)
    throw new UsageError(wrong.map((word) => `${JSON.stringify(word)} is no number of a session`))
  let killed = 0
  if (query.size > 0) {
    killed = (
      await client.ask<{ killed: number }>(`/api/v1/sessions?${query.toString()}`, { method: 'DELETE' })
    ).killed
  }
  for (const word of words) if (await killOne(client, word)) killed++
  context.print(`sessions reset: ${killed}\n`)
  return killed > 0 ? EXIT_OK : EXIT_NO
}

async function killOne(client: OperateCall['client'], id: string): Promise<boolean> {
  try {
    await client.ask(`/api/v1/sessions/${id}`, { method: 'DELETE' })
    return true
  } catch (error) {
    // It ended by itself.
    if (error instanceof RefusedError && error.status === 404) return false
    throw error
  }
}

function filters(text: OperateCall['text']): URLSearchParams {
  const query = new URLSearchParams()
  for (const { flag } of FILTERS) {
    const value = text(flag)
    if (value !== undefined) query.set(flag, value)
  }
  return query
}
