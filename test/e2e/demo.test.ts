import t from 'tap'
import { silentBackend } from '../../src/testing/silent-backend.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readBytes } from '../helpers/sockets.ts'
import { ask, whoAnswers } from './ask.ts'
import type { Command } from './command.ts'
import { BIN, fairlead, launch } from './command.ts'
import { pathOf, without } from './services.ts'

const QUICK_CHECKS = ['--check-interval', '50ms', '--fast-interval', '50ms', '--down-interval', '50ms']

async function answersInTurn(port: number, times: number): Promise<string> {
  const names: string[] = []
  for (let i = 0; i < times; i++) names.push(await whoAnswers({ port }))
  return names.join('')
}

/** The port of the first `curl` line that it shows. */
async function shownPort(command: Command): Promise<number> {
  return Number((await command.says(/curl http:\/\/(?:localhost|127\.0\.0\.1):(\d+)/))[1])
}

void t.test('fairlead demo: what it says to type does what it says', async (sub) => {
  const env = { PROXY_PORT: '0' }
  await using demo = fairlead(['demo', '--log-format', 'pretty', ...QUICK_CHECKS], { env })
  const port = await shownPort(demo)
  sub.match((await answersInTurn(port, 6)).slice(0, 3), /^(?:abc|bca|cab)$/, 'they take turns')
  const { body } = await ask({ port, path: '/some?thing', headers: { accept: 'application/json' } })
  sub.match(JSON.parse(body), { name: /^[abc]$/, method: 'GET', url: '/some?thing' })

  const [, health] = await demo.says(/curl -X POST http:\/\/localhost:(\d+)\/health\/fail/)
  await ask({ port: Number(health), path: '/health/fail', method: 'POST' })
  await demo.says(/▼ backend a is down: /)
  sub.notMatch(await answersInTurn(port, 4), 'a')
  await demo.says(/curl -X POST http:\/\/localhost:\d+\/health\/ok/)
  await ask({ port: Number(health), path: '/health/ok', method: 'POST' })
  await demo.says(/▲ backend a is up: /)
  sub.match(await answersInTurn(port, 3), 'a')

  demo.signal('SIGINT')
  sub.same(await demo.exit(), { code: 0, signal: null })
  sub.equal(demo.stderr, '')
})

void t.test(
  'fairlead demo takes the next free port where the wanted one is in use, and says so',
  async (sub) => {
    await using holder = await silentBackend({ host: '0.0.0.0' })
    const { port: taken } = holder
    await using demo = fairlead(['demo', '--port', taken, '--log-format', 'pretty'])
    const port = await shownPort(demo)
    sub.ok(port > taken, `${port} is after ${taken}`)
    sub.match(demo.stdout, `Port ${taken} is in use, so this is ${port}.`)
    sub.match(await whoAnswers({ port }), /^[abc]$/)
  },
)

void t.test('fairlead demo off a terminal logs JSON, and tells people beside it', async (sub) => {
  await using demo = fairlead(['demo', '--port', 0])
  const port = await demo.port()
  await demo.says(new RegExp(`curl http://localhost:${port} `), 'stderr')
  sub.match(await whoAnswers({ port }), /^[abc]$/)
  sub.match(await demo.entry('request:end'), { code: '--', status: 200, backend: /^[abc]$/ })
  demo.signal('SIGTERM')
  sub.same(await demo.exit(), { code: 0, signal: null })
})

void t.test('fairlead backend answers with its name, its count and the request', async (sub) => {
  const env = { SERVER_PORT: '0', SERVER_NAME: 'left' }
  await using backend = fairlead(['backend', '--delay', '60ms', '--unhealthy'], { env })
  const port = await shownPort(backend)
  const before = performance.now()
  const first = await ask({ port, path: '/x' })
  sub.ok(performance.now() - before >= 59, 'after its delay')
  sub.match(first, { status: 200, body: /^hello from left: request 1\nGET \/x HTTP\/1\.1\n/ })
  sub.match(await ask({ port, path: '/health' }), { status: 503 })
  await ask({ port, path: '/health/ok', method: 'POST' })
  sub.match(await ask({ port, path: '/health' }), { status: 200 })
  sub.match(await ask({ port }), { body: /^hello from left: request 2\n/ })
  backend.signal('SIGTERM')
  sub.same(await backend.exit(), { code: 0, signal: null })

  await using flags = fairlead(['backend', '--port', 0, '--name', 'right'], {
    env: { SERVER_PORT: '1', SERVER_NAME: 'wrong' },
  })
  sub.equal(await whoAnswers({ port: await shownPort(flags) }), 'right', 'flags win')
})

