import { test } from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import { LatencyHistogram } from '../../src/core/latency-histogram.ts'
import type { BackendSnapshot, LatencySnapshot, PoolSnapshot } from '../../src/core/snapshot.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'

function start(options: Omit<BalancerOptions, 'listen'>): Promise<Balancer> {
  return createBalancer({ listen: '127.0.0.1:0', check: 'off', ...options })
}

function poolOf(balancer: Balancer): PoolSnapshot {
  return balancer.snapshot().pools[0] as PoolSnapshot
}

function backendOf(balancer: Balancer, id: string): BackendSnapshot {
  return poolOf(balancer).backends.find((backend) => backend.id === id) as BackendSnapshot
}

function total({ counts }: LatencySnapshot): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Where the one measured duration lies: the bucket's upper bound. */
function bucketMs({ boundsMs, counts }: LatencySnapshot): number | undefined {
  return boundsMs[counts.indexOf(1)]
}

async function openSession(balancer: Balancer): Promise<Awaited<ReturnType<typeof connectTo>>> {
  const socket = await connectTo(balancer.address)
  socket.write('hello')
  await readBytes(socket, 5)
  return socket
}

void test('a histogram counts what lies on a bound below it, and forgets everything when told', (t) => {
  const histogram = new LatencyHistogram([1, 10])
  for (const ms of [0, 1, 1.01, 10, 11, 1e9]) histogram.record(ms)
  t.same([...histogram.counts], [2, 2, 2])
  t.equal(histogram.sumMs, 1e9 + 23.01)
  histogram.reset()
  t.same([...histogram.counts], [0, 0, 0])
  t.equal(histogram.sumMs, 0)
  t.end()
})

void test('sessions', async (t) => {
  void t.test('have their connect and their whole time counted at their backend', async (sub) => {
    await using backend = await echoBackend()
    await using dead = await refusingPort()
    const clock = new ManualClock()
    await using balancer = await start({
      backends: [`dead=127.0.0.1:${dead.port}`, `a=127.0.0.1:${backend.port}`],
      balance: 'first',
      clock,
    })
    const socket = await openSession(balancer)
    sub.equal(total(backendOf(balancer, 'a').connectTime), 1)
    sub.equal(total(backendOf(balancer, 'a').sessionTime), 0, 'it is still open')
    clock.advance(4_000)
    const ended = waitForEvent(balancer, 'session:close')
    socket.end()
    await readAll(socket)
    const [{ totalMs }] = await ended
    sub.equal(totalMs, 4_000)
    sub.equal(bucketMs(backendOf(balancer, 'a').sessionTime), 5_000)
    sub.equal(backendOf(balancer, 'a').sessionTime.sumMs, 4_000)
    sub.equal(total(backendOf(balancer, 'dead').connectTime), 0, 'a failed connect has no time')
    sub.match(backendOf(balancer, 'dead'), { connectFailures: 1 })
    sub.match(poolOf(balancer), { retries: 1, replays: 0, modes: ['tcp'] })
  })

  void t.test('that queue are timed, and those that wait in vain counted by the reason', async (sub) => {
    await using backend = await echoBackend()
    const clock = new ManualClock()
    await using balancer = await start({
      backends: [{ id: 'a', address: `127.0.0.1:${backend.port}`, maxConnections: 1 }],
      queueTimeout: 5_000,
      maxQueue: 2,
      clock,
    })
    const first = await openSession(balancer)
    const leaving = await connectTo(balancer.address)
    const late = await connectTo(balancer.address)
    await waitUntil(() => poolOf(balancer).queued === 2)
    const refused = waitForEvent(balancer, 'session:close')
    // The reset may come before its connect is even done.
    connectTo(balancer.address).then(readAll, () => undefined)
    sub.equal((await refused)[0].reason, 'queue-full')
    leaving.resetAndDestroy()
    await waitUntil(() => poolOf(balancer).queueFailures['client-left'] === 1)
    clock.advance(6_000)
    await waitUntil(() => poolOf(balancer).queueFailures.timeout === 1)
    await readAll(late)
    const served = await connectTo(balancer.address)
    await waitUntil(() => poolOf(balancer).queued === 1)
    clock.advance(300)
    const ended = waitForEvent(balancer, 'session:close')
    first.destroy()
    served.write('hello')
    await readBytes(served, 5)
    await ended
    const { queueTime, queueFailures } = poolOf(balancer)
    sub.same(queueFailures, { timeout: 1, 'no-backend': 0, full: 1, 'client-left': 1 })
    sub.equal(total(queueTime), 3, 'who found the queue full did not wait')
    sub.ok(queueTime.sumMs >= 5_300)
    sub.equal(bucketMs(backendOf(balancer, 'a').connectTime), undefined, 'two connects at once')
    sub.equal(backendOf(balancer, 'a').connectTime.sumMs, 0, 'the time in the queue is no connect time')
    balancer.resetCounters()
    const after = poolOf(balancer)
    sub.same(after.queueFailures, { timeout: 0, 'no-backend': 0, full: 0, 'client-left': 0 })
    sub.equal(total(after.queueTime), 0)
    sub.equal(after.queueTime.sumMs, 0)
    served.destroy()
  })

  void t.test('that are open count from now on only after a reset', async (sub) => {
    await using backend = await echoBackend()
    await using balancer = await start({ backends: [`a=127.0.0.1:${backend.port}`] })
    const socket = await openSession(balancer)
    const reset = waitForEvent(balancer, 'counters:reset')
    balancer.resetCounters()
    await reset
    sub.match(backendOf(balancer, 'a'), {
      active: 1,
      sessions: 0,
      bytesToBackend: 0,
      bytesToClient: 0,
      healthy: true,
    })
    sub.equal(total(backendOf(balancer, 'a').connectTime), 0)
    sub.match(balancer.snapshot().listeners[0], { active: 1, accepted: 0, ends: {}, mode: 'tcp' })
    socket.write('abc')
    await readBytes(socket, 3)
    sub.match(backendOf(balancer, 'a'), { bytesToBackend: 3, bytesToClient: 3 })
    socket.end()
    await readAll(socket)
    await waitUntil(() => balancer.snapshot().listeners[0]?.active === 0)
    sub.match(backendOf(balancer, 'a'), { active: 0, bytesToBackend: 3, bytesToClient: 3 })
    sub.same(balancer.snapshot().listeners[0]?.ends, { '--': 1 })
  })
})

