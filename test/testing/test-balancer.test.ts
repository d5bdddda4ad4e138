import { AssertionError } from 'node:assert'
import { connect } from 'node:net'
import t from 'tap'
import { createBalancer } from '../../src/control/create-balancer.ts'
import { closeAssertingNoLeaks, leftThings } from '../../src/control/leaks.ts'
import { TrackedClock } from '../../src/control/tracked-clock.ts'
import { Backend } from '../../src/core/backend.ts'
import type { LeakError } from '../../src/core/errors.ts'
import { TimerWheel } from '../../src/core/timer-wheel.ts'
import type { Conn } from '../../src/net/conn.ts'
import { IdleConnections } from '../../src/pool/idle-connections.ts'
import type { Pool } from '../../src/pool/pool.ts'
import { assertDelivered, assertDeliveredOnce } from '../../src/testing/assert-delivered.ts'
import { assertDistribution, assertEndCodes, assertTried } from '../../src/testing/assertions.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { silentBackend } from '../../src/testing/silent-backend.ts'
import type { TestBalancerOptions } from '../../src/testing/test-balancer.ts'
import { testBalancer } from '../../src/testing/test-balancer.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { backendSpec } from '../control/configs.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'
import { FakeConn } from '../net/fake-conn.ts'

/** One session from its first byte to its end. */
async function echo(to: { address: Parameters<typeof connectTo>[0] }, text = 'hello'): Promise<string> {
  const socket = await connectTo(to.address)
  socket.end(text)
  return (await readAll(socket)).bytes.toString()
}

void t.test('testBalancer', async (sub) => {
  void sub.test('takes fixtures as they are, by their ids, and addresses', async (leaf) => {
    await using a = await echoBackend({ id: 'a' })
    await using b = await echoBackend()
    await using lb = await testBalancer({ backends: [a, { address: b.address, weight: 2 }] })
    leaf.equal(await echo(lb), 'hello')
    const [pool] = lb.snapshot().pools
    leaf.same(
      pool?.backends.map(({ id, weight }) => [id, weight]),
      [
        ['a', 1],
        [`127.0.0.1:${b.port}`, 2],
      ],
    )
    await using refusing = await refusingPort()
    leaf.equal(lb.addBackend(refusing), `127.0.0.1:${refusing.port}`)
    leaf.throws(() => lb.addBackend({ address: { kind: 'tcp', host: 'a b', port: 1 } }), {
      code: 'FAIRLEAD_CONFIG',
    })
  })

  void sub.test('chooses by its seed, which may come from outside', async (leaf) => {
    const picks = async (seed: number | string): Promise<string[]> => {
      await using a = await echoBackend({ id: 'a' })
      await using b = await echoBackend({ id: 'b' })
      await using lb = await testBalancer({ backends: [a, b], balance: 'random', seed })
      leaf.match(lb.describe(), `seed ${seed}\n`)
      for (let i = 0; i < 12; i++) await echo(lb)
      await lb.waitForIdle()
      return lb
        .history()
        .flatMap(({ data }) => ('code' in data && 'backend' in data ? [String(data.backend)] : []))
    }
    leaf.same(await picks('x'), await picks('x'))
    leaf.not((await picks('x')).join(), (await picks('y')).join())
    process.env['FAIRLEAD_TEST_SEED'] = '4711'
    leaf.teardown(() => delete process.env['FAIRLEAD_TEST_SEED'])
    await using lb = await testBalancer({ backends: [] })
    leaf.match(lb.describe(), 'balancer: running, seed 4711\n')
    await leaf.rejects(
      testBalancer({ backends: [], seed: 1, random: Math.random }),
      /seed: stands beside random/,
    )
  })

  void sub.test('with checks, knows of a stop and a start within milliseconds', async (leaf) => {
    await using a = await httpBackend({ name: 'a' })
    await using lb = await testBalancer({ backends: [a], check: 'http' })
    const down = lb.waitFor('backend:down', { id: 'a' })
    a.setHealthy(false)
    leaf.match(await down, { pool: 'main', reason: /L7STS/ })
    const up = lb.waitFor('backend:up', ({ id }) => id === 'a')
    a.setHealthy(true)
    await up
  })
})

void t.test('a balancer of nothing is refused as by createBalancer', async (sub) => {
  for (const nothing of [undefined, null])
    await sub.rejects(testBalancer(nothing as unknown as TestBalancerOptions), {
      code: 'FAIRLEAD_CONFIG',
      message: /^backends: is missing/,
    })
})

