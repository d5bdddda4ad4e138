import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { BACKEND_KINDS } from '../../src/cli/backend-flags.ts'
// Loaded here, since to compile them takes longer than a test should wait.
import '../../src/cli/demo.ts'
import '../../src/log/json-log.ts'
import { runCommand } from '../../src/cli/run-command.ts'
import { packageVersion } from '../../src/core/package-version.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { silentBackend } from '../../src/testing/silent-backend.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { FakeProcess } from './fake-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-'))

void t.test('version, help and wrong usage end at once, with the right code', async (sub) => {
  const context = new FakeProcess()
  sub.equal(await runCommand(['--version'], context), 0)
  sub.equal(context.printed, `${packageVersion()}\n`)
  sub.equal(await runCommand(['help'], context), 0)
  sub.match(context.printed, 'fairlead <listen> <backends..>')
  sub.equal(context.complaints, '')
  sub.equal(await runCommand(['8080', '300x', '--retires', '3'], context), 2)
  sub.equal(
    context.complaints,
    'fairlead: --retires is not an option; did you mean --retries?\n' +
      'fairlead: backend 1: "300x" has no port: write 300x:3001\n',
  )
})

void t.test('balances, logs JSON, answers SIGHUP, and drains at SIGTERM', async (sub) => {
  await using backend = await httpBackend({ name: 'a' })
  const context = new FakeProcess()
  const code = runCommand(['127.0.0.1:0', `a=${backend.port}`, '--log-level', 'info'], context)
  const port = await context.port()
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
  sub.match(await response.text(), 'hello from a')
  await context.shows('session:close')
  context.signals.emit('SIGHUP')
  context.signals.emit('SIGTERM')
  sub.equal(await code, 0)
  sub.same(context.events, [
    'listener:open',
    'session:close',
    'process:signal',
    'process:signal',
    'drain:start',
    'drain:end',
  ])
  sub.match(context.log, '"msg":"nothing to reload: there is no configuration file"')
  sub.equal(context.complaints, '')
  // Where nobody listens to it any more, one amid the last of the end would kill the process.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) sub.equal(context.signals.listenerCount(signal), 1)
})

void t.test('what happens while the admin listener opens is in the log and among the events', async (sub) => {
  await using refusing = await refusingPort()
  const context = new FakeProcess()
  const args = ['127.0.0.1:0', `a=${refusing.port}`, '--admin', '127.0.0.1:0', '--log-level', 'info']
  const code = runCommand(args, context)
  await context.shows('admin:open')
  await context.shows('backend:down')
  sub.equal(context.events[0], 'listener:open')
  const address = /operators are welcome on ([\d.:]+)/.exec(context.log)?.[1]
  const stream = await fetch(`http://${address}/api/v1/events?since=0`)
  let told = ''
  for await (const bytes of stream.body ?? []) {
    told += Buffer.from(bytes).toString()
    if (told.includes('backend:down')) break
  }
  context.signals.emit('SIGTERM')
  sub.equal(await code, 0)
})

void t.test('a start that fails leaves nothing in the log', async (sub) => {
  await using taken = await httpBackend({ name: 'a' })
  const context = new FakeProcess()
  const args = ['127.0.0.1:0', '3001', '--admin', `127.0.0.1:${taken.port}`, '--log-level', 'info']
  sub.equal(await runCommand(args, context), 1)
  sub.match(context.complaints, 'already in use')
  sub.equal(context.log, '')
})

void t.test('a configuration file is run, and flags win over what it says of the process', async (sub) => {
  await using backend = await httpBackend({ name: 'a' })
  const file = join(folder, 'fairlead.yaml')
  writeFileSync(
    file,
    [
      `listeners: { web: { listen: '127.0.0.1:0', pool: web } }`,
      'pools: { web: { backends: ["http://${HOST:-127.0.0.1}:${BACKEND}"], check: "off" } }',
      'log: { level: silent, format: pretty }',
    ].join('\n'),
  )
  for (const args of [['run', '--config', file], ['--config', file], ['run']]) {
    const env = { BACKEND: String(backend.port), FAIRLEAD_CONFIG: file, FAIRLEAD_LOG_LEVEL: 'info' }
    const context = new FakeProcess({ env })
    const code = runCommand([...args, '--log-format', 'json'], context)
    const port = await context.port()
    sub.equal((await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).status, 200)
    context.signals.emit('SIGTERM')
    sub.equal(await code, 0)
    sub.equal(context.complaints, '')
  }
})

