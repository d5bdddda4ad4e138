import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
// Loaded here, since to compile them takes longer than a test should wait.
import '../../../src/cli/operate/commands.ts'
import '../../../src/cli/operate/operate.ts'
import { runCommand } from '../../../src/cli/run-command.ts'
import type { ReloadReport } from '../../../src/core/reload-report.ts'
import { silentBackend } from '../../../src/testing/silent-backend.ts'
import { waitUntil } from '../../../src/testing/wait-for.ts'
import { type Operated, operate } from '../../admin/rig.ts'
import { FakeProcess } from '../fake-process.ts'
import { run, told } from './run.ts'

/** A balancer whose backend `a` has one open session, and no more than a closed port beside it. */
async function withSession(sub: Test): Promise<Operated & { client: ReturnType<typeof connect> }> {
  const backend = await silentBackend()
  sub.teardown(() => backend[Symbol.asyncDispose]())
  const operated = await operate(sub, { backends: [`a=127.0.0.1:${backend.port}`, 'b=127.0.0.1:1'] })
  operated.balancer.setMode('b', 'maint')
  const { port } = operated.balancer.addresses[0] as { port: number }
  const opened = once(backend, 'session:open')
  const client = connect(port, '127.0.0.1')
  client.on('error', () => undefined)
  sub.teardown(() => client.resetAndDestroy())
  await opened
  return { ...operated, client }
}

void t.test(
  'status is a page or JSON, and its exit code tells whether everything can be served',
  async (sub) => {
    const { base, balancer } = await operate(sub)
    const page = await run(base, ['status'])
    sub.equal(page.code, 0)
    sub.match(page.printed, /^fairlead \d.* {2}· {2}running for /)
    sub.match(page.printed, /^a {8}127\.0\.0\.1:1 {2}up /m)
    const json = await run(base, ['status', '--json'])
    sub.match(JSON.parse(json.printed), {
      state: 'running',
      pools: [{ backends: [{ id: 'a' }, { id: 'b' }] }],
    })
    balancer.setMode('a', 'drain')
    balancer.setMode('b', 'maint')
    sub.equal((await run(base, ['status'])).code, 3)
  },
)

void t.test('drain, ready, maint and weight change what they name, and say what was', async (sub) => {
  const { base, balancer } = await operate(sub)
  const modes = (): string[] => balancer.snapshot().pools[0]?.backends.map(({ mode }) => mode) ?? []
  sub.same(await told(base, ['drain', 'a', 'b']), [0, 'a is now drain\nb is now drain\n'])
  sub.same(await told(base, ['drain', 'a']), [0, 'a is still drain\n'])
  sub.match(await told(base, ['maint', 'b', '--wait']), [
    0,
    /^b is now maint\nb has no open sessions, after .*\n$/,
  ])
  sub.same(modes(), ['drain', 'maint'])
  sub.same(await told(base, ['ready', 'a', 'nobody']), [2, 'fairlead: no backend "nobody"; there are a, b\n'])
  sub.same(modes(), ['drain', 'maint'], 'all are found before any is changed')
  sub.same(await told(base, ['weight', 'a', '7']), [0, 'a has weight 7, was 1\n'])
  sub.equal((await told(base, ['weight', 'a', '257']))[0], 2)
})

void t.test('drain --wait waits until the last session has ended', async (sub) => {
  const { base, client } = await withSession(sub)
  const context = new FakeProcess({ env: { FAIRLEAD_ADMIN: base }, terminal: true })
  const code = runCommand(['drain', 'a', '--wait', '--timeout', '1m'], context)
  await waitUntil(() => context.printed.includes('a has 1 open'))
  client.resetAndDestroy()
  sub.equal(await code, 0)
  sub.match(context.printed, /a has no open sessions, after .*\n$/)
  const dumb = new FakeProcess({ env: { FAIRLEAD_ADMIN: base, TERM: 'dumb' }, terminal: true })
  sub.equal(await runCommand(['drain', 'a', '--wait'], dumb), 0)
  sub.match(dumb.printed, /^a is still drain\na has no open sessions, after .*\n$/)
})