void t.test('waiting', async (sub) => {
  void sub.test('fails with the state and the latest events', async (leaf) => {
    await using a = await echoBackend({ id: 'a' })
    await using lb = await testBalancer({ backends: [a], seed: 5 })
    await echo(lb)
    await leaf.rejects(lb.waitFor('backend:eject', { id: 'a' }, { timeoutMs: 5 }), {
      code: 'FAIRLEAD_WAIT_TIMEOUT',
      message: new RegExp(
        [
          '^waited 5 ms for backend:eject {"id":"a"}',
          'balancer: running, seed 5',
          `  listener main 127.0.0.1:${lb.port}: 0 open of 1 accepted, ended: -- 1`,
          '  pool main \\(round-robin\\):',
          `    a 127.0.0.1:${a.port}: up, 0 active of 1 leases`,
          'events \\(last 3 of 3\\):',
          '  \\+\\d+ ms listener:open .*',
          '  \\+\\d+ ms session:open .*',
          '  \\+\\d+ ms session:close { id: 1, .*$',
        ].join('\n'),
      ),
    })
  })

  void sub.test('fails also where JSON cannot write what was awaited', async (leaf) => {
    await using a = await echoBackend()
    await using lb = await testBalancer({ backends: [a] })
    const circle: unknown[] = []
    circle.push(circle)
    for (const [id, shown] of [
      [1n, '{ id: 1n }'],
      [circle, '{ id: <ref \\*1> \\[ \\[Circular \\*1\\] \\] }'],
    ] as const)
      await leaf.rejects(lb.waitFor('session:close', { id: id as unknown as number }, { timeoutMs: 5 }), {
        code: 'FAIRLEAD_WAIT_TIMEOUT',
        message: new RegExp(`^waited 5 ms for session:close ${shown}`),
      })
  })

  void sub.test('looks back where it is asked to, and needs a history for that', async (leaf) => {
    await using a = await echoBackend({ id: 'a' })
    await using lb = await testBalancer({ backends: [a] })
    await echo(lb)
    await lb.waitForIdle()
    leaf.match(await lb.waitFor('session:close', { backend: 'a' }, { since: 'start' }), { id: 1, code: '--' })
    await leaf.rejects(lb.waitFor('session:close', {}, { timeoutMs: 5 }), { code: 'FAIRLEAD_WAIT_TIMEOUT' })
    await using plain = await createBalancer({ listen: '127.0.0.1:0', backends: [a], check: 'off' })
    leaf.throws(() => plain.history(), { code: 'FAIRLEAD_NO_HISTORY' })
    await leaf.rejects(plain.waitFor('session:open', {}, { since: 'start' }), { code: 'FAIRLEAD_NO_HISTORY' })
    const closed = plain.waitFor('session:close')
    await echo(plain)
    leaf.match(await closed, { backend: 'a' })
    await leaf.rejects(
      plain.waitFor('drain:end', undefined, { timeoutMs: 5 }),
      /drain:end\nbalancer: running\n/,
    )
    leaf.equal(plain.wants('session:close'), false, 'nobody listens any more')
  })

  void sub.test('is refused where it would be in vain, and ends with the balancer', async (leaf) => {
    const lb = await testBalancer({ backends: [1] })
    await leaf.rejects(lb.waitFor('backend:down', { id: 'x' }), { code: 'FAIRLEAD_WAIT_IN_VAIN' })
    const broken = lb.waitFor('backend:mode', () => {
      throw new Error('from the predicate')
    })
    const weight = lb.waitFor('backend:weight')
    const end = lb.waitFor('drain:end')
    lb.setMode('127.0.0.1:1', 'drain')
    await leaf.rejects(broken, /from the predicate/)
    await lb.drain()
    leaf.same(await end, { cut: 0 })
    await leaf.rejects(weight, { code: 'FAIRLEAD_CLOSED' })
    await leaf.rejects(lb.waitFor('backend:weight'), { code: 'FAIRLEAD_CLOSED' })
  })

  void sub.test('waits until nothing is under way, and tells what is', async (leaf) => {
    await using a = await httpBackend({ name: 'a', hang: true })
    await using lb = await testBalancer({ backends: [a], mode: 'http' })
    await lb.waitForIdle()
    const client = await connectTo(lb.address)
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await waitUntil(() => a.requestCount === 1)
    await leaf.rejects(lb.waitForIdle({ timeoutMs: 5 }), {
      message: new RegExp(
        `waited 5 ms for the balancer to be idle; still busy:\n  session 1 of listener main, from 127.0.0.1:${client.localPort}, at a \\(127.0.0.1:${a.port}\\), .*, open for \\d+ ms\nbalancer: running`,
      ),
    })
    const idle = lb.waitForIdle()
    client.resetAndDestroy()
    await idle
    a.answer = {}
    const second = await connectTo(lb.address)
    second.write('GET /?size=0 HTTP/1.1\r\nHost: a\r\n\r\n')
    await readBytes(second, 15)
    await lb.waitForIdle()
    leaf.equal(lb.snapshot().listeners[0]?.active, 1, 'a connection between two requests is idle')
    second.destroy()
  })
})

