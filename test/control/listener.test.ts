import { test } from 'tap'
import type { Test } from 'tap'
import { resolveOptions } from '../../src/config/resolve.ts'
import type { ListenerConfig } from '../../src/config/schema.ts'
import { Listener } from '../../src/control/listener.ts'
import { systemClock } from '../../src/core/clock.ts'
import { RejectedError } from '../../src/core/errors.ts'
import { Events } from '../../src/core/events.ts'
import { loadIo } from '../../src/net/io.ts'
import type { Session } from '../../src/net/session.ts'
import type { Stage } from '../../src/stages/stage.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readAll } from '../helpers/sockets.ts'

/** A listener with one stage; its handler says who came, and hangs up. */
async function listenerWith(t: Test, admit: Stage['admit']) {
  const events = new Events()
  const handled: Session[] = []
  const log: string[] = []
  events.on('session:open', ({ id }) => log.push(`open ${id}`))
  events.on('session:close', ({ id, code }) => log.push(`close ${id} ${code}`))
  events.on('fault:local', ({ code, message }) => log.push(`${code}: ${message}`))
  let sessions = 0
  const listener = new Listener({
    config: resolveOptions({ listen: '127.0.0.1:0', backends: [1] }).listeners[0] as ListenerConfig,
    maxConnections: 10,
    stages: [{ name: 'under-test', admit }],
    handler: {
      handle(session) {
        handled.push(session)
        session.conn.reset()
        listener.onSessionEnd(session, { code: '--', reason: 'done' })
      },
    },
    io: await loadIo(),
    clock: systemClock,
    events,
    nextSessionId: () => ++sessions,
  })
  await listener.open()
  t.teardown(() => {
    listener.abortAll({ code: 'KD', reason: 'shutdown' })
    listener.stop()
  })
  return { listener, handled, log }
}

void test('a session waits for a stage that waits, and is handled then', async (t) => {
  const gate = withResolvers()
  const { listener, handled, log } = await listenerWith(t, () => gate.promise)
  const socket = await connectTo(listener.address)
  await waitUntil(() => listener.active === 1, { timeoutMs: 5_000 })
  t.equal(handled.length, 0)
  t.same(log, [])
  gate.resolve()
  t.equal((await readAll(socket)).length, 0)
  t.equal(handled.length, 1)
  t.same(log, ['open 1', 'close 1 --'])
  t.same([listener.active, listener.accepted, listener.rejected], [0, 1, 0])
  socket.destroy()
})

for (const kind of ['at once', 'later'] as const) {
  void test(`a stage that refuses ${kind} resets its session and no other`, async (t) => {
    const { listener, handled, log } = await listenerWith(t, () =>
      refuse(kind, new RejectedError('NO', 'no')),
    )
    t.equal(await bytesFrom(listener), 0)
    t.equal(handled.length, 0)
    t.same(log, [])
    t.same([listener.active, listener.accepted, listener.rejected], [0, 1, 1])
  })

  void test(`a stage that breaks ${kind} costs its session, is reported, and ends nothing else`, async (t) => {
    const { listener, log } = await listenerWith(t, () => refuse(kind, new TypeError('oops')))
    t.equal(await bytesFrom(listener), 0)
    t.same(log, ['STAGE: a stage failed: TypeError: oops'])
    t.same([listener.active, listener.rejected], [0, 1])
  })
}

void test('a session that is killed while a stage waits is never handled', async (t) => {
  const gate = withResolvers()
  const { listener, handled } = await listenerWith(t, () => gate.promise)
  const socket = await connectTo(listener.address)
  await waitUntil(() => listener.active === 1, { timeoutMs: 5_000 })
  t.equal(listener.abortAll({ code: 'KD', reason: 'shutdown' }), 1)
  gate.resolve()
  await readAll(socket)
  t.equal(handled.length, 0)
  t.equal(listener.active, 0)
  socket.destroy()
})

function refuse(kind: 'at once' | 'later', error: Error): Promise<void> {
  if (kind === 'at once') throw error
  return Promise.reject(error)
}

/** A reset right behind the accept may look like a connect that failed. */
async function bytesFrom(listener: Listener): Promise<number> {
  try {
    const socket = await connectTo(listener.address)
    return (await readAll(socket)).length
  } catch {
    return 0 // reset before it was connected
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let settled: (() => void) | undefined
  const promise = new Promise<void>((resolve) => {
    settled = resolve
  })
  return { promise, resolve: () => settled?.() }
}
