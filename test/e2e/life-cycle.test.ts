import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Address } from '../../src/core/address.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { NotifySocket } from '../helpers/notify-socket.ts'
import { rawClient } from '../helpers/raw-peer.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'
import type { Command } from './command.ts'
import { BIN, fairlead, launch } from './command.ts'

const echo = await echoBackend()
t.teardown(() => echo.stop())
const folder = await mkdtemp(join(tmpdir(), 'fairlead-life-'))
t.teardown(() => rm(folder, { recursive: true }))

const backend = `127.0.0.1:${echo.port}`

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function tcp(port: number): Address {
  return { kind: 'tcp', host: '127.0.0.1', port }
}

/** `systemd-socket-activate ...sockets fairlead ...args`, once it listens for it. */
async function activated(sockets: readonly string[], args: readonly (string | number)[]): Promise<Command> {
  const command = launch('systemd-socket-activate', [...sockets, process.execPath, BIN, ...args.map(String)])
  await command.says(/Listening on [\s\S]* as \d+\.\n(?![\s\S]*Listening)/, 'stderr')
  return command
}

/** Sends `text` and gives what comes back until the end. */
async function echoed(client: Socket, text: string): Promise<string> {
  const received = readAll(client)
  client.end(text)
  return (await received).bytes.toString()
}

for (const io of ['handles', 'sockets'] as const) {
  void t.test(`socket activation over ${io}: who connected before the start is served`, async (sub) => {
    const port = await freePort()
    await using command = await activated(
      ['-l', `127.0.0.1:${port}`],
      [`127.0.0.1:${port}`, backend, '--io', io],
    )
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(tcp(port))))
    const replies = await Promise.all(clients.map((client, i) => echoed(client, `early ${i}`)))
    sub.same(replies, ['early 0', 'early 1', 'early 2', 'early 3', 'early 4'])
    sub.equal(await command.port(), port)
    sub.equal(await echoed(await connectTo(tcp(port)), 'later'), 'later')
    command.signal('SIGTERM')
    sub.same(await command.exit(), { code: 0, signal: null })
    sub.same(command.entries('process:sockets'), [])
  })

  void t.test(`socket activation over ${io}: a unix socket, whose file outlives us`, async (sub) => {
    const path = join(folder, `${io}.sock`)
    await using command = await activated(['-l', path], [`unix:${path}`, backend, '--io', io])
    await using client = await rawClient({ path })
    await client.sendText('hello')
    sub.equal(await client.readText(5), 'hello')
    sub.match(await command.entry('listener:open'), { address: `unix:${path}` })
    command.signal('SIGTERM')
    await client.shutdown()
    sub.same(await command.exit(), { code: 0, signal: null })
    sub.ok((await stat(path)).isSocket())
  })
}

void t.test('socket activation by name: the socket says where to listen', async (sub) => {
  const port = await freePort()
  await using command = await activated(['-l', `127.0.0.1:${port}`, '--fdname=main'], [0, backend])
  sub.equal(await echoed(await connectTo(tcp(port)), 'named'), 'named')
  sub.equal(await command.port(), port)
})

void t.test('a socket that no listener wants is told in one line, and closed', async (sub) => {
  const [port, spare] = [await freePort(), await freePort()]
  await using command = await activated(
    ['-l', `127.0.0.1:${port}`, '-l', `127.0.0.1:${spare}`],
    [`127.0.0.1:${port}`, backend],
  )
  sub.equal(await echoed(await connectTo(tcp(port)), 'wanted'), 'wanted')
  sub.match(await command.entry('process:sockets'), {
    level: 40,
    sockets: [`127.0.0.1:${spare}`],
    msg: /^no listener has the name or the address of these inherited sockets, which are closed: 127/,
  })
  sub.equal(command.entries('process:sockets').length, 1)
  await sub.rejects(connectTo(tcp(spare)), { code: 'ECONNREFUSED' })
})

void t.test('sockets that were meant for another process stay alone, and that is told', async (sub) => {
  const env = { LISTEN_FDS: '1', LISTEN_PID: '1' }
  await using command = fairlead([0, backend], { env })
  sub.match(await command.entry('process:sockets'), {
    msg: /^LISTEN_FDS=1 is meant for process 1, not for \d+: /,
  })
})

void t.test('where the start fails, sockets under another name are hinted at', async (sub) => {
  const port = await freePort()
  await using command = await activated(['-l', `127.0.0.1:${port}`], [port, backend])
  const client = await connectTo(tcp(port))
  client.on('error', () => undefined)
  sub.match(await command.exit(), { code: 1 })
  sub.match(command.stderr, /fairlead: no listener has the name or the address of these inherited sockets/)
  sub.match(command.stderr, /fairlead: address \[::\]:\d+ is already in use/)
})