void t.test('a run with the same seed is the same run, faults and all', async (sub) => {
  await using a = await echoBackend({ id: 'a' })
  await using b = await echoBackend({ id: 'b' })
  const runWith = async (seed: number): Promise<string[]> => {
    await using lb = await testBalancer({
      backends: [a, b],
      balance: 'random',
      seed,
      faults: [
        { type: 'refuse', toxicity: 0.4 },
        { type: 'latency', latencyMs: 1, jitterMs: 1, toxicity: 0.5 },
      ],
    })
    const lines: string[] = []
    for (let i = 0; i < 24; i++) {
      const closed = lb.waitFor('session:close')
      const client = await connectTo(lb.address)
      const received = readAll(client)
      client.end('hello')
      await received
      const { backend, tried, code, faults } = await closed
      lines.push(`${tried.map(({ backend: id }) => id).join()} ${backend} ${code} ${faults.join()}`)
    }
    return lines
  }
  const first = await runWith(7)
  sub.same(await runWith(7), first)
  sub.notSame(await runWith(8), first)
  sub.ok(new Set(first).size > 3, 'and much was left to chance')
})

void t.test('leaks', async (sub) => {
  void sub.test('a session that a client forgot fails the close, which closes all the same', async (leaf) => {
    await using a = await silentBackend({ id: 'a' })
    const lb = await testBalancer({ backends: [a] })
    const client = connect(lb.port, '127.0.0.1')
    client.on('error', () => undefined)
    await lb.waitFor('session:open')
    const { localPort } = client
    const error = (await lb.close().catch((reason: unknown) => reason)) as LeakError
    leaf.equal(error.code, 'FAIRLEAD_LEAK')
    leaf.match(
      error.message,
      new RegExp(
        `^closed with 1 left:\n  session: 1 of listener main, from 127.0.0.1:${localPort}, at a \\(127.0.0.1:${a.port}\\), 0 bytes in, 0 out, open for \\d+ ms\nbalancer: running, seed \\d+\n`,
      ),
    )
    leaf.equal(error.leaks.length, 1)
    leaf.equal(lb.state, 'closed')
    leaf.equal(lb.snapshot().listeners[0]?.active, 0)
    await lb.close()
    await lb[Symbol.asyncDispose]()
  })

  void sub.test(
    'nobody is blamed for an end that is on its way, or an idle HTTP connection',
    async (leaf) => {
      await using a = await httpBackend()
      {
        await using lb = await testBalancer({ backends: [a], mode: 'http', check: 'tcp' })
        leaf.equal((await fetch(`http://127.0.0.1:${lb.port}/`)).status, 200)
        const client = await connectTo(lb.address)
        client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
        await waitUntil(() => a.requestCount === 2)
        setImmediate(() => client.destroy())
      }
      const plain = await createBalancer({ listen: '127.0.0.1:0', backends: [a] })
      const open = await connectTo(plain.address)
      await plain.close()
      leaf.equal((await readAll(open)).end, 'error:ECONNRESET', 'without being asked it says nothing')
      await plain.close({ assertNoLeaks: true })
    },
  )

  void sub.test(
    'no timer of ours is left, and one that were would be told with where it was set',
    async (leaf) => {
      const clock = new ManualClock()
      const lb = await testBalancer({ backends: [1], clock, check: 'tcp' })
      await waitUntil(() => clock.pending > 0, { describe: 'checks' })
      await lb.close()
      leaf.equal(clock.pending, 0, 'checks, deadlines and all')

      const tracked = new TrackedClock(clock)
      tracked.setTimer(() => undefined, 7)
      tracked.setTimer(() => undefined, 5).cancel()
      tracked.setTimer(() => undefined, 6)
      clock.advance(6)
      const close = closeAssertingNoLeaks({
        busy: () => [],
        left: () => tracked.armed.map((text) => ({ kind: 'timer', text })),
        describe: () => 'the state',
        close: async () => undefined,
      })
      await leaf.rejects(close, {
        code: 'FAIRLEAD_LEAK',
        message: /^closed with 1 left:\n {2}timer: of 7 ms, set at .*test-balancer\.test\.ts.*\nthe state$/,
      })
      clock.advance(1)
      leaf.same(tracked.armed, [])
    },
  )

  void sub.test(
    'deadlines, idle connections, leases and places in a queue are told by whose they are',
    async (leaf) => {
      const wheel = new TimerWheel({ clock: new ManualClock(), resolutionMs: 10 })
      const idle = new IdleConnections({ wheel })
      const backend = new Backend(backendSpec('a', 3001), 'web')
      for (let i = 0; i < 2; i++) idle.put(idle.adopt(fakeConn(), backend), 0)
      backend.active = 3
      const pool = { name: 'web', queued: 4, backends: new Map([['a', backend]]) } as unknown as Pool
      const parts = { listeners: [], pools: [{ idle, pool }], now: 0, timers: [] }
      const told = (): string[] =>
        leftThings({ ...parts, deadlines: wheel.armed }).map(({ kind, text }) => `${kind}: ${text}`)
      leaf.same(told(), [
        'lease: 3 of web/a, held by no session',
        'queue: 4 wait for a backend of pool web',
        'connection: 2 idle to web/a (127.0.0.1:3001)',
        'timer: 2 deadlines of KeptConnection',
      ])
      idle.close()
      leaf.same(told(), ['lease: 3 of web/a, held by no session', 'queue: 4 wait for a backend of pool web'])
    },
  )
})

