import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { root } from '../helpers/project.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { closed, connectTo, readBytes } from '../helpers/sockets.ts'
import { ask, whoAnswers } from './ask.ts'
import type { Command } from './command.ts'
import { fairlead, finish } from './command.ts'

const QUICK_CHECKS = ['--check-interval', '50ms', '--fast-interval', '50ms', '--down-interval', '50ms']

/** Says a word through the balancer and hears it from the echo behind it. */
async function speak(client: Socket, word = 'hello'): Promise<string> {
  client.write(word)
  return (await readBytes(client, word.length)).toString()
}

function dial(port: number): Promise<Socket> {
  return connectTo({ kind: 'tcp', host: '127.0.0.1', port })
}

void t.test('F10: a program that imports the library starts within 64 descriptors', async (sub) => {
  await using echo = await echoBackend()
  const program = `
    import { createBalancer } from 'fairlead'
    const lb = await createBalancer({ listen: 0, backends: [${echo.port}] })
    console.log(lb.port > 0)
    await lb.close()`
  const node = [process.execPath, '--input-type=module', '-e', program]
  const { stdout, stderr, code } = await finish('bash', ['-c', 'ulimit -n 64; exec "$@"', 'bash', ...node], {
    cwd: root,
  })
  sub.same({ stdout, stderr, code }, { stdout: 'true\n', stderr: '', code: 0 })
})

void t.test('F10: within 64 descriptors it takes what it can serve and resets the rest', async (sub) => {
  const place = await refusingPort()
  const echo = await place.open()
  sub.teardown(() => Promise.all([echo.stop(), place[Symbol.asyncDispose]()]))
  await using command = fairlead([0, `e=${echo.port}`, ...QUICK_CHECKS], { shell: 'ulimit -n 64' })
  const port = await command.port()
  const { maxConnections } = await command.entry('listener:open')
  const most = Number(maxConnections)
  sub.ok(most >= 4 && most <= 24, `${most} sessions of two descriptors each, and something to spare`)

  const served: Socket[] = []
  for (let i = 0; i < most; i++) served.push(await dial(port))
  sub.same(
    await Promise.all(served.map((client) => speak(client))),
    served.map(() => 'hello'),
  )
  await using peer = await rawPeer()
  for (let i = 0; i < 40; i++) {
    await using extra = await peer.connect({ port })
    sub.match(await extra.readToEnd(), { bytes: 0, end: 'rst' })
  }
  sub.match(await command.entry('listener:full'), { maxConnections: most })

  // Checks still have a descriptor, and so has the log.
  await echo.stop({ connections: 'keep' })
  await command.entry('backend:down')
  await echo.start()
  await command.entry('backend:up')

  sub.same(
    await Promise.all(served.map((client) => speak(client, 'again'))),
    served.map(() => 'again'),
  )
  for (const client of served) client.end()
  await Promise.all(served.map((client) => closed(client)))
  const after = await waitUntil(() => servedAgain(port), { timeoutMs: 10_000 })
  sub.equal(after, 'hello', 'room again, unaided')
  sub.equal(command.running, true)
  sub.equal(command.stderr, '')
  sub.equal(command.entries('fault:local').length, 0, 'it never came to EMFILE')
})

async function servedAgain(port: number): Promise<string | undefined> {
  const client = await dial(port)
  try {
    return await speak(client)
  } catch {
    return undefined // The last one's end is not through yet.
  } finally {
    client.destroy()
  }
}

void t.test(
  'F10: told to take more than the descriptors allow, it blames no backend and recovers',
  async (sub) => {
    await using echo = await echoBackend()
    const args = [0, `e=${echo.port}`, '--max-connections', 1_000, '--retries', 1, ...QUICK_CHECKS]
    await using command = fairlead(args, { shell: 'ulimit -n 64' })
    const port = await command.port()
    // libuv closes what it cannot accept without a word, so some of them simply end.
    const clients = await Promise.all(Array.from({ length: 60 }, () => dial(port).catch(() => undefined)))
    const heard = await Promise.all(
      clients.map(async (client) => client && speak(client).catch(() => undefined)),
    )
    sub.ok(heard.filter((word) => word === 'hello').length >= 10, 'those that found room were served')
    for (const client of clients) client?.destroy()
    sub.equal(await waitUntil(() => servedAgain(port), { timeoutMs: 10_000 }), 'hello')
    sub.equal(command.entries('backend:down').length, 0)
    sub.equal(command.entries('backend:eject').length, 0)
    command.signal('SIGTERM')
    sub.match(await command.exit(), { code: 0 })
  },
)

/** The fault is a span of time: nothing happens in it that could be waited for. */
const STOPPED_MS = 700

void t.test(
  'F22: a process that was stopped for longer than every timeout finds no backend down',
  async (sub) => {
    await using backend = await httpBackend({ name: 'a' })
    // A check is under way nearly always, and one lost one would be enough.
    const check = ['--check', 'http', '--check-path', '/health?delay=20', '--check-timeout', '300ms']
    const args = [0, backend.port, ...check, '--check-interval', '10ms', '--fall', 1]
    await using command = fairlead(args)
    const port = await command.port()
    for (let stop = 1; stop <= 3; stop++) {
      const before = backend.healthChecks
      await waitUntil(() => backend.healthChecks >= before + 3)
      command.signal('SIGSTOP')
      await pass(STOPPED_MS)
      command.signal('SIGCONT')
      sub.equal(await whoAnswers({ port }), 'a')
    }
    const before = backend.healthChecks
    await waitUntil(() => backend.healthChecks >= before + 5)
    sub.same(command.entries('backend:down'), [])
  },
)

