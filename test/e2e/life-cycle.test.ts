import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Address } from '../../src/core/address.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { NotifySocket } from '../helpers/notify-socket.ts'
import { rawClient } from '../helpers/raw-peer.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'
import { root } from '../helpers/project.ts'
import type { Command } from './command.ts'
import { fairlead, launch } from './command.ts'

const echo = await echoBackend()
t.teardown(() => echo.stop())
const folder = await mkdtemp(join(tmpdir(), 'fairlead-life-'))
t.teardown(() => rm(folder, { recursive: true }))

const backend = `127.0.0.1:${echo.port}`

function tcp(port: number): Address {
  return { kind: 'tcp', host: '127.0.0.1', port }
}

/** Sends `text` and gives what comes back until the end. */
async function echoed(client: Socket, text: string): Promise<string> {
  const received = readAll(client)
  client.end(text)
  return (await received).bytes.toString()
}

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

void t.test('the pid file of what `npm start` runs is held as well', async (sub) => {
  const path = join(folder, 'start.pid')
  const start = (): Command =>
    launch('env', ['-C', root, process.execPath, 'bin/start.js', '0', backend, '--pid-file', path])
  await using command = start()
  await command.port()
  await using second = start()
  sub.same(await second.exit(), { code: 1, signal: null })
  sub.match(second.stderr, /has it and runs/)
})

void t.test('a pid file that cannot be written ends the start', async (sub) => {
  await using command = fairlead([0, backend, '--pid-file', join(folder, 'none', 'x.pid')])
  sub.same(await command.exit(), { code: 1, signal: null })
  sub.match(command.stderr, /^fairlead: pid file .*x\.pid: cannot be written: ENOENT/)
})

void t.test('the delay before a stop still accepts, and lets sessions end', async (sub) => {
  await using command = fairlead([0, backend, '--shutdown-delay', '1h'])
  const port = await command.port()
  const open = await connectTo(tcp(port))
  open.write('hello')
  await readBytes(open, 5)
  command.signal('SIGTERM')
  sub.match(await command.entry('drain:start'), {
    sessions: 1,
    delayMs: 3_600_000,
    msg: /^draining: accepting for 1h more, then waiting for what is open, at most 30s$/,
  })
  sub.equal(await echoed(await connectTo(tcp(port)), 'accepted'), 'accepted')
  const rest = readAll(open)
  open.resume()
  open.end('still here')
  sub.match((await rest).bytes.toString(), 'still here')
  await command.entryCount('session:close', 2)
  command.signal('SIGTERM')
  sub.same(await command.exit(), { code: 0, signal: null }, 'nothing had to be cut')
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