void t.test('fairlead backend --echo sends all bytes back', async (sub) => {
  await using backend = fairlead(['backend', '--echo', '--port', 0])
  const [, port] = await backend.says(/127\.0\.0\.1:(\d+)/)
  const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: Number(port) })
  client.write('\0any bytes\xff')
  sub.equal(String(await readBytes(client, 12)), '\0any bytes\xff')
  client.destroy()
  backend.signal('SIGINT')
  sub.same(await backend.exit(), { code: 0, signal: null })
})

const noTerminal = without('script')

/** A command under a terminal of its own. Keys go to `child.stdin`. */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
  const words = [process.execPath, BIN, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`)
  // It waits for its child and exits with its code.
  return launch(pathOf('script'), ['-qefc', `stty cols 120; exec ${words.join(' ')}`, '/dev/null'], {
    env: { TERM: 'xterm-256color', ...env },
    stdin: true,
  })
}

/** Begins a terminal's commands; as a constant, since a regular expression shall not hold it. */
const ESC = '\u001B'
const COLORS = new RegExp(`${ESC}\\[[\\d;]*m`, 'g')

void t.test(
  'on a terminal: a banner, a coloured line a session, keys that stop a backend',
  { skip: noTerminal },
  async (sub) => {
    await using demo = onTerminal(['demo', '--port', '0', ...QUICK_CHECKS])
    const port = await shownPort(demo)
    const banner = demo.stdout.replaceAll(COLORS, '')
    sub.match(banner, /fairlead \d+\.\d+\.\d+/)
    sub.match(banner, new RegExp(`listening on +port ${port}, all interfaces`))
    sub.match(banner, /strategy +round-robin/)
    for (const name of ['a', 'b', 'c']) sub.match(banner, new RegExp(`● ${name} +127\\.0\\.0\\.1:\\d+ +up`))
    sub.match(demo.stdout, `${ESC}[32m●`, 'in green')
    await answersInTurn(port, 3)
    await demo.says(new RegExp(`${ESC}\\[[\\d;]+m→`))

    demo.child.stdin?.write('a')
    await demo.says(new RegExp(`${ESC}\\[31m▼ backend a is down: [^\\n]*ECONNREFUSED`))
    sub.notMatch(await answersInTurn(port, 4), 'a')
    demo.child.stdin?.write('a')
    await demo.says(new RegExp(`${ESC}\\[32m▲ backend a is up: `))
    sub.match(await answersInTurn(port, 3), 'a')

    demo.child.stdin?.write('q')
    sub.same(await demo.exit(), { code: 0, signal: null })
    sub.match(demo.stdout.replaceAll(COLORS, ''), /■ drained/)
  },
)

void t.test('NO_COLOR is obeyed on a terminal, and Ctrl-C ends it', { skip: noTerminal }, async (sub) => {
  await using demo = onTerminal(['demo', '--port', '0'], { NO_COLOR: '1' })
  await whoAnswers({ port: await shownPort(demo) })
  await demo.says(/→/)
  sub.notMatch(demo.stdout, COLORS)
  demo.child.stdin?.write('\x03')
  sub.same(await demo.exit(), { code: 0, signal: null })
})

void t.test(
  'on a terminal the balancer too shows a banner, and Ctrl-C drains it',
  { skip: noTerminal },
  async (sub) => {
    await using backend = fairlead(['backend', '--echo', '--port', 0])
    const [, port] = await backend.says(/127\.0\.0\.1:(\d+)/)
    await using command = onTerminal(['127.0.0.1:0', `a=${port}`])
    const [, at] = await command.says(/listening on[^\d]*\S*?127\.0\.0\.1:(\d+)/)
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: Number(at) })
    client.write('x')
    await readBytes(client, 1)
    command.child.stdin?.write('\x03')
    await command.says(/waiting for 1 session/)
    client.end()
    sub.same(await command.exit(), { code: 0, signal: null })
    await waitUntil(() => command.stdout.includes('drained'))
  },
)