void t.test(
  'drain --wait ends with 3 when the time is up, and at Ctrl-C; the backend goes on draining',
  async (sub) => {
    const { base, balancer } = await withSession(sub)
    const late = await run(base, ['drain', 'a', '--wait', '--timeout', '1ms'])
    sub.equal(late.code, 3)
    sub.match(late.printed, /^a is now drain\na still has 1 open, after .*\n$/)
    const stopped = new FakeProcess({ env: { FAIRLEAD_ADMIN: base } })
    const code = runCommand(['drain', 'a', '--wait'], stopped)
    await waitUntil(() => stopped.signals.listenerCount('SIGINT') > 0)
    stopped.signals.emit('SIGINT')
    sub.equal(await code, 3)
    sub.equal(stopped.signals.listenerCount('SIGINT'), 0)
    sub.equal(balancer.snapshot().pools[0]?.backends[0]?.mode, 'drain')
    const removed = new FakeProcess({ env: { FAIRLEAD_ADMIN: base } })
    const gone = runCommand(['drain', 'a', '--wait'], removed)
    await waitUntil(() => removed.signals.listenerCount('SIGINT') > 0)
    balancer.removeBackend('a')
    sub.equal(await gone, 0)
    sub.match(removed.printed, /a is removed\n$/)
  },
)

void t.test('backends are added and removed, with their sessions or without', async (sub) => {
  const { base } = await withSession(sub)
  sub.same(await told(base, ['add', 'c=127.0.0.1:3', '127.0.0.1:4,127.0.0.1:5']), [
    0,
    'c is added to pool main at 127.0.0.1:3\n127.0.0.1:4 is added to pool main\n127.0.0.1:5 is added to pool main\n',
  ])
  sub.same(await told(base, ['add', '127.0.0.1:3']), [
    1,
    'fairlead: c (127.0.0.1:3) is in pool main already\n',
  ])
  sub.same(await told(base, ['add', '6', '--pool', 'web']), [
    2,
    'fairlead: --pool: no pool "web"; there are main\n',
  ])
  sub.match(await told(base, ['add', 'two words']), [
    2,
    /^fairlead: backend\.address: "two words" is neither .*\n$/,
  ])
  sub.same(await told(base, ['remove', 'c', '127.0.0.1:4']), [0, 'c is removed\n127.0.0.1:4 is removed\n'])
  sub.same(await told(base, ['remove', 'a', '--wait', '--timeout', '1ms']), [
    3,
    'a still has 1 open, after 1.0 ms: it stays, draining; --close resets them\n',
  ])
  sub.same(await told(base, ['remove', 'a', '--close']), [0, 'a is removed; sessions reset: 1\n'])
})

void t.test('sessions are listed and reset', async (sub) => {
  const { base, client } = await withSession(sub)
  const list = await run(base, ['sessions', '--backend', 'a', '--most', '5'])
  sub.match(list.printed, /SESSION {2}CLIENT .*\n +1 {2}127\.0\.0\.1:\d+ .* a .*\n1 of 1 open sessions\n$/)
  const json = await run(base, ['sessions', '--json'])
  sub.match(JSON.parse(json.printed), [{ id: 1, backend: 'a' }])
  sub.same(await told(base, ['sessions', '--client', '192.0.2.1']), [0, '0 of 1 open sessions\n'])
  for (const wrong of [['kill'], ['kill', '1', '--pool', 'main'], ['kill', 'one']]) {
    sub.equal((await run(base, wrong)).code, 2, wrong.join(' '))
  }
  sub.same(await told(base, ['kill', '99']), [3, 'sessions reset: 0\n'])
  const closed = new Promise((resolve) => client.on('close', resolve))
  sub.same(await told(base, ['kill', '1']), [0, 'sessions reset: 1\n'])
  await closed
  sub.same(await told(base, ['kill', '--client', '127.0.0.1']), [3, 'sessions reset: 0\n'])
})

void t.test('reload tells what changed, or why not, with its own exit code', async (sub) => {
  const none: ReloadReport = { at: 1, ok: true, changes: [], problems: [], needsRestart: ['io'] }
  let report = none
  const { base } = await operate(sub, { admin: { reload: () => Promise.resolve(report) } })
  sub.same(await told(base, ['reload']), [0, 'reloaded: nothing changed\n  io changes with a restart only\n'])
  report = { ...none, changes: ['pool web: backend c added'], needsRestart: [] }
  sub.same(await told(base, ['reload']), [0, 'reloaded:\n  pool web: backend c added\n'])
  report = { ...none, ok: false, problems: ['rise: must be a number'] }
  sub.same(await told(base, ['reload']), [
    3,
    'not reloaded, the old configuration stays:\n  rise: must be a number\n',
  ])
  sub.same(await told(base, ['reload', '--json']), [3, `${JSON.stringify(report)}\n`])
  const { base: without } = await operate(sub)
  sub.match(await told(without, ['reload']), [1, 'there is no configuration file to read'])
})