void t.test('a configuration that is wrong ends with 2, and each problem has its line', async (sub) => {
  const file = join(folder, 'wrong.yaml')
  writeFileSync(
    file,
    'listeners: { web: { listen: 0, pool: web } }\npools: { web: { backends: [1], rise: 0, fal: 1 } }\n',
  )
  const context = new FakeProcess()
  sub.equal(await runCommand(['run', '--config', file], context), 2)
  sub.equal(
    context.complaints,
    `fairlead: ${file}:2: pools.web.fal: is not an option of a pool; did you mean fall?\n` +
      `fairlead: ${file}:2: pools.web.rise: must be a whole number from 1 to 1000, not 0\n`,
  )
  const schema = new FakeProcess()
  sub.equal(await runCommand(['schema'], schema), 0)
  sub.match(JSON.parse(schema.printed), { title: 'fairlead', required: ['listeners', 'pools'] })
})

void t.test('a flag that counts for nothing in the file is refused as without one', async (sub) => {
  const file = join(folder, 'tcp.yaml')
  const listeners = "listeners: { db: { listen: '127.0.0.1:0', pool: db } }\n"
  writeFileSync(file, `${listeners}pools: { db: { backends: [1] } }`)
  const run = async (
    flags: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<[number, string]> => {
    const context = new FakeProcess({ env })
    const code = runCommand(['run', '--config', file, ...flags.split(' ')], context)
    void context.shows('listening').then(
      () => context.signals.emit('SIGTERM'),
      () => undefined,
    )
    return [await code, context.complaints]
  }
  const inHttp = 'counts only in HTTP mode: set mode to http, or give every backend as http://host:port'
  sub.same(await run('--check-path /x --sticky cookie --via edge-1 --access-log common --admin-hosts lb'), [
    2,
    'fairlead: --admin-hosts: counts only with --admin\n' +
      'fairlead: --check-path: counts only for HTTP checks: set check to http as well\n' +
      ['--via', '--sticky', '--access-log'].map((flag) => `fairlead: ${flag}: ${inHttp}\n`).join(''),
  ])
  sub.same(await run('--sticky-cookie x --mode http'), [
    2,
    'fairlead: --sticky-cookie: counts only with a cookie: set sticky to cookie as well\n',
  ])
  const ours = { FAIRLEAD_STICKY: 'cookie', FAIRLEAD_CHECK_PATH: '/x' }
  sub.same(await run('--retries 1', ours), [0, ''], 'what stands in the environment may be meant for others')
  sub.same(await run('--check http --check-path /x --mode http --sticky cookie'), [0, ''])
  writeFileSync(file, `${listeners}pools: { db: { backends: [1], check: off } }`)
  sub.same(await run('--check-path /x'), [0, ''], 'for the day on which checks are on again')
})

/** Runs an HTTP balancer for one request; gives its log. */
async function logOfOneRequest(flags: readonly string[], options?: { terminal: boolean }): Promise<string> {
  await using backend = await httpBackend({ name: 'a' })
  const context = new FakeProcess({ env: { NO_COLOR: '1' }, ...options })
  const args = ['127.0.0.1:0', `a=http://127.0.0.1:${backend.port}`, ...flags]
  const code = runCommand(args, context)
  const port = await context.port()
  const headers = { connection: 'close', 'user-agent': 'tester "1"' }
  const response = await fetch(`http://127.0.0.1:${port}/path?secret=1`, { headers })
  await response.text()
  await context.shows('/path')
  context.signals.emit('SIGTERM')
  await code
  return context.log
}

void t.test('in HTTP mode each request has a line, in the form that was asked for', async (sub) => {
  const json = await logOfOneRequest([])
  const lines = json.split('\n').filter((line) => line !== '')
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  sub.match(entries[0], { event: 'listener:open', mode: 'http' })
  const requests = entries.filter(({ event }) => event === 'request:end')
  sub.equal(requests.length, 1)
  sub.match(requests[0], { backend: 'a', method: 'GET', path: '/path', status: 200, code: '--' })
  sub.equal(entries.filter(({ event }) => event === 'session:close').length, 0)
  sub.notMatch(json, 'secret')

  const clf = /^127\.0\.0\.1 - - \[[^\]]+\] "GET \/path HTTP\/1\.1" 200 \d+( .*)?$/m
  sub.match(await logOfOneRequest(['--access-log', 'common']), clf)
  const combined = clf.exec(await logOfOneRequest(['--access-log', 'combined']))
  sub.equal(combined?.[1], ' "-" "tester \\"1\\""')
})

