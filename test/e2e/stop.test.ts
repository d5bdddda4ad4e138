import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { blackholeBackend } from '../../src/testing/blackhole-backend.ts'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { rawClient } from '../helpers/raw-peer.ts'
import { closed, connectTo, readAll, readBytes, sha256 } from '../helpers/sockets.ts'
import type { Command } from './command.ts'
import { fairlead } from './command.ts'

const echo = await echoBackend()
t.teardown(() => echo.stop())

function dial(port: number): Promise<Socket> {
  return connectTo({ kind: 'tcp', host: '127.0.0.1', port })
}

/** A session that has been through to the backend and back. */
async function openSession(port: number): Promise<Socket> {
  const client = await dial(port)
  client.write('hello')
  await readBytes(client, 5)
  return client
}

/** What still comes, on a socket that a read has left paused. */
function restOf(client: Socket): ReturnType<typeof readAll> {
  const rest = readAll(client)
  client.resume()
  return rest
}

async function start(...args: (string | number)[]): Promise<Command & { readonly at: number }> {
  const command = fairlead([0, echo.port, ...args])
  return Object.assign(command, { at: await command.port() })
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  void t.test(
    `F21: ${signal} lets an open session finish, takes no new one, and exits with 0`,
    async (sub) => {
      await using command = await start()
      const client = await openSession(command.at)
      command.signal(signal)
      sub.match(await command.entry('drain:start'), { sessions: 1, timeoutMs: 30_000 })
      await sub.rejects(dial(command.at), { code: 'ECONNREFUSED' })
      const rest = restOf(client)
      client.end('still here')
      sub.match(await rest, { bytes: Buffer.from('still here'), end: 'end' })
      sub.same(await command.exit(), { code: 0, signal: null })
      sub.match(command.entries('session:close'), [{ code: '--' }])
      sub.match(command.entries('drain:end'), [{ cut: 0 }])
      sub.equal(command.stderr, '')
    },
  )
}

void t.test(
  'a signal between the first address and the banner stops it as any other, and leaves nothing behind',
  async (sub) => {
    // Its check does not end before the banner's patience does: the banner waits for it.
    await using hole = await blackholeBackend()
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-')) // the path of a socket is short
    sub.teardown(() => rm(folder, { recursive: true, force: true }))
    const socket = join(folder, 'lb.sock')
    const pidFile = join(folder, 'pid')
    const args = [`unix:${socket}`, hole.port, '--pid-file', pidFile, '--log-format', 'pretty']
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      await using command = fairlead(args)
      await waitUntil(() => existsSync(pidFile), { timeoutMs: 15_000 })
      command.signal('SIGUSR1')
      command.signal(signal)
      sub.same(await command.exit(), { code: 0, signal: null })
      sub.equal(command.stderr, '', 'no debugger was opened')
      sub.same([existsSync(socket), existsSync(pidFile)], [false, false])
    }
  },
)

void t.test('signals until it is gone change neither how it ends nor what it leaves behind', async (sub) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-')) // the path of a socket is short
  sub.teardown(() => rm(folder, { recursive: true, force: true }))
  const socket = join(folder, 'lb.sock')
  const pidFile = join(folder, 'pid')
  await using command = fairlead([`unix:${socket}`, echo.port, '--pid-file', pidFile])
  await waitUntil(() => existsSync(pidFile), { timeoutMs: 15_000 })
  command.signal('SIGTERM')
  const siege = setInterval(() => {
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) command.signal(signal)
  }, 1)
  sub.teardown(() => clearInterval(siege))
  sub.same(await command.exit(), { code: 0, signal: null })
  sub.equal(command.stderr, '')
  sub.match(command.entries()[0], { event: 'listener:open' })
  sub.match(command.entries('drain:start'), [{ sessions: 0 }])
  sub.same([existsSync(socket), existsSync(pidFile)], [false, false])
})

void t.test('with no session open it is gone at once', async (sub) => {
  await using command = await start()
  command.signal('SIGTERM')
  sub.same(await command.exit(), { code: 0, signal: null })
  sub.match(command.entries('drain:start'), [{ sessions: 0 }])
})

void t.test('F21: the deadline resets what is left, says so, and exits with 0', async (sub) => {
  await using command = await start('--shutdown-timeout', '500ms')
  await using stubborn = await rawClient({ port: command.at })
  await stubborn.sendText('hello')
  sub.equal(await stubborn.readText(5), 'hello')
  command.signal('SIGTERM')
  sub.match(await stubborn.readToEnd(), { bytes: 0, end: 'rst' })
  sub.same(await command.exit(), { code: 0, signal: null })
  sub.match(command.entries('drain:end'), [{ cut: 1 }])
  sub.match(command.entries('session:close'), [{ code: 'KD' }])
})

void t.test('F21: a second signal resets what is left at once; that it was cut short shows', async (sub) => {
  await using command = await start()
  await using stubborn = await rawClient({ port: command.at })
  await stubborn.sendText('hello')
  sub.equal(await stubborn.readText(5), 'hello')
  command.signal('SIGTERM')
  await command.entry('drain:start')
  command.signal('SIGINT')
  sub.match(await stubborn.readToEnd(), { bytes: 0, end: 'rst' })
  sub.same(await command.exit(), { code: 1, signal: null })
  sub.match(command.entries('session:close'), [{ code: 'KD' }])
})

void t.test('F21: SIGTERM under load: every accepted session finishes with all its bytes', async (sub) => {
  await using command = await start()
  const payload = deterministicBytes(7, 300_000)
  let whole = 0
  const broken: string[] = []
  const churn = Array.from({ length: 16 }, async () => {
    for (;;) {
      const client = await dial(command.at).catch(() => undefined)
      if (client === undefined) return // Refused: it no longer listens.
      const received = readAll(client)
      client.end(payload)
      const { length, sha256: hash } = await received
      if (length === payload.length && hash === sha256(payload)) whole++
      // In the kernel's queue when the listener closed: nobody had accepted it.
      else if (length > 0) broken.push(`${length} bytes`)
    }
  })
  const slow = await Promise.all(Array.from({ length: 20 }, () => openSession(command.at)))
  await waitUntil(() => whole >= 50, { timeoutMs: 20_000 })
  command.signal('SIGTERM')
  const { sessions } = await command.entry('drain:start')
  sub.ok(Number(sessions) >= 20, `${String(sessions)} were open`)
  await Promise.all(churn)
  for (const client of slow) {
    const rest = restOf(client)
    client.end(payload)
    sub.match(await rest, { length: payload.length, sha256: sha256(payload), end: 'end' })
  }
  sub.same(await command.exit(), { code: 0, signal: null })
  sub.same(broken, [], 'nothing was cut')
  sub.match(command.entries('drain:end'), [{ cut: 0 }])
  const ends = command.entries('session:close')
  sub.equal(ends.length, whole + slow.length, 'each accepted one was served')
  sub.same(
    ends.filter(({ code }) => code !== '--'),
    [],
  )
})

void t.test('SIGHUP ends nothing: there is no configuration file to read again', async (sub) => {
  await using command = await start()
  const client = await openSession(command.at)
  command.signal('SIGHUP')
  sub.match(await command.entry('process:signal'), { signal: 'SIGHUP', msg: /nothing to reload/ })
  const rest = restOf(client)
  client.end('on')
  sub.match(await rest, { bytes: Buffer.from('on'), end: 'end' })
  await closed(await openSession(command.at).then((next) => next.end()))
  sub.equal(command.running, true)
})