void t.test('explain names who would serve, and ends with 3 where nobody would', async (sub) => {
  const { base, balancer } = await operate(sub)
  sub.match(await told(base, ['explain', '10.0.0.1']), [
    0,
    /^10\.0\.0\.1 gets a .*\n\nBACKEND .*\na +100% +picked /,
  ])
  sub.match(JSON.parse((await run(base, ['explain', '--json', '--path', '/x'])).printed), { backend: 'a' })
  sub.same(await told(base, ['explain', 'me']), [2, 'fairlead: client: "me" is no IP address\n'])
  balancer.setMode('a', 'maint')
  balancer.setMode('b', 'drain')
  sub.equal((await run(base, ['explain'])).code, 3)
})

void t.test('events: those that are kept, and their end is known', async (sub) => {
  const { base, balancer } = await operate(sub)
  balancer.setMode('a', 'drain')
  balancer.setWeight('b', 3)
  sub.match(await told(base, ['events']), [
    0,
    /^\S+ {2}backend a is set to drain\n\S+ {2}backend b has weight 3\n$/,
  ])
  const json = await run(base, ['events', '--since', '1', '--json'])
  sub.match(JSON.parse(json.printed), { id: 2, name: 'backend:weight', data: { id: 'b', weight: 3 } })
})

void t.test('events --follow goes on with a balancer that is started again, until Ctrl-C', async (sub) => {
  const first = await operate(sub)
  first.balancer.setMode('a', 'drain')
  const context = new FakeProcess({ env: { FAIRLEAD_ADMIN: first.base } })
  const code = runCommand(['events', '--follow'], context)
  await waitUntil(() => context.printed.includes('backend a is set to drain'))
  first.balancer.setMode('a', 'ready')
  await waitUntil(() => context.printed.includes('backend a is set to ready'))
  await first.admin.close()
  await waitUntil(() => context.complaints.includes('the balancer has gone; waiting for it'))
  const second = await operate(sub, { admin: { address: first.admin.address } })
  await waitUntil(() => context.complaints.includes('it is there again'), { timeoutMs: 10_000 })
  second.balancer.setMode('b', 'maint')
  await waitUntil(() => context.printed.includes('backend b is set to maint'))
  context.signals.emit('SIGINT')
  sub.equal(await code, 0)
  sub.equal(context.printed.split('\n').length, 4, 'nothing is told twice')
  sub.same(context.complaints.split('\n').length, 3)
})

void t.test(
  'status --watch prints again and again, waits for who has gone, and ends at Ctrl-C',
  async (sub) => {
    const { base, admin } = await operate(sub)
    const piped = new FakeProcess({ env: { FAIRLEAD_ADMIN: base } })
    const piping = runCommand(['status', '--watch', '--json'], piped)
    await waitUntil(() => piped.printed.split('\n').length > 2)
    const screen = new FakeProcess({ env: { FAIRLEAD_ADMIN: base, NO_COLOR: '1' }, terminal: true })
    screen.terminal = { columns: 60, rows: 9 }
    const watching = runCommand(['status', '--watch'], screen)
    const dumb = new FakeProcess({ env: { FAIRLEAD_ADMIN: base, TERM: 'dumb' }, terminal: true })
    const reading = runCommand(['status', '--watch'], dumb)
    await screen.draws(/^fairlead \d/)
    sub.equal(screen.screen.length, 9)
    await admin.close()
    await screen.draws(/^what is below is old: no answer/)
    await waitUntil(() => piped.complaints.includes('nobody listens there'))
    await waitUntil(() => dumb.complaints.includes('nobody listens there'))
    for (const context of [piped, screen, dumb]) context.signals.emit('SIGTERM')
    sub.same(await Promise.all([piping, watching, reading]), [0, 0, 0])
    sub.notMatch(dumb.printed, '\x1b', 'a dumb terminal shows what would move its cursor')
    sub.ok(screen.isRestored)
    sub.match(screen.printed, /\?1049lfairlead \d/, 'what was seen last stays')
  },
)
