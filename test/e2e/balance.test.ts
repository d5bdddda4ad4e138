import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readAll, sha256 } from '../helpers/sockets.ts'
import { whoAnswers } from './ask.ts'
import { fairlead } from './command.ts'

/** Three HTTP backends for all tests here. */
const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => httpBackend({ name })))
if (a === undefined || b === undefined || c === undefined) throw new Error('three were started')
t.teardown(() => Promise.all([a, b, c].map((backend) => backend.stop())))

async function whoAnswersInTurn(place: Parameters<typeof whoAnswers>[0], times: number): Promise<string[]> {
  const names: string[] = []
  for (let i = 0; i < times; i++) names.push(await whoAnswers(place))
  return names
}

void t.test(
  'fairlead <listen> <backends> balances round robin and logs a JSON line a session',
  async (sub) => {
    await using command = fairlead([0, a.port, b.port, c.port])
    const port = await command.port()
    sub.same(await whoAnswersInTurn({ port }, 6), ['a', 'b', 'c', 'a', 'b', 'c'])
    const sessions = await command.entryCount('session:close', 6)
    sub.same(
      sessions.map(({ backend }) => backend),
      [a, b, c, a, b, c].map((backend) => `127.0.0.1:${backend.port}`),
    )
    const [first] = sessions
    sub.match(first, {
      level: 30,
      msg: 'session',
      session: 1,
      client: /^127\.0\.0\.1:\d+$/,
      tried: [],
      code: '--',
      active: { listener: Number, backend: 0 },
    })
    for (const text of ['listener', 'pool', 'reason']) sub.type(first?.[text], 'string', text)
    for (const number of ['time', 'bytesIn', 'bytesOut', 'queue', 'connect', 'total'])
      sub.type(first?.[number], 'number', number)
    sub.ok(Number(first?.['bytesIn']) > 0 && Number(first?.['bytesOut']) > 0, 'bytes were counted')
    sub.ok(Math.abs(Number(first?.['time']) - Date.now()) < 60_000, 'time is the wall clock in ms')
    sub.equal(command.stderr, '')
  },
)

void t.test('many bytes both ways arrive as they were sent', async (sub) => {
  await using echo = await echoBackend()
  await using command = fairlead([0, echo.port])
  const bytes = deterministicBytes(1, 9_000_000)
  const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: await command.port() })
  const received = readAll(client, { timeoutMs: 20_000 })
  client.end(bytes)
  sub.match(await received, { length: bytes.length, sha256: sha256(bytes), end: 'end' })
  sub.match(await command.entry('session:close'), { code: '--', bytesIn: 9_000_000, bytesOut: 9_000_000 })
})

void t.test(
  'names, weights and a spare: interleaved by weight, the spare only when nobody is left',
  async (sub) => {
    await using spare = await httpBackend({ name: 'spare' })
    await using dead = await refusingPort()
    await using weighted = fairlead([0, `x=${a.port}@3`, `y=${b.port}@1`, '--backup', `s=${spare.port}`])
    sub.same(await whoAnswersInTurn({ port: await weighted.port() }, 4), ['a', 'a', 'b', 'a'])
    sub.match(await weighted.entry('session:close'), { backend: 'x' })
    await using left = fairlead([0, `x=${dead.port}`, '--backup', `s=${spare.port}`])
    sub.match(await left.entry('backend:down'), { backend: 'x', reason: /ECONNREFUSED/ })
    sub.equal(await whoAnswers({ port: await left.port() }), 'spare')
    sub.match(await left.entry('session:close'), { backend: 's', tried: [] })
  },
)

void t.test(
  'the environment sets what flags do not; flags win; foreign variables are left alone',
  async (sub) => {
    const env = {
      FAIRLEAD_LISTEN: '127.0.0.1:0',
      FAIRLEAD_BACKENDS: `${a.port},${b.port}`,
      FAIRLEAD_BALANCE: 'first',
      // What Kubernetes tells every container of a service called fairlead.
      FAIRLEAD_SERVICE_HOST: '10.0.0.1',
      FAIRLEAD_SERVICE_PORT: '8080',
      FAIRLEAD_PORT: 'tcp://10.0.0.1:8080',
      FAIRLEAD_PORT_8080_TCP_ADDR: '10.0.0.1',
    }
    await using byEnvironment = fairlead([], { env })
    sub.same(await whoAnswersInTurn({ port: await byEnvironment.port() }, 3), ['a', 'a', 'a'])
    await using byFlags = fairlead([0, c.port, b.port, '--balance', 'round-robin'], { env })
    sub.same(await whoAnswersInTurn({ port: await byFlags.port() }, 3), ['c', 'b', 'c'])
  },
)