void t.test('F23: a log whose reader has gone (head -1) costs lines, not traffic', async (sub) => {
  await using backend = await httpBackend({ name: 'a' })
  await using folder = await temporaryFolder()
  const socketPath = join(folder.path, 'lb.sock')
  await using command = fairlead([`unix:${socketPath}`, backend.port], {
    shell: 'exec > >(exec head -1 >&2)',
  })
  await command.says(/"event":"listener:open".*\n/, 'stderr')
  await breakLog(command, { socketPath })
  sub.match(command.stderr, /^fairlead: cannot write the log \(EPIPE\): lines are dropped, traffic goes on$/m)
  await endsCleanly(sub, command)
})

void t.test('F23: a log on a full disk (/dev/full) costs lines, not traffic', async (sub) => {
  await using backend = await httpBackend({ name: 'a' })
  await using folder = await temporaryFolder()
  const socketPath = join(folder.path, 'lb.sock')
  const full = openSync('/dev/full', 'w')
  await using command = fairlead([`unix:${socketPath}`, backend.port], { stdout: full })
  closeSync(full)
  await waitUntil(() => whoAnswers({ socketPath }).catch(() => undefined), { timeoutMs: 15_000 })
  await breakLog(command, { socketPath })
  sub.match(
    command.stderr,
    /^fairlead: cannot write the log \(ENOSPC\): lines are dropped, traffic goes on$/m,
  )
  await endsCleanly(sub, command)
})

void t.test('F23: a log whose reader stands still holds up neither traffic nor the end', async (sub) => {
  await using backend = await httpBackend({ name: 'a' })
  await using folder = await temporaryFolder()
  const socketPath = join(folder.path, 'lb.sock')
  const fifo = join(folder.path, 'log')
  spawnSync('mkfifo', [fifo])
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(fifo, 'w')
  sub.teardown(() => closeSync(reader))
  await using command = fairlead([`unix:${socketPath}`, backend.port, '--log-level', 'debug'], {
    stdout: writer,
  })
  closeSync(writer)
  await waitUntil(() => whoAnswers({ socketPath }).catch(() => undefined), { timeoutMs: 15_000 })
  // Two lines of 150 bytes and more each: over the 64 KiB that a pipe holds.
  for (let i = 0; i < 25; i++) await Promise.all(Array.from({ length: 10 }, () => ask({ socketPath })))
  sub.equal(await whoAnswers({ socketPath }), 'a')
  await endsCleanly(sub, command)
})

/** Sessions until the log is found broken; all must be served, then and after. */
async function breakLog(command: Command, place: { readonly socketPath: string }): Promise<void> {
  await waitUntil(
    async () => {
      await ask(place)
      return command.stderr.includes('cannot write the log')
    },
    { timeoutMs: 15_000, describe: 'a broken log' },
  )
  for (let i = 0; i < 20; i++) await ask(place)
}

async function endsCleanly(sub: Test, command: Command): Promise<void> {
  command.signal('SIGTERM')
  sub.same(await command.exit(), { code: 0, signal: null })
  sub.match(command.stderr, /^fairlead: \d+ lines of the log were lost$/m)
}

void t.test(
  'kill -9 of one of three backends under load loses only its own sessions, and no new one',
  async (sub) => {
    await using a = fairlead(['backend', '--echo', '--port', 0, '--name', 'a'])
    await using b = fairlead(['backend', '--echo', '--port', 0, '--name', 'b'])
    await using c = fairlead(['backend', '--echo', '--port', 0, '--name', 'c'])
    const backends = await Promise.all(
      [a, b, c].map(async (backend) => (await backend.says(/on 127\.0\.0\.1:(\d+)/))[1] as string),
    )
    await using command = fairlead([0, ...backends.map((port, i) => `${'abc'[i]}=${port}`), '--check', 'off'])
    const port = await command.port()
    const pinned = await Promise.all(Array.from({ length: 9 }, () => dial(port)))
    await Promise.all(pinned.map((client) => speak(client)))

    const enough = new AbortController()
    let lost = 0
    let done = 0
    const load = Array.from({ length: 8 }, async () => {
      while (!enough.signal.aborted) {
        const client = await dial(port)
        // Alive before the kill: whoever breaks after it was pinned to it. A session begun later must not break.
        const begunAfterKill = !b.running
        try {
          for (let i = 0; i < 3; i++) await speak(client)
          done++
        } catch (error) {
          if (begunAfterKill) throw error
          lost++
        } finally {
          client.destroy()
        }
      }
    })
    await waitUntil(() => done >= 100, { timeoutMs: 15_000 })
    b.signal('SIGKILL')
    await b.exit()
    const before = done
    await waitUntil(() => done >= before + 200, { timeoutMs: 15_000 })
    enough.abort()
    await Promise.all(load)

    const words = await Promise.all(pinned.map((client) => speak(client).catch(() => 'lost')))
    sub.equal(words.filter((word) => word === 'hello').length, 6, 'the other two kept all of theirs')
    sub.equal(words.filter((word) => word === 'lost').length, 3)
    for (const client of pinned) client.destroy()
    command.signal('SIGTERM')
    sub.match(await command.exit(), { code: 0 })
    const broken = command.entries('session:close').filter(({ code }) => String(code).startsWith('S'))
    sub.ok(
      broken.every(({ backend, code }) => backend === 'b' && code === 'SD'),
      'nobody was turned away',
    )
    sub.ok(broken.length <= 3 + lost, `${broken.length} sessions were lost with it`)
    sub.ok(
      command.entries('session:close').some(({ tried }) => Array.isArray(tried) && tried.length > 0),
      'others were sent on to a living one',
    )
  },
)

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
