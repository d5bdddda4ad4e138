import t from 'tap'
import { runCommand } from '../../../src/cli/run-command.ts'
import { waitUntil } from '../../../src/testing/wait-for.ts'
import { operate } from '../../admin/rig.ts'
import { launch } from '../../e2e/command.ts'
import { inProject } from '../../helpers/project.ts'
import { FakeProcess } from '../fake-process.ts'
import { told } from './run.ts'

/** `top` on a terminal, showing its first screen. */
async function startTop(base: string): Promise<{ context: FakeProcess; code: Promise<number> }> {
  const context = new FakeProcess({ env: { FAIRLEAD_ADMIN: base, NO_COLOR: '1' }, terminal: true })
  const code = runCommand(['top'], context)
  await context.draws(/^fairlead \d/)
  return { context, code }
}

void t.test('top: keys choose a backend and change its mode; q gives the terminal back', async (sub) => {
  const { base, balancer } = await operate(sub)
  const { context, code } = await startTop(base)
  sub.ok(context.isRaw)
  await context.draws(/^▶ {2}a /m)
  context.press('\x1b[B')
  await context.draws(/^▶ {2}b /m)
  context.press('d')
  await context.draws(/^▶ {2}b +drain /m)
  await context.draws(/^b is set to drain; r sets it to ready again$/m)
  context.press('\x1b[A')
  context.press('m')
  await context.draws(/^▶ {2}a +maint /m)
  context.press('r')
  await context.draws(/^▶ {2}a +up /m)
  context.press('s')
  await context.draws(/sort \(rate\)/)
  context.press('\x1b[6~')
  await context.draws(/^▶ {2}b /m)
  context.press('\x1b[Hx\x1b')
  await context.draws(/^▶ {2}a /m)
  balancer.removeBackend('a')
  await context.draws(/^▶ {2}b /m)
  context.press('q')
  sub.equal(await code, 0)
  sub.ok(context.isRestored)
  sub.equal(context.keyboard?.listenerCount('data'), 0)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH', 'SIGTSTP', 'SIGCONT']) {
    sub.equal(context.signals.listenerCount(signal), 0, signal)
  }
})

void t.test(
  'top: another size is used at once; a shell that had the terminal meanwhile is no harm',
  async (sub) => {
    const { base } = await operate(sub)
    const { context, code } = await startTop(base)
    context.terminal = { columns: 40, rows: 6 }
    context.signals.emit('SIGWINCH')
    sub.equal(context.screen.length, 6)
    sub.ok(context.screen.every((line) => line.length <= 40))
    context.isRaw = false
    context.signals.emit('SIGCONT')
    sub.ok(context.isRaw)
    context.press('\x03')
    sub.equal(await code, 0)
    sub.ok(context.isRestored)
  },
)

void t.test('Ctrl-Z gives the shell its terminal, and fg shows the screen again', async (sub) => {
  const { base } = await operate(sub)
  const { context, code } = await startTop(base)
  const before = context.screen
  for (const stop of [() => context.press('\x1a'), () => context.signals.emit('SIGTSTP')]) {
    stop()
    sub.notOk(context.isRestored)
    sub.ok(context.isRaw)
    sub.same(context.screen.length, before.length, 'drawn again')
  }
  sub.same(context.stops, [true, true])
  context.press('q')
  sub.equal(await code, 0)

  const watching = new FakeProcess({ env: { FAIRLEAD_ADMIN: base }, terminal: true })
  const end = runCommand(['status', '--watch'], watching)
  await watching.draws(/pool main/)
  watching.signals.emit('SIGTSTP')
  sub.same(watching.stops, [true])
  sub.match(watching.printed.split('\x1b[?1049h').at(-1), /pool main/, 'drawn again at once')
  watching.printed = ''
  watching.signals.emit('SIGCONT')
  sub.match(watching.printed, '\x1b[?1049h', 'also where something else had stopped us')
  sub.match(watching.printed, /pool main/)
  watching.signals.emit('SIGINT')
  sub.equal(await end, 0)
  sub.ok(watching.isRestored)
  for (const signal of ['SIGTSTP', 'SIGCONT']) sub.equal(watching.signals.listenerCount(signal), 0)
})

void t.test('top: every signal that can be heard gives the terminal back', async (sub) => {
  const { base } = await operate(sub)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    const { context, code } = await startTop(base)
    context.signals.emit(signal)
    sub.equal(await code, 0, signal)
    sub.ok(context.isRestored, signal)
  }
})

void t.test(
  'top: a balancer that dies is shown as such, and a key that cannot be obeyed says why',
  async (sub) => {
    const { base, admin } = await operate(sub)
    const { context, code } = await startTop(base)
    await admin.close()
    context.press('d')
    await context.draws(/^no answer from a balancer at .*: nobody listens there/m)
    await waitUntil(() => /^no answer for \S+ s: what is shown is old/.test(context.screen[0] ?? ''), {
      timeoutMs: 15_000,
    })
    context.press('q')
    sub.equal(await code, 0)
    sub.ok(context.isRestored)
  },
)

void t.test('top: an error gives the terminal back before it is told', async (sub) => {
  const { base } = await operate(sub)
  const context = new FakeProcess({ env: { FAIRLEAD_ADMIN: base }, terminal: true })
  const size = context.size()
  Object.defineProperty(context, 'size', {
    value: () => {
      throw new Error('no such thing as a size')
    },
  })
  await sub.rejects(runCommand(['top'], context), { message: 'no such thing as a size' })
  sub.ok(context.isRestored)
  sub.same(size, { columns: 100, rows: 40 })
})

void t.test('top without a terminal says what works without', async (sub) => {
  sub.same(await told('1', ['top']), [
    2,
    'fairlead: top needs a terminal to draw on; fairlead status --watch writes to anything\n',
  ])
  const dumb = new FakeProcess({ env: { TERM: 'dumb' }, terminal: true })
  sub.equal(await runCommand(['top'], dumb), 2)
  sub.equal(dumb.printed, '')
})

const PTY = inProject('test/cli/operate/pty_run.py')

/** Needs python3, whose `pty` is the only terminal that a test can have. That one does not know its size. */
void t.test('top on a real terminal: what was set is unset at the end, whoever ends it', async (sub) => {
  const { base } = await operate(sub)
  for (const end of ['q', '\x03', 'TERM', 'HUP']) {
    await using command = launch('python3', [PTY, end, base])
    const exit = await command.exit()
    sub.same([exit.code, command.stderr], [0, ''], end)
    const { before, after, text, code } = JSON.parse(command.stdout) as Record<string, unknown>
    sub.equal(code, 0, end)
    sub.same(after, before, 'the settings of the terminal')
    sub.ok(String(text).startsWith('\x1b[?1049h\x1b[?25l\x1b[?7l'), end)
    sub.ok(String(text).endsWith('\x1b[?7h\x1b[?25h\x1b[?1049l'), end)
    sub.match(text, '▶')
  }
})