void t.test('listens on a unix socket, balances to one, and removes its own at the end', async (sub) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-'))
  sub.teardown(() => rm(folder, { recursive: true }))
  const socketPath = join(folder, 'lb.sock')
  await using app = await httpBackend({ name: 'app', path: join(folder, 'app.sock') })
  const args = [`unix:${socketPath}`, `unix:${join(folder, 'app.sock')}`, a.port]
  await using command = fairlead(args)
  await command.entry('listener:open')
  sub.same(await whoAnswersInTurn({ socketPath }, 3), ['app', 'a', 'app'])
  sub.equal(app.connections > 0, true)
  await using second = fairlead(args)
  sub.match(await second.exit(), { code: 1 }, 'it is in use')
  sub.match(second.stderr, /^fairlead: [^\n]*lb\.sock is already in use[^\n]*\n$/)
  command.signal('SIGTERM')
  sub.match(await command.exit(), { code: 0 })
  await using again = fairlead(args)
  await again.entry('listener:open')
  again.signal('SIGKILL')
  await again.exit()
  await using afterCrash = fairlead(args)
  await afterCrash.entry('listener:open')
  sub.equal(await whoAnswers({ socketPath }), 'app', 'the socket that a crash left behind is no obstacle')
})

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

void t.test(
  'listens on IPv6 and balances to IPv6',
  { skip: hasIpv6 ? false : 'no ::1 here' },
  async (sub) => {
    await using six = await httpBackend({ name: 'six', host: '::1' })
    await using command = fairlead(['[::1]:0', `[::1]:${six.port}`, a.port])
    const port = await command.port()
    sub.same(await whoAnswersInTurn({ host: '::1', port }, 2), ['six', 'a'])
    sub.match(await command.entry('session:close'), { client: /^\[::1\]:\d+$/, backend: `[::1]:${six.port}` })
    await using both = fairlead([0, a.port])
    const bare = await both.port()
    sub.equal(await whoAnswers({ host: '127.0.0.1', port: bare }), 'a', 'a bare port takes IPv4')
    sub.equal(await whoAnswers({ host: '::1', port: bare }), 'a', 'and IPv6')
  },
)

void t.test(
  '--log-format pretty is for eyes; sessions can be left out, and all the rest too',
  async (sub) => {
    await using pretty = fairlead(['127.0.0.1:0', `x=${a.port}`, '--log-format', 'pretty'])
    const [, port] = await pretty.says(/listening on\s+127\.0\.0\.1:(\d+)/)
    await whoAnswers({ port: Number(port) })
    await pretty.says(/^\d\d:\d\d:\d\d\.\d{3} +127\.0\.0\.1:\d+ .*→.* x .*$/m)
    sub.match(pretty.stdout, /strategy\s+round-robin/)
    sub.match(pretty.stdout, /● x\s+127\.0\.0\.1:\d+\s+up/)
    sub.notMatch(pretty.stdout, '\x1b', 'no colours off a terminal')

    await using quiet = fairlead([0, a.port, '--no-session-log'])
    await whoAnswers({ port: await quiet.port() })
    quiet.signal('SIGTERM')
    await quiet.exit()
    sub.equal(quiet.entries('session:close').length, 0)
    sub.equal(quiet.entries('drain:end').length, 1)

    await using folder = await temporaryFolder()
    const socketPath = join(folder.path, 'lb.sock')
    for (const format of ['json', 'pretty']) {
      const flags = ['--log-level', 'silent', '--log-format', format]
      await using silent = fairlead([`unix:${socketPath}`, a.port, ...flags])
      await waitUntil(() => whoAnswers({ socketPath }).catch(() => undefined), { timeoutMs: 15_000 })
      silent.signal('SIGHUP')
      silent.signal('SIGTERM')
      sub.match(await silent.exit(), { code: 0 })
      sub.equal(silent.stdout + silent.stderr, '', format)
    }
  },
)

void t.test('a backend that fails its checks leaves, and comes back', async (sub) => {
  await using sick = await httpBackend({ name: 'sick' })
  const checks = ['--check', 'http', '--check-interval', '20ms', '--fast-interval', '20ms']
  await using command = fairlead([0, `sick=${sick.port}`, `a=${a.port}`, ...checks])
  const port = await command.port()
  sub.same((await whoAnswersInTurn({ port }, 2)).toSorted(), ['a', 'sick'])
  sick.setHealthy(false)
  sub.match(await command.entry('backend:down'), { backend: 'sick', reason: /503/, level: 40 })
  sub.same(await whoAnswersInTurn({ port }, 3), ['a', 'a', 'a'])
  sick.setHealthy(true)
  await command.entry('backend:up')
  sub.same((await whoAnswersInTurn({ port }, 2)).toSorted(), ['a', 'sick'])
})

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