void t.test('assertions', async (sub) => {
  void sub.test('distribution, tried order and end codes of sessions', async (leaf) => {
    await using refusing = await refusingPort()
    await using a = await echoBackend({ id: 'a' })
    await using b = await echoBackend({ id: 'b' })
    await using lb = await testBalancer({ backends: [a, { address: refusing.address, id: 'r' }, b], seed: 9 })
    const first = lb.waitFor('session:close', { id: 1 })
    const second = lb.waitFor('session:close', { id: 2 })
    for (let i = 0; i < 4; i++) await echo(lb)
    await lb.waitForIdle()
    const open = await connectTo(lb.address)
    open.write('x')
    await readBytes(open, 1)
    assertEndCodes(lb, { '--': 4 })
    assertTried(await first, ['a'])
    assertTried(await second, ['r', 'b'])
    assertDistribution(lb, { a: 2, b: 2 }, { within: 1 })
    leaf.throws(
      () => assertTried(lb.history().find(({ name }) => name === 'session:close')?.data as never, []),
      {
        message: 'expected attempts at nobody, but a served it',
      },
    )
    const error = leaf.throws(() => assertDistribution(lb, { a: 5, b: 1, c: 0 })) as unknown as AssertionError
    leaf.ok(error instanceof AssertionError)
    leaf.match(
      error.message,
      /^expected a 5, b 1, c 0, but it was a \d, b \d, c 0\nbalancer: running, seed 9\n/,
    )
    leaf.match(
      leaf.throws(() => assertEndCodes(lb, { SC: 1 })),
      { message: /^expected ends SC 1, but they were -- 4\n/ },
    )
    open.end()
    await readAll(open)
  })

  void sub.test('the same of requests, and delivery', async (leaf) => {
    await using a = await httpBackend({ name: 'a' })
    await using b = await httpBackend({ name: 'b' })
    await using lb = await testBalancer({ backends: [a, b], mode: 'http' })
    for (let i = 0; i < 4; i++) {
      const response = await fetch(`http://127.0.0.1:${lb.port}/`, { method: 'POST', body: `message-${i}` })
      await response.text()
    }
    await lb.waitForIdle()
    assertDistribution(lb, { a: 2, b: 2 })
    assertEndCodes(lb, { '--': 4 })
    assertDeliveredOnce([a, b], 'message-3')
    assertDelivered([a, b], 'message-', 4)
    assertDelivered([a, b], 'nothing like it', 0)
    leaf.throws(() => assertDeliveredOnce([a, b], 'message-'), {
      message: 'expected "message-" to be delivered 1 times, but it was 4 times: a 2, b 2',
    })
    leaf.throws(() => assertDeliveredOnce(a, 'x-y-z'), {
      message: 'expected "x-y-z" to be delivered 1 times, but it was 0 times: nobody got it',
    })
    await using raw = await echoBackend()
    await echo(raw, 'once twice twice')
    assertDeliveredOnce(raw, 'once')
    assertDelivered([raw], 'twice', 2)
  })

  void sub.test('a request under way counts to the backend that has it', async (leaf) => {
    await using a = await httpBackend({ name: 'a', hang: true })
    await using lb = await testBalancer({ backends: [a], mode: 'http' })
    const client = await connectTo(lb.address)
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await waitUntil(() => a.requestCount === 1)
    assertDistribution(lb, { a: 1 })
    leaf.throws(() => assertDistribution(lb, { a: 0 }), /^expected a 0, but it was a 1\n/)
    client.resetAndDestroy()
    await lb.waitForIdle()
    assertDistribution(lb, { a: 1 })
  })

  void sub.test('what came in part is no delivery, and makes another one the second', async (leaf) => {
    await using a = await httpBackend({ name: 'a' })
    await using b = await httpBackend({ name: 'b' })
    const client = await connectTo(a.address)
    client.write('POST /order-9 HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\norder 4712')
    await waitUntil(() => a.unfinished[0]?.bodyBytes === 10)
    const inPart =
      'expected "order-9" to be delivered 1 times, but it was 0 times and 1 times in part: a 1 in part'
    leaf.throws(() => assertDeliveredOnce([a, b], 'order-9'), { message: inPart })
    client.resetAndDestroy()
    await waitUntil(() => a.active === 0)
    leaf.throws(() => assertDeliveredOnce([a, b], 'order-9'), { message: inPart })
    leaf.throws(() => assertDelivered([a, b], 'order 4712', 0), /0 times and 1 times in part/)
    await (await fetch(`${b.url}/order-9`, { method: 'POST', body: 'order 4712 and more' })).text()
    leaf.throws(() => assertDeliveredOnce([a, b], 'order-9'), {
      message:
        'expected "order-9" to be delivered 1 times, but it was 1 times and 1 times in part: a 1 in part, b 1',
    })
    leaf.equal(a.requestCount, 0)
    leaf.match(a.unfinished, [
      {
        method: 'POST',
        url: '/order-9',
        headers: [
          ['Host', 'a'],
          ['Content-Length', '20'],
        ],
      },
    ])
    assertDeliveredOnce(b, 'order-9')
  })

  void sub.test('refuse to judge by what is forgotten', async (leaf) => {
    await using a = await httpBackend({ name: 'a' })
    const post = async (body: string): Promise<void> =>
      void (await (await fetch(a.url, { method: 'POST', body })).text())
    await post('order 4711')
    for (let i = 0; i < 999; i++) await post('order 4712')
    assertDeliveredOnce(a, 'order 4711')
    await post('order 4711')
    leaf.throws(() => assertDeliveredOnce(a, 'order 4711'), {
      name: 'RangeError',
      message: 'a has forgotten its first 1 requests: judge sooner, or by another fixture',
    })
    leaf.throws(
      () => assertDelivered(a, 'order 4712', 0),
      { name: 'AssertionError' },
      'whatever else there was',
    )
    await using raw = await echoBackend({ id: 'raw' })
    for (let i = 0; i < 1_001; i++) await echo(raw, 'once')
    leaf.throws(() => assertDelivered(raw, 'once', 1_000), {
      name: 'RangeError',
      message: 'raw has forgotten its first 1 connections: judge sooner, or by another fixture',
    })
  })

  void sub.test('refuse to judge by half a history', async (leaf) => {
    await using a = await echoBackend()
    await using lb = await testBalancer({ backends: [a], history: { most: 2 } })
    await echo(lb)
    await echo(lb)
    await lb.waitForIdle()
    leaf.throws(() => assertEndCodes(lb, { '--': 2 }), /the history has forgotten the first 3 events/)
  })
})

function fakeConn(): Conn {
  return Object.assign(new FakeConn(), { close: () => undefined }) as unknown as Conn
}
