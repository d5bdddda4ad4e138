import { getEventListeners, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import { formatAddress } from '../../src/core/address.ts'
import type { ConfigError } from '../../src/core/errors.ts'
import { CONNECT_BOUNDS_MS, LATENCY_BOUNDS_MS, SESSION_BOUNDS_MS } from '../../src/core/latency-histogram.ts'
import type { ProbeResult } from '../../src/core/probe.ts'
import type { BackendSnapshot, LatencySnapshot } from '../../src/core/snapshot.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { sinkBackend } from '../../src/testing/sink-backend.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { closed, connectTo, readAll, readBytes } from '../helpers/sockets.ts'

type Options = Partial<BalancerOptions> & Pick<BalancerOptions, 'backends'>

function start(options: Options): Promise<Balancer> {
  return createBalancer({ listen: '127.0.0.1:0', check: 'off', ...options })
}

function backendOf(balancer: Balancer, id: string): BackendSnapshot {
  const found = balancer.snapshot().pools[0]?.backends.find((backend) => backend.id === id)
  if (found === undefined) throw new Error(`no backend ${id}`)
  return found
}

/** Opens a session that the backend serves, and keeps it open. */
async function openSession(balancer: Balancer): Promise<Awaited<ReturnType<typeof connectTo>>> {
  const socket = await connectTo(balancer.address)
  socket.write('hello')
  await readBytes(socket, 5)
  return socket
}

async function echo(balancer: Balancer): Promise<void> {
  const socket = await openSession(balancer)
  socket.end()
  await readAll(socket)
}

/** As many durations of 0 ms. */
function durations(boundsMs: readonly number[], count = 0): LatencySnapshot {
  return { boundsMs, counts: [count, ...boundsMs.map(() => 0)], sumMs: 0 }
}

/** How a connection ends that the balancer may reset before it even counts as connected. */
async function endOf(balancer: Balancer): Promise<string> {
  try {
    return (await readAll(await connectTo(balancer.address))).end
  } catch (error) {
    return `error:${(error as NodeJS.ErrnoException).code}`
  }
}

void test('options that a method does not have are refused, and nothing is done', async (t) => {
  await using balancer = await start({ backends: ['a=127.0.0.1:1', 'b=127.0.0.1:2'] })
  const misspelt: object = { closed: true, timeout: 5, pol: 'main' }
  const refused = { code: 'FAIRLEAD_CONFIG', message: /is no field of the options of/ }
  t.throws(() => balancer.addBackend(3003, misspelt), refused)
  t.throws(() => balancer.removeBackend('a', misspelt), refused)
  await t.rejects(balancer.whenIdle('a', misspelt), refused)
  await t.rejects(balancer.drain(misspelt), refused)
  for (const none of [null, 5] as unknown as object[]) {
    await t.rejects(balancer.drain(none), { message: /^the options of drain must be an object, not/ })
    t.throws(() => balancer.removeBackend('a', none), { code: 'FAIRLEAD_CONFIG' })
  }
  t.throws(() => balancer.removeBackend('a', { close: 1 } as object), {
    message: 'close: must be true or false, not 1',
  })
  t.equal(balancer.state, 'running')
  t.same(
    balancer.snapshot().pools[0]?.backends.map(({ id }) => id),
    ['a', 'b'],
  )
})

void test('a balancer', async (t) => {
  void t.test('balances until its block is left, and then nothing of it is left', async (sub) => {
    await using backend = await echoBackend()
    let address
    {
      await using balancer = await start({ backends: [backend.port] })
      address = balancer.address
      sub.equal(balancer.state, 'running')
      sub.match(balancer.port, (address as { port: number }).port)
      sub.same(balancer.addresses, [address])
      await echo(balancer)
    }
    await sub.rejects(connectTo(address), { code: 'ECONNREFUSED' })
    await waitUntil(() => backend.active === 0)
  })

  void t.test('tells of a session, from its opening to its end', async (sub) => {
    await using backend = await echoBackend()
    await using balancer = await start({ backends: [`a=127.0.0.1:${backend.port}`] })
    const opened = waitForEvent(balancer, 'session:open')
    const ended = waitForEvent(balancer, 'session:close')
    const socket = await openSession(balancer)
    const client = `127.0.0.1:${socket.localPort}`
    const [open] = await opened
    sub.strictSame(open, { id: 1, listener: 'main', client })
    socket.end()
    await readAll(socket)
    const [end] = await ended
    const { queueMs, connectMs, totalMs, ...rest } = end
    sub.strictSame(rest, {
      id: 1,
      listener: 'main',
      client,
      pool: 'main',
      backend: 'a',
      tried: [],
      code: '--',
      reason: 'done',
      bytesIn: 5,
      bytesOut: 5,
      listenerActive: 0,
      backendActive: 0,
      faults: [],
    })
    sub.equal(queueMs, 0)
    sub.ok(connectMs > 0 && connectMs <= totalMs)
  })

  void t.test('names the backends that were tried, and goes on without them', async (sub) => {
    await using backend = await echoBackend()
    await using dead = await refusingPort()
    await using balancer = await start({
      backends: [`dead=127.0.0.1:${dead.port}`, `a=127.0.0.1:${backend.port}`],
      balance: 'first',
    })
    const retried = waitForEvent(balancer, 'connect:retry')
    const ended = waitForEvent(balancer, 'session:close')
    await echo(balancer)
    sub.match((await retried)[0], {
      id: 'dead',
      pool: 'main',
      session: 1,
      reason: 'ECONNREFUSED',
      attempt: 1,
    })
    sub.match((await ended)[0], { backend: 'a', tried: [{ backend: 'dead', reason: 'ECONNREFUSED' }] })
    sub.match(backendOf(balancer, 'dead'), { connectFailures: 1, active: 0 })
    sub.equal(balancer.snapshot().pools[0]?.retries, 1)
  })

  void t.test('has a snapshot that is plain data, open sessions included', async (sub) => {
    await using backend = await echoBackend()
    const clock = new ManualClock()
    await using balancer = await start({ backends: [`a=127.0.0.1:${backend.port}@3`], clock })
    const socket = await openSession(balancer)
    clock.advance(1_000)
    const snapshot = balancer.snapshot()
    sub.match(JSON.parse(JSON.stringify(snapshot)), {
      at: clock.wallTime(),
      startedAt: clock.wallTime() - 1_000,
      state: 'running',
      version: clock.wallTime() - 1_000,
      reloads: { succeeded: 0, failed: 0, lastOk: true, lastOkAt: clock.wallTime() - 1_000 },
      listeners: [
        {
          name: 'main',
          address: `127.0.0.1:${balancer.port}`,
          pool: 'main',
          mode: 'tcp',
          active: 1,
          accepted: 1,
          rejected: 0,
          maxConnections: snapshot.listeners[0]?.maxConnections,
          ends: {},
        },
      ],
      pools: [
        {
          name: 'main',
          strategy: 'round-robin',
          modes: ['tcp'],
          queued: 0,
          retries: 0,
          replays: 0,
          queueTime: durations(LATENCY_BOUNDS_MS),
          queueFailures: { timeout: 0, 'no-backend': 0, full: 0, 'client-left': 0 },
          backends: [
            {
              id: 'a',
              address: `127.0.0.1:${backend.port}`,
              mode: 'ready',
              healthy: true,
              ejected: false,
              eligible: true,
              weight: 3,
              effectiveWeight: 3,
              backup: false,
              maxConnections: 0,
              active: 1,
              sessions: 1,
              connectFailures: 0,
              ejections: 0,
              totalEjections: 0,
              connectTime: durations(CONNECT_BOUNDS_MS, 1),
              sessionTime: durations(SESSION_BOUNDS_MS),
              bytesToBackend: 5,
              bytesToClient: 5,
              checks: 0,
              failedChecks: 0,
              healthySince: clock.wallTime() - 1_000,
            },
          ],
        },
      ],
    })
    sub.ok((snapshot.listeners[0]?.maxConnections ?? 0) > 1)
    const ended = waitForEvent(balancer, 'session:close')
    socket.end()
    await ended
    sub.match(balancer.snapshot(), {
      listeners: [{ active: 0, ends: { '--': 1 } }],
      pools: [{ backends: [{ active: 0, bytesToBackend: 5, bytesToClient: 5 }] }],
    })
  })

  void t.test('resets sessions over its limit, and says so at most once a second', async (sub) => {
    await using backend = await echoBackend()
    const clock = new ManualClock()
    await using balancer = await start({ backends: [backend.port], maxConnections: 1, clock })
    const reports: number[] = []
    balancer.on('listener:full', ({ rejected, maxConnections }) => {
      reports.push(rejected)
      sub.equal(maxConnections, 1)
    })
    const socket = await openSession(balancer)
    for (let i = 0; i < 3; i++) {
      sub.match(await endOf(balancer), /^error:E(CONNRESET|PIPE)$|^closed$/)
    }
    await waitUntil(() => balancer.snapshot().listeners[0]?.rejected === 3)
    sub.same(reports, [1])
    clock.advance(1_000)
    sub.same(reports, [1, 2], 'also where no more of them come')
    await endOf(balancer)
    await waitUntil(() => balancer.snapshot().listeners[0]?.rejected === 4)
    sub.same(reports, [1, 2])
    clock.advance(1_000)
    sub.same(reports, [1, 2, 1])
    socket.destroy()
    await waitUntil(() => balancer.snapshot().listeners[0]?.active === 0)
    await echo(balancer)
    sub.match(balancer.snapshot().listeners[0], { accepted: 6, rejected: 4 })
  })
})

void test('operators', async (t) => {
  void t.test('change modes and weights, and hear of each change once', async (sub) => {
    await using a = await echoBackend()
    await using b = await echoBackend()
    await using balancer = await start({ backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`] })
    const log: string[] = []
    balancer.on('backend:mode', ({ id, mode }) => log.push(`${id} ${mode}`))
    balancer.on('backend:weight', ({ id, weight }) => log.push(`${id} ${weight}`))
    balancer.setMode('a', 'drain')
    balancer.setMode('a', 'drain')
    for (let i = 0; i < 4; i++) await echo(balancer)
    sub.equal(a.connections, 0)
    balancer.setMode('main/a', 'maint')
    balancer.setMode('a', 'ready')
    balancer.setWeight('b', 0)
    balancer.setWeight('b', 0)
    for (let i = 0; i < 4; i++) await echo(balancer)
    sub.equal(b.connections, 4)
    sub.same(log, ['a drain', 'a maint', 'a ready', 'b 0'])
    sub.match(backendOf(balancer, 'b'), { weight: 0, eligible: false })
  })

  void t.test('are told what is wrong', async (sub) => {
    await using balancer = await start({ backends: ['a=127.0.0.1:3001', 'b=127.0.0.1:3002'] })
    sub.throws(() => balancer.setMode('c', 'drain'), {
      name: 'UnknownBackendError',
      message: 'no backend "c"; there are: a, b',
    })
    sub.throws(() => balancer.setMode('a', 'off' as 'drain'), {
      name: 'ConfigError',
      message: /off is none of/,
    })
    for (const weight of [-1, 257, 1.5, NaN]) {
      sub.throws(() => balancer.setWeight('a', weight), { name: 'ConfigError' }, String(weight))
    }
    sub.throws(() => balancer.removeBackend('c'), { name: 'UnknownBackendError' })
    sub.throws(() => balancer.addBackend('a=127.0.0.1:9999'), { message: /a .*is in pool main already/ })
    sub.throws(() => balancer.addBackend('c=127.0.0.1:3001'), { message: /is in pool main already/ })
    sub.throws(() => balancer.addBackend('c=127.0.0.1:x'), { name: 'ConfigError' })
    sub.throws(() => balancer.addBackend(3003, { pool: 'other' }), { message: /no pool other/ })
    for (const odd of [10n, Symbol('x'), Object.create(null)] as unknown[]) {
      sub.throws(() => balancer.setMode('a', odd as 'drain'), { message: /^mode: / })
      sub.throws(() => balancer.setWeight('a', odd as number), { message: /^weight: / })
      sub.throws(() => balancer.setMaxConnections('a', odd as number), { message: /^maxConnections: / })
      sub.throws(() => balancer.addBackend(3003, { pool: odd as string }), { message: /^pool: / })
      sub.throws(() => balancer.explain({ client: odd as string }), { message: /^client: / })
    }
    sub.same(
      balancer.snapshot().pools[0]?.backends.map(({ id, mode, weight }) => [id, mode, weight]),
      [
        ['a', 'ready', 1],
        ['b', 'ready', 1],
      ],
    )
  })

  void t.test('add and remove backends while sessions are open', async (sub) => {
    await using a = await echoBackend()
    await using b = await echoBackend()
    await using balancer = await start({ backends: [`a=127.0.0.1:${a.port}`], backendMaxConnections: 7 })
    const log: string[] = []
    balancer.on('backend:add', ({ id, address }) => log.push(`add ${id} ${address}`))
    balancer.on('backend:remove', ({ id }) => log.push(`remove ${id}`))
    const onA = await openSession(balancer)
    sub.equal(balancer.addBackend({ address: b.port, id: 'b' }), 'b')
    sub.equal(backendOf(balancer, 'b').maxConnections, 7, 'with the defaults of the others')
    balancer.removeBackend('a')
    await echo(balancer)
    sub.equal(b.connections, 1)
    onA.write('still')
    sub.equal((await readBytes(onA, 5)).toString(), 'still')
    const onB = await openSession(balancer)
    const ended = waitForEvent(balancer, 'session:close', ({ code }) => code === 'KD')
    balancer.removeBackend('main/b', { close: true })
    await closed(onB)
    sub.match((await ended)[0], { backend: 'b', reason: 'backend-removed' })
    sub.same(log, [`add b 127.0.0.1:${b.port}`, 'remove a', 'remove b'])
    sub.same(balancer.snapshot().pools[0]?.backends, [])
    onA.destroy()
    await waitUntil(() => balancer.snapshot().listeners[0]?.active === 0)
  })
})

void test('health', async (t) => {
  void t.test('by a probe of one’s own decides who serves, and may end open sessions', async (sub) => {
    await using backend = await echoBackend()
    const clock = new ManualClock()
    let result: ProbeResult = { ok: true, code: 'L7OK', text: 'fine' }
    await using balancer = await start({
      backends: [`a=127.0.0.1:${backend.port}`],
      check: () => Promise.resolve(result),
      checkInterval: '1s',
      fall: 2,
      rise: 1,
      onDown: 'close',
      clock,
      random: () => 0.5,
    })
    const log: string[] = []
    balancer.on('backend:down', ({ id, reason }) => log.push(`${id} down: ${reason}`))
    balancer.on('backend:up', ({ id, reason }) => log.push(`${id} up: ${reason}`))
    await clock.advanceAsync(1_000)
    const socket = await openSession(balancer)
    const checked = waitForEvent(balancer, 'backend:check', ({ result: { ok } }) => !ok)
    const ended = waitForEvent(balancer, 'session:close')
    result = { ok: false, code: 'L7STS', text: 'ill' }
    await clock.advanceAsync(3_000)
    sub.same(log, ['a down: L7STS: ill (2 of 2 failed)'])
    sub.match((await checked)[0], { id: 'a', pool: 'main', result: { code: 'L7STS', text: 'ill' } })
    sub.match((await ended)[0], { code: 'DD', reason: 'backend-down', backend: 'a' })
    await closed(socket)
    sub.match(backendOf(balancer, 'a'), { healthy: false, eligible: false, lastCheck: { code: 'L7STS' } })
    result = { ok: true, code: 'L7OK', text: 'fine' }
    await clock.advanceAsync(1_500)
    sub.equal(log[1], 'a up: L7OK: fine (1 of 1 passed)')
    await echo(balancer)
  })

  void t.test('is not asked of a backend in maintenance, and is again afterwards', async (sub) => {
    const clock = new ManualClock()
    let checks = 0
    await using balancer = await start({
      backends: ['a=127.0.0.1:3001'],
      check: () => {
        checks++
        return Promise.resolve({ ok: true, code: 'L7OK', text: '' })
      },
      clock,
    })
    await clock.advanceAsync(10)
    balancer.setMode('a', 'maint')
    const before = checks
    await clock.advanceAsync(60_000)
    sub.equal(checks, before)
    balancer.setMode('a', 'drain')
    await clock.advanceAsync(10)
    sub.equal(checks, before + 1)
  })

  void t.test('ejects by failed connects, and takes back by a passed check', async (sub) => {
    await using dead = await refusingPort()
    await using backend = await echoBackend()
    await using balancer = await start({
      backends: [`dead=127.0.0.1:${dead.port}`, `a=127.0.0.1:${backend.port}`],
      balance: 'first',
    })
    const ejected = waitForEvent(balancer, 'backend:eject')
    for (let i = 0; i < 3; i++) await echo(balancer)
    sub.match((await ejected)[0], { id: 'dead', forMs: 10_000, reason: '3 connects in a row failed' })
    sub.match(backendOf(balancer, 'dead'), { ejected: true, ejections: 1, eligible: false })
    await echo(balancer)
    sub.equal(backendOf(balancer, 'dead').connectFailures, 3)
  })
})

void test('a strategy of one’s own picks', async (t) => {
  await using a = await echoBackend()
  await using b = await echoBackend()
  await using balancer = await start({
    backends: [a.port, b.port],
    balance: () => {
      let last: Parameters<ReturnType<Exclude<BalancerOptions['balance'], string | undefined>>['update']>[0] =
        []
      return {
        update: (eligible) => void (last = eligible),
        pick: () => last.at(-1),
      }
    },
  })
  for (let i = 0; i < 3; i++) await echo(balancer)
  t.equal(a.connections, 0)
  t.equal(b.connections, 3)
  t.equal(balancer.snapshot().pools[0]?.strategy, 'custom')
})

void test('a drain', async (t) => {
  void t.test(
    'waits for open sessions, accepts no new ones, and cuts none that ends in time',
    async (sub) => {
      await using backend = await echoBackend()
      const balancer = await start({ backends: [backend.port] })
      const socket = await openSession(balancer)
      const began = waitForEvent(balancer, 'drain:start')
      const ended = waitForEvent(balancer, 'drain:end')
      const drained = balancer.drain()
      sub.same((await began)[0], { sessions: 1, delayMs: 0, timeoutMs: 30_000 })
      sub.equal(balancer.state, 'draining')
      await sub.rejects(connectTo(balancer.address), { code: 'ECONNREFUSED' })
      socket.write('still')
      sub.equal((await readBytes(socket, 5)).toString(), 'still')
      socket.end()
      sub.same(await drained, { cut: 0 })
      sub.same((await ended)[0], { cut: 0 })
      sub.equal(balancer.state, 'closed')
    },
  )

  void t.test('cuts at its deadline, and tells how many', async (sub) => {
    await using backend = await echoBackend()
    const clock = new ManualClock()
    const balancer = await start({ backends: [backend.port], clock, shutdownTimeout: '10s' })
    const ends: string[] = []
    balancer.on('session:close', ({ code, reason }) => ends.push(`${code} ${reason}`))
    const sockets = [await openSession(balancer), await openSession(balancer)]
    const drained = balancer.drain()
    await clock.advanceAsync(9_999)
    sub.same(ends, [])
    await clock.advanceAsync(1)
    sub.same(await drained, { cut: 2 })
    sub.same(ends, ['KD shutdown', 'KD shutdown'])
    for (const socket of sockets) await closed(socket)
    sub.equal(clock.pending, 0, 'no timer is left')
  })

  void t.test('goes on accepting for as long as it is told, and says already that it drains', async (sub) => {
    await using backend = await echoBackend()
    const clock = new ManualClock()
    const balancer = await start({ backends: [backend.port], clock, shutdownDelay: '5s' })
    const drained = balancer.drain({ timeoutMs: 10_000 })
    sub.equal(balancer.state, 'draining')
    await clock.advanceAsync(4_999)
    const socket = await openSession(balancer)
    await clock.advanceAsync(1)
    await sub.rejects(connectTo(balancer.address), { code: 'ECONNREFUSED' })
    await clock.advanceAsync(9_999)
    socket.end()
    await closed(socket)
    sub.same(await drained, { cut: 0 })
    sub.equal(clock.pending, 0, 'no timer is left')
  })

  void t.test('is over at once when it is closed amid the delay', async (sub) => {
    await using backend = await echoBackend()
    const clock = new ManualClock()
    const balancer = await start({ backends: [backend.port], clock })
    await openSession(balancer)
    const drained = balancer.drain({ delayMs: 60_000 })
    await balancer.close()
    sub.same(await drained, { cut: 1 })
    sub.equal(clock.pending, 0, 'no timer is left')
  })

  void t.test('that is asked for twice ends for both, at the earlier deadline', async (sub) => {
    await using backend = await echoBackend()
    const clock = new ManualClock()
    const balancer = await start({ backends: [backend.port], clock })
    const socket = await openSession(balancer)
    const forEver = balancer.drain({ timeoutMs: 0 })
    const soon = balancer.drain({ timeoutMs: 1_000 })
    await clock.advanceAsync(1_000)
    sub.same(await Promise.all([forEver, soon]), [{ cut: 1 }, { cut: 1 }])
    await closed(socket)
  })

  void t.test('that is asked for twice ends for both when the last session ends', async (sub) => {
    await using backend = await echoBackend()
    const clock = new ManualClock()
    const balancer = await start({ backends: [backend.port], clock })
    const socket = await openSession(balancer)
    const both = Promise.all([balancer.drain(), balancer.drain()])
    socket.end()
    sub.same(await both, [{ cut: 0 }, { cut: 0 }])
    sub.equal(clock.pending, 0)
  })

  void t.test('of an idle balancer ends at once', async (sub) => {
    const balancer = await start({ backends: [3001] })
    sub.same(await balancer.drain({ timeoutMs: 0 }), { cut: 0 })
    await sub.rejects(balancer.drain(), { name: 'ClosedError' })
  })
})

void test('a close', async (t) => {
  void t.test('ends sessions in every state, and leaves no timer', async (sub) => {
    await using backend = await sinkBackend()
    const clock = new ManualClock()
    const balancer = await start({
      backends: [`a=127.0.0.1:${backend.port}`],
      backendMaxConnections: 1,
      clock,
    })
    const codes: string[] = []
    balancer.on('session:close', ({ code, reason }) => codes.push(`${code} ${reason}`))
    const served = await connectTo(balancer.address)
    await waitUntil(() => backend.active === 1)
    const queued = await connectTo(balancer.address)
    await waitUntil(() => balancer.snapshot().pools[0]?.queued === 1)
    await balancer.close()
    sub.same(codes.toSorted(), ['KD shutdown', 'KQ shutdown'])
    sub.equal(balancer.snapshot().state, 'closed')
    sub.equal(clock.pending, 0)
    await Promise.all([closed(served), closed(queued)])
  })

  void t.test('may be asked for again, and nothing else may be asked for afterwards', async (sub) => {
    const balancer = await start({ backends: ['a=127.0.0.1:3001'] })
    await Promise.all([balancer.close(), balancer.close()])
    await balancer.close()
    await balancer[Symbol.asyncDispose]()
    const ClosedError = { name: 'ClosedError', code: 'FAIRLEAD_CLOSED' }
    sub.throws(() => balancer.setMode('a', 'drain'), ClosedError)
    sub.throws(() => balancer.setWeight('a', 2), ClosedError)
    sub.throws(() => balancer.addBackend(3002), ClosedError)
    sub.throws(() => balancer.removeBackend('a'), ClosedError)
    await sub.rejects(balancer.drain(), ClosedError)
  })

  void t.test('comes with the abort of a signal', async (sub) => {
    await using backend = await echoBackend()
    const abort = new AbortController()
    const balancer = await start({ backends: [backend.port], signal: abort.signal })
    const socket = await openSession(balancer)
    abort.abort()
    await closed(socket)
    sub.equal(balancer.state, 'closed')
    await sub.rejects(start({ backends: [backend.port], signal: abort.signal }), { name: 'AbortError' })
  })

  void t.test('leaves no listener on the signal', async (sub) => {
    const { signal } = new AbortController()
    const balancer = await start({ backends: [3001], signal })
    sub.equal(getEventListeners(signal, 'abort').length, 1)
    await balancer.close()
    sub.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

void test('what cannot be started', async (t) => {
  void t.test('names every problem at once', async (sub) => {
    const bad = { listen: 'x:y:z', backends: ['a=127.0.0.1:0x'], retries: -1, colour: 'red' }
    const error: unknown = await createBalancer(bad as unknown as BalancerOptions).catch(
      (why: unknown) => why,
    )
    sub.match(error, { name: 'ConfigError', code: 'FAIRLEAD_CONFIG' })
    const { problems } = error as ConfigError
    sub.same(problems.map(({ path }) => path).toSorted(), ['backends[0]', 'colour', 'listen', 'retries'])
  })

  void t.test('says that its address is taken, and leaves nothing running (F20)', async (sub) => {
    const clock = new ManualClock()
    await using first = await start({ backends: [3001] })
    const again = createBalancer({ listen: `127.0.0.1:${first.port}`, backends: [3001], clock })
    await sub.rejects(again, { name: 'ListenError', message: /already in use/ })
    sub.equal(clock.pending, 0)
  })
})

void test('a balancer on a unix socket', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await using backend = await echoBackend({ path: join(folder, 'b') })
  for (const io of ['handles', 'sockets'] as const) {
    await using balancer = await start({
      listen: `unix:${folder}/lb`,
      backends: [formatAddress(backend.address)],
      io,
    })
    t.equal(balancer.port, 0)
    t.same(balancer.address, { kind: 'unix', path: `${folder}/lb` })
    const ended = once(balancer, 'session:close')
    await echo(balancer)
    t.match(await ended, [{ client: 'unix', code: '--' }])
  }
})

void test('a time that no timer can hold is refused, instead of being over at once', async (t) => {
  await using backend = await echoBackend({ id: 'a' })
  await using balancer = await start({ backends: [backend] })
  const socket = await openSession(balancer)
  for (const wrong of [Infinity, -1, NaN, '30s' as unknown as number, null as unknown as number]) {
    const refusal = { code: 'FAIRLEAD_CONFIG', problems: [{ path: 'timeoutMs', message: /milliseconds/ }] }
    await t.rejects(balancer.drain({ timeoutMs: wrong }), refusal)
    await t.rejects(balancer.whenIdle('a', { timeoutMs: wrong }), refusal)
    await t.rejects(balancer.waitFor('session:close', {}, { timeoutMs: wrong }), refusal)
    await t.rejects(balancer.waitForIdle({ timeoutMs: wrong }), refusal)
    await t.rejects(balancer.drain({ delayMs: wrong }), { code: 'FAIRLEAD_CONFIG', message: /^delayMs: / })
  }
  t.equal(balancer.state, 'running')
  t.equal(balancer.sessionCount, 1)
  socket.end()
  await readAll(socket)
})

void test('a wait for an event that there is not is refused at once', async (t) => {
  await using balancer = await start({ backends: [] })
  await t.rejects(balancer.waitFor('backend:mod' as 'backend:mode'), {
    code: 'FAIRLEAD_WAIT_IN_VAIN',
    message: '"backend:mod" never comes: it is no event; did you mean backend:mode?',
  })
})