void t.test('on a terminal requests stand in columns, or in the form that was asked for', async (sub) => {
  const pretty = await logOfOneRequest([], { terminal: true })
  sub.match(pretty, /^ {2}mode {10}http, request by request$/m)
  sub.match(pretty, /^\S+ {2}127\.0\.0\.1:\d+ → a {2}200 .* GET \/path$/m)
  const json = await logOfOneRequest(['--access-log', 'json'], { terminal: true })
  sub.match(json, /^\{.*"event":"request:end".*"path":"\/path".*\}$/m)
  const common = await logOfOneRequest(['--access-log', 'common'], { terminal: true })
  sub.match(common, /^127\.0\.0\.1 - - \[.*" 200 \d+$/m)
})

void t.test('a second signal ends open sessions at once, and the exit code tells', async (sub) => {
  await using backend = await silentBackend()
  const context = new FakeProcess()
  const code = runCommand(['127.0.0.1:0', String(backend.port), '--check', 'off'], context)
  const client = connect(await context.port(), '127.0.0.1')
  client.on('error', () => undefined)
  await once(backend, 'session:open')
  context.signals.emit('SIGINT')
  await context.shows('draining: waiting for 1 session, at most 30s')
  const closed = new Promise((resolve) => client.on('close', resolve))
  context.signals.emit('SIGINT')
  sub.equal(await code, 1)
  await closed
  sub.match(context.log, 'SIGINT again: ended at once; open sessions reset: 1')
  sub.notMatch(context.log, '"event":"drain:end"')
})

void t.test('the deadline of the drain is no failure', async (sub) => {
  await using backend = await silentBackend()
  const context = new FakeProcess()
  const args = ['127.0.0.1:0', String(backend.port), '--check', 'off', '--shutdown-timeout', '1ms']
  const code = runCommand(args, context)
  const client = connect(await context.port(), '127.0.0.1')
  client.on('error', () => undefined)
  await once(backend, 'session:open')
  context.signals.emit('SIGTERM')
  sub.equal(await code, 0)
  sub.match(context.log, 'drained: 1 session reset')
})

void t.test('an address in use is one line and exit code 1', async (sub) => {
  await using taken = await silentBackend()
  const address = `127.0.0.1:${taken.port}`
  const context = new FakeProcess()
  sub.equal(await runCommand([address, '3001'], context), 1)
  sub.equal(context.complaints, `fairlead: address ${address} is already in use by another process\n`)
})

void t.test('on a terminal: a banner with the health of each backend, then lines', async (sub) => {
  await using backend = await httpBackend({ name: 'a' })
  const context = new FakeProcess({ terminal: true, env: { NO_COLOR: '1' } })
  const code = runCommand(['127.0.0.1:0', `a=${backend.port}`, '--balance', 'first'], context)
  await context.shows('Ctrl-C')
  sub.match(
    context.log,
    /^\nfairlead \d+\.\d+\.\d+\n\n {2}listening on {2}127\.0\.0\.1:\d+\n {2}mode {10}tcp, connection by connection\n {2}strategy {6}first\n/,
  )
  sub.match(context.log, new RegExp(`backends {6}● a 127\\.0\\.0\\.1:${backend.port} {2}up`))
  context.signals.emit('SIGTERM')
  sub.equal(await code, 0)
  sub.match(context.log, / {2}■ drained\n$/)
})

void t.test('the demo takes the next free port, says so, and lets keys stop a backend', async (sub) => {
  await using taken = await silentBackend({ host: '::' })
  const { port } = taken
  const context = new FakeProcess({ terminal: true, env: { NO_COLOR: '1', PROXY_PORT: String(port) } })
  const code = runCommand(['demo', '--check-interval', '50ms', '--fast-interval', '20ms'], context)
  await context.shows('q quits')
  sub.match(context.log, new RegExp(`Port ${port} is in use, so this is \\d+\\.`))
  const [, url = ''] = /curl (http:\/\/localhost:\d+) /.exec(context.log) ?? []
  const names: string[] = []
  for (let i = 0; i < 3; i++) {
    const response = await fetch(url, { headers: { connection: 'close' } })
    names.push((await response.text()).slice(0, 'hello from a'.length))
  }
  sub.same(names.toSorted(), ['hello from a', 'hello from b', 'hello from c'])
  sub.match((await fetch(url)).headers.get('x-fairlead-backend'), /^[abc]$/, 'as its second hint says')
  sub.match(context.log, /^ {4}curl -i http:\/\/localhost:\d+ /m)
  sub.match(context.log, /^ {2}checks {8}http \/health, every 50ms$/m)
  context.keyboard?.emit('data', Buffer.from('b'))
  await context.shows('you stopped backend b')
  await context.shows('▼ backend b is down')
  context.keyboard?.emit('data', Buffer.from('b'))
  await context.shows('▲ backend b is up')
  context.keyboard?.emit('data', Buffer.from('q'))
  sub.equal(await code, 0)
})

void t.test('the demo off a terminal says what to type beside its JSON lines', async (sub) => {
  const context = new FakeProcess()
  const code = runCommand(['demo', '--port', '0'], context)
  await context.port()
  sub.match(context.complaints, /curl http:\/\/localhost:\d+ /)
  context.signals.emit('SIGINT')
  sub.equal(await code, 0)
})

void t.test('a backend of its own: HTTP, or echo', async (sub) => {
  const context = new FakeProcess({ env: { SERVER_NAME: 'x' } })
  const code = runCommand(['backend', '--port', '0', '--unhealthy'], context)
  await waitUntil(() => context.printed.includes('health/fail'))
  const [, address = ''] = /speaks HTTP on (\S+)/.exec(context.printed) ?? []
  sub.match(await (await fetch(`http://${address}/`)).text(), 'hello from x: request 1')
  sub.equal((await fetch(`http://${address}/health`)).status, 503)
  context.signals.emit('SIGTERM')
  sub.equal(await code, 0)

  const echo = new FakeProcess()
  const echoed = runCommand(['backend', '--port', '0', '--echo'], echo)
  await waitUntil(() => echo.printed.includes('echoes'))
  const [, port = ''] = /:(\d+)\n/.exec(echo.printed) ?? []
  const client = connect(Number(port), '127.0.0.1')
  client.end('round trip')
  let answer = ''
  for await (const chunk of client) answer += String(chunk)
  sub.equal(answer, 'round trip')
  echo.signals.emit('SIGINT')
  sub.equal(await echoed, 0)
})

void t.test('a backend of every kind starts, says what it does, and stops', async (sub) => {
  for (const kind of BACKEND_KINDS) {
    const context = new FakeProcess()
    const flags = kind === 'scripted' ? ['--script', '[{"send":"hi"},"close"]'] : []
    const code = runCommand(['backend', '--port', '0', '--kind', kind, ...flags], context)
    await waitUntil(() => context.printed.includes('\n'))
    sub.match(context.printed, /^backend .+ on 127\.0\.0\.1:\d+\n/, kind)
    context.signals.emit('SIGTERM')
    sub.equal(await code, 0, kind)
  }
})

void t.test('a refusing backend opens after a while', async (sub) => {
  const context = new FakeProcess()
  const args = ['backend', '--port', '0', '--kind', 'refusing', '--open-after', '1ms']
  const code = runCommand(args, context)
  await waitUntil(() => context.printed.includes('\n'))
  const [, port = ''] = /:(\d+)\n/.exec(context.printed) ?? []
  await waitUntil(async () => {
    const client = connect(Number(port), '127.0.0.1')
    return new Promise((resolve) => {
      client.on('error', () => resolve(false)).on('connect', () => resolve(true))
      client.on('connect', () => client.destroy())
    })
  })
  context.signals.emit('SIGTERM')
  sub.equal(await code, 0)
})