void t.test('the service manager hears that it listens, and that it stops', async (sub) => {
  await using manager = await NotifySocket.open()
  await using command = fairlead([0, backend, '--shutdown-timeout', '10s'], {
    env: { NOTIFY_SOCKET: manager.path },
  })
  const port = await command.port()
  sub.same(await manager.count(1), [['READY=1', `STATUS=listening on [::]:${port}`]])
  command.signal('SIGTERM')
  sub.same(await command.exit(), { code: 0, signal: null })
  sub.same(await manager.count(2).then((messages) => messages[1]), [
    'STOPPING=1',
    'STATUS=draining',
    'EXTEND_TIMEOUT_USEC=15000000',
  ])
})

void t.test('without systemd-notify there is one line, and traffic', async (sub) => {
  const env = { NOTIFY_SOCKET: join(folder, 'nobody'), PATH: folder }
  await using command = fairlead([0, backend], { env })
  sub.match(await command.entry('process:manager'), { level: 40, msg: /systemd-notify is not installed/ })
  sub.equal(await echoed(await connectTo(tcp(await command.port())), 'on'), 'on')
  command.signal('SIGTERM')
  sub.same(await command.exit(), { code: 0, signal: null })
  sub.equal(command.entries('process:manager').length, 1)
})

void t.test(
  'the pid file is there while it listens, refuses a second one, and goes at the end',
  async (sub) => {
    const path = join(folder, 'fairlead.pid')
    await writeFile(path, '999999999\n')
    await using command = fairlead([0, backend, '--pid-file', path])
    const port = await command.port()
    sub.equal(await readFile(path, 'utf8'), `${command.pid}\n`)
    await using second = fairlead([0, backend], { env: { FAIRLEAD_PID_FILE: path } })
    sub.same(await second.exit(), { code: 1, signal: null })
    sub.equal(
      second.stderr,
      `fairlead: pid file ${path}: process ${command.pid} has it and runs: stop that, or take another file\n`,
    )
    sub.equal(await readFile(path, 'utf8'), `${command.pid}\n`)
    await using third = fairlead([`127.0.0.1:${port}`, backend, '--pid-file', `${path}.other`])
    sub.same(await third.exit(), { code: 1, signal: null })
    await sub.rejects(stat(`${path}.other`), { code: 'ENOENT' }, 'it never listened')
    command.signal('SIGTERM')
    sub.same(await command.exit(), { code: 0, signal: null })
    await sub.rejects(stat(path), { code: 'ENOENT' })
  },
)

void t.test('a pid file that cannot be written ends the start', async (sub) => {
  await using command = fairlead([0, backend, '--pid-file', join(folder, 'none', 'x.pid')])
  sub.same(await command.exit(), { code: 1, signal: null })
  sub.match(command.stderr, /^fairlead: pid file .*x\.pid: cannot be written: ENOENT/)
})

void t.test('the delay before a stop still accepts; then open sessions finish', async (sub) => {
  await using command = fairlead([0, backend, '--shutdown-delay', '700ms'])
  const port = await command.port()
  const open = await connectTo(tcp(port))
  open.write('hello')
  await readBytes(open, 5)
  command.signal('SIGTERM')
  sub.match(await command.entry('drain:start'), {
    sessions: 1,
    delayMs: 700,
    msg: /^draining: accepting for 700ms more/,
  })
  sub.equal(await echoed(await connectTo(tcp(port)), 'accepted'), 'accepted')
  const rest = readAll(open)
  open.resume()
  open.end('still here')
  sub.match((await rest).bytes.toString(), 'still here')
  sub.same(await command.exit(), { code: 0, signal: null })
  sub.match(command.entries('drain:end'), [{ cut: 0 }])
  sub.equal(command.entries('session:close').length, 2)
})

void t.test('a second signal ends the delay at once, too', async (sub) => {
  await using command = fairlead([0, backend, '--shutdown-delay', '1h'])
  await using stubborn = await rawClient({ port: await command.port() })
  await stubborn.sendText('hello')
  sub.equal(await stubborn.readText(5), 'hello')
  command.signal('SIGTERM')
  await command.entry('drain:start')
  command.signal('SIGTERM')
  sub.match(await stubborn.readToEnd(), { end: 'rst' })
  sub.same(await command.exit(), { code: 1, signal: null })
})

void t.test('SIGUSR1 opens no debugger and SIGPIPE ends nothing', async (sub) => {
  await using command = fairlead([0, backend])
  const port = await command.port()
  command.signal('SIGUSR1')
  command.signal('SIGPIPE')
  sub.equal(await echoed(await connectTo(tcp(port)), 'on'), 'on')
  command.signal('SIGINT')
  sub.same(await command.exit(), { code: 0, signal: null })
  sub.equal(command.stderr, '', 'no debugger listens')
})
