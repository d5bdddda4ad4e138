import t from 'tap'
import type { BackendSnapshot } from '../../src/core/snapshot.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { silentBackend } from '../../src/testing/silent-backend.ts'
import { testBalancer } from '../../src/testing/test-balancer.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readAll } from '../helpers/sockets.ts'

function backendOf(lb: Balancer, id: string): BackendSnapshot {
  return lb.snapshot().pools[0]?.backends.find((backend) => backend.id === id) as BackendSnapshot
}

/** Turns the clock, a little at a time, until something has happened; tells how far. */
async function turnUntil(clock: ManualClock, happened: () => boolean, stepMs: number): Promise<number> {
  const before = clock.now()
  await waitUntil(async () => {
    if (happened()) return true
    await clock.advanceAsync(stepMs)
    return happened()
  })
  return clock.now() - before
}

void t.test('rise, fall and slow start follow the clock', async (sub) => {
  const clock = new ManualClock()
  await using a = await httpBackend({ name: 'a' })
  await using lb = await testBalancer({
    backends: [a],
    check: 'http',
    checkInterval: '10s',
    fastInterval: '10s',
    downInterval: '10s',
    fall: 2,
    rise: 3,
    slowStart: '100s',
    clock,
    random: () => 0.5,
  })
  await waitUntil(() => a.healthChecks === 1)
  await waitUntil(() => backendOf(lb, 'a').checks === 1)
  a.setHealthy(false)
  const downAfter = await turnUntil(clock, () => !backendOf(lb, 'a').healthy, 1_000)
  sub.ok(downAfter >= 10_000 && downAfter <= 24_000, `down after ${downAfter} ms`)
  a.setHealthy(true)
  const upAfter = await turnUntil(clock, () => backendOf(lb, 'a').healthy, 1_000)
  sub.ok(upAfter >= 20_000 && upAfter <= 36_000, `up after ${upAfter} ms`)
  sub.ok(backendOf(lb, 'a').effectiveWeight < 0.3, 'it begins slowly')
  await clock.advanceAsync(50_000)
  const half = backendOf(lb, 'a').effectiveWeight
  sub.ok(half > 0.4 && half < 0.7, `half way: ${half}`)
  await clock.advanceAsync(60_000)
  sub.equal(backendOf(lb, 'a').effectiveWeight, 1)
})

void t.test('an ejection ends when its time is over', async (sub) => {
  const clock = new ManualClock()
  await using refusing = await refusingPort({ id: 'r' })
  await using a = await echoBackend({ id: 'a' })
  await using lb = await testBalancer({ backends: [refusing, a], balance: 'first', clock })
  for (let i = 0; i < 3; i++) {
    const client = await connectTo(lb.address)
    client.end('x')
    await readAll(client)
  }
  sub.equal(backendOf(lb, 'r').ejected, true)
  await lb.waitForIdle()
  await clock.advanceAsync(9_999)
  sub.equal(backendOf(lb, 'r').ejected, true)
  await clock.advanceAsync(1)
  sub.equal(backendOf(lb, 'r').ejected, false)
})

void t.test('a second round of attempts waits for its backoff', async (sub) => {
  const clock = new ManualClock()
  await using refusing = await refusingPort({ id: 'r' })
  await using lb = await testBalancer({ backends: [refusing], retries: 1, eject: false, clock })
  const end = lb.waitFor('session:close')
  const client = await connectTo(lb.address)
  await lb.waitFor('connect:retry', {}, { since: 'start' })
  await clock.advanceAsync(0)
  sub.equal(backendOf(lb, 'r').connectFailures, 1, 'it waits')
  const waited = await turnUntil(clock, () => backendOf(lb, 'r').connectFailures === 2, 5)
  sub.ok(waited > 0 && waited <= 100, `${waited} ms`)
  sub.match(await end, { code: 'SC', tried: [{ backend: 'r' }, { backend: 'r' }] })
  client.destroy()
})

void t.test('timeouts pass when the clock is turned, and not before', async (sub) => {
  const clock = new ManualClock()
  await using silent = await silentBackend({ id: 's' })
  await using lb = await testBalancer({ backends: [silent], idleTimeout: '1h', clock })
  const end = lb.waitFor('session:close')
  const client = await connectTo(lb.address)
  await waitUntil(() => silent.active === 1 && lb.sessions({ backend: 's' }).length === 1)
  await clock.advanceAsync(3_590_000)
  sub.equal(lb.sessions().length, 1)
  await clock.advanceAsync(11_000)
  sub.match(await end, { code: /^[cs]D$/ })
  client.destroy()
})

void t.test('a queue and a connect have their time', async (sub) => {
  const clock = new ManualClock()
  await using a = await echoBackend({ id: 'a' })
  await using lb = await testBalancer({
    backends: [a],
    backendMaxConnections: 1,
    queueTimeout: '5s',
    connectTimeout: '5s',
    retries: 0,
    clock,
  })
  const first = await connectTo(lb.address)
  await waitUntil(() => backendOf(lb, 'a').active === 1)
  const queued = await connectTo(lb.address)
  await waitUntil(() => lb.snapshot().pools[0]?.queued === 1)
  const end = lb.waitFor('session:close', { id: 2 })
  await clock.advanceAsync(5_500)
  sub.match(await end, { code: 'sQ' })
  queued.destroy()
  const firstEnd = lb.waitFor('session:close', { id: 1 })
  first.resetAndDestroy()
  await firstEnd
  lb.faults.add({ type: 'connect_timeout' })
  const third = await connectTo(lb.address)
  const late = lb.waitFor('session:close', { id: 3 })
  await waitUntil(() => backendOf(lb, 'a').active === 1)
  await clock.advanceAsync(5_500)
  sub.match(await late, { code: 'sC' })
  third.destroy()
})
