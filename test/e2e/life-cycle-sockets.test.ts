import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Address } from '../../src/core/address.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { freePort } from '../helpers/free-port.ts'
import { rawClient } from '../helpers/raw-peer.ts'
import { connectTo, readAll } from '../helpers/sockets.ts'
import type { Command } from './command.ts'
import { BIN, fairlead, launch } from './command.ts'

const echo = await echoBackend()
t.teardown(() => echo.stop())
const folder = await mkdtemp(join(tmpdir(), 'fairlead-sockets-'))
t.teardown(() => rm(folder, { recursive: true }))

const backend = `127.0.0.1:${echo.port}`

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

void t.test('a reload that cannot have another address keeps the socket that it was given', async (sub) => {
  const port = await freePort()
  const file = join(folder, 'moves.yaml')
  const config = (host: string): string =>
    `listeners: { web: { listen: '${host}:${port}', pool: web } }\npools: { web: { backends: ['${backend}'] } }\n`
  await writeFile(file, config('0.0.0.0'))
  await using command = await activated(['-l', `0.0.0.0:${port}`], ['--config', file])
  sub.equal(await echoed(await connectTo(tcp(port)), 'before'), 'before')
  await writeFile(file, config('127.0.0.1'))
  command.signal('SIGHUP')
  sub.match(await command.entry('config:reload'), { ok: false, problems: [/already in use/] })
  sub.equal(await echoed(await connectTo(tcp(port)), 'after'), 'after')
})

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
  await using other = await echoBackend()
  const taken = `127.0.0.1:${other.port}`
  await using command = await activated(['-l', `127.0.0.1:${port}`], [taken, backend])
  const client = await connectTo(tcp(port))
  client.on('error', () => undefined)
  sub.match(await command.exit(), { code: 1 })
  sub.match(command.stderr, /fairlead: no listener has the name or the address of these inherited sockets/)
  sub.match(command.stderr, `fairlead: address ${taken} is already in use`)
})