void test('requests are counted at the listener too, with what it answered itself', async (t) => {
  await using backend = await httpBackend({ name: 'a' })
  await using balancer = await start({ mode: 'http', backends: [`a=127.0.0.1:${backend.port}`] })
  const url = `http://127.0.0.1:${balancer.port}/`
  t.match(balancer.snapshot().listeners[0], {
    mode: 'http',
    requests: { ends: {}, answers: {}, unanswered: 0 },
  })
  await (await fetch(url)).text()
  balancer.setMode('a', 'maint')
  await (await fetch(url)).text()
  const raw = await connectTo(balancer.address)
  raw.end('no request at all\r\n\r\n')
  await readAll(raw)
  const { listeners, pools } = balancer.snapshot()
  t.same(listeners[0]?.requests, {
    ends: { '--': 1, SC: 1, PR: 1 },
    answers: { '2xx': 1, '4xx': 1, '5xx': 1 },
    unanswered: 0,
  })
  t.same(pools[0]?.modes, ['http'])
  t.same(pools[0]?.backends[0]?.requests?.answers, { '2xx': 1 })
  balancer.resetCounters()
  t.same(balancer.snapshot().listeners[0]?.requests, { ends: {}, answers: {}, unanswered: 0 })
  t.match(balancer.snapshot().pools[0]?.backends[0]?.requests, {
    answers: {},
    failed: 0,
    total: { sumMs: 0 },
  })
})

void test('ejections and reloads are counted for good', async (t) => {
  await using backend = await echoBackend()
  await using dead = await refusingPort()
  const clock = new ManualClock()
  await using balancer = await start({
    backends: [`dead=127.0.0.1:${dead.port}`, `a=127.0.0.1:${backend.port}`],
    balance: 'first',
    clock,
  })
  for (let i = 0; i < 3; i++) (await openSession(balancer)).destroy()
  t.match(backendOf(balancer, 'dead'), { ejected: true, ejections: 1, totalEjections: 1 })
  const lastOkAt = balancer.snapshot().startedAt
  t.same(balancer.snapshot().reloads, { succeeded: 0, failed: 0, lastOk: true, lastOkAt })
  const report = { at: 5, changes: [], problems: [], needsRestart: [] }
  balancer.emit('config:reload', { ...report, ok: false })
  t.same(balancer.snapshot().reloads, { succeeded: 0, failed: 1, lastOk: false, lastOkAt })
  balancer.emit('config:reload', { ...report, ok: true })
  t.same(balancer.snapshot().reloads, { succeeded: 1, failed: 1, lastOk: true, lastOkAt: 5 })
  balancer.resetCounters()
  t.same(balancer.snapshot().reloads, { succeeded: 0, failed: 0, lastOk: true, lastOkAt: 5 })
  t.match(backendOf(balancer, 'dead'), { ejected: true, ejections: 1, totalEjections: 0 })
})
