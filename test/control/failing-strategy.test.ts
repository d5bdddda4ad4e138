import { test } from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import type { Backend } from '../../src/core/backend.ts'
import type { SessionEnd } from '../../src/core/events.ts'
import type { ClientKey, Strategy } from '../../src/core/strategy.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'

/** Picks the first one; each of its methods does what the test says, if that says something. */
class First implements Strategy {
  readonly does: {
    update?: () => unknown
    changed?: () => void
    pick?: (eligible: readonly Backend[]) => unknown
  } = {}
  odds?: () => never
  #eligible: readonly Backend[] = []

  update(eligible: readonly Backend[]): unknown {
    this.#eligible = eligible
    return this.does.update?.()
  }

  changed(): void {
    this.does.changed?.()
  }

  pick(_client: ClientKey): Backend | undefined {
    if (this.does.pick === undefined) return this.#eligible[0]
    return this.does.pick(this.#eligible) as Backend
  }
}

function fail(): never {
  throw new Error('boom')
}

function start(strategy: Strategy, options: Pick<BalancerOptions, 'backends'> & Partial<BalancerOptions>) {
  return createBalancer({ listen: '127.0.0.1:0', check: 'off', balance: () => strategy, ...options })
}

/** How a session ends that says something and listens. */
async function sessionEnd(lb: Balancer): Promise<SessionEnd> {
  const ended = waitForEvent(lb, 'session:close')
  try {
    const socket = await connectTo(lb.address)
    socket.end('hello')
    await readAll(socket)
  } catch {
    // Reset before it counted as connected.
  }
  return (await ended)[0]
}

void test('a strategy of the user that fails', async (t) => {
  const FAILED = { code: 'IC', reason: 'strategy-failed', backend: undefined }

  void t.test('in pick: the session that it fails for is lost, and the next one is not', async (sub) => {
    await using backend = await echoBackend()
    const strategy = new First()
    await using lb = await start(strategy, { backends: [backend.port] })
    strategy.does.pick = fail
    const told = waitForEvent(lb, 'fault:local')
    sub.match(await sessionEnd(lb), FAILED)
    sub.same(await told, [
      { code: 'STRATEGY', message: 'the strategy failed: in pool main, pick threw Error: boom' },
    ])
    delete strategy.does.pick
    sub.match(await sessionEnd(lb), { code: '--', backend: lb.snapshot().pools[0]?.backends[0]?.id })
  })

  for (const [what, picked] of [
    ['the id of a backend', () => 'a'],
    ['a promise', async ([first]: readonly Backend[]) => first],
    ['a copy of a backend', ([first]: readonly Backend[]) => ({ id: first?.id })],
  ] as const) {
    void t.test(`in pick, where it gives ${what}`, async (sub) => {
      await using backend = await echoBackend()
      const strategy = new First()
      await using lb = await start(strategy, { backends: [`a=127.0.0.1:${backend.port}`] })
      strategy.does.pick = picked
      const told = waitForEvent(lb, 'fault:local')
      sub.match(await sessionEnd(lb), FAILED)
      sub.match((await told)[0].message, /pick gave something else than one of the backends/)
    })
  }

  void t.test('in pick, where it gives one that operators have taken out', async (sub) => {
    await using backend = await echoBackend()
    await using other = await echoBackend()
    const strategy = new First()
    let first: Backend | undefined
    strategy.does.pick = ([one]) => (first ??= one)
    await using lb = await start(strategy, {
      backends: [`a=127.0.0.1:${backend.port}`, `b=127.0.0.1:${other.port}`],
    })
    sub.match(await sessionEnd(lb), { code: '--', backend: 'a' })
    lb.setMode('a', 'maint')
    sub.match(await sessionEnd(lb), FAILED)
  })

  void t.test('in update: it is not asked until it has taken in what changed', async (sub) => {
    await using backend = await echoBackend()
    await using other = await echoBackend()
    const strategy = new First()
    await using lb = await start(strategy, {
      backends: [`a=127.0.0.1:${backend.port}`, `b=127.0.0.1:${other.port}`],
    })
    strategy.does.update = fail
    const told = waitForEvent(lb, 'fault:local')
    lb.setMode('a', 'maint')
    sub.match((await told)[0].message, /update threw Error: boom$/)
    sub.match(await sessionEnd(lb), FAILED)
    sub.match(lb.explain().summary, /cannot be asked ahead/)
    delete strategy.does.update
    lb.setMode('b', 'drain')
    lb.setMode('b', 'ready')
    sub.match(await sessionEnd(lb), { code: '--', backend: 'b' })
  })

  void t.test('in an update that is async', async (sub) => {
    await using backend = await echoBackend()
    const strategy = new First()
    await using lb = await start(strategy, { backends: [backend.port] })
    strategy.does.update = () => Promise.reject(new Error('boom'))
    const told = waitForEvent(lb, 'fault:local')
    lb.addBackend(1)
    sub.match((await told)[0].message, /update threw Error: boom$/)
    sub.match(await sessionEnd(lb), FAILED)
  })

  void t.test('in changed: sessions that are open go on', async (sub) => {
    await using backend = await echoBackend()
    const strategy = new First()
    await using lb = await start(strategy, { backends: [`a=127.0.0.1:${backend.port}`] })
    strategy.does.changed = fail
    sub.match(await sessionEnd(lb), { code: '--', backend: 'a' })
    sub.match(await sessionEnd(lb), FAILED)
    sub.equal(lb.snapshot().pools[0]?.backends[0]?.active, 0)
    delete strategy.does.changed
    lb.setWeight('a', 2)
    sub.match(await sessionEnd(lb), { code: '--', backend: 'a' })
  })

  void t.test('at the start: there is no start', async (sub) => {
    const strategy = new First()
    strategy.does.update = fail
    await sub.rejects(start(strategy, { backends: [1] }), {
      code: 'FAIRLEAD_CONFIG',
      message: 'balance: in pool main, update threw Error: boom',
    })
  })

  void t.test(
    'for a session that waits: that one is turned away, and those behind it have their turn',
    async (sub) => {
      await using backend = await echoBackend()
      const strategy = new First()
      await using lb = await start(strategy, {
        backends: [`a=127.0.0.1:${backend.port}`],
        backendMaxConnections: 1,
        queueTimeout: '1h',
      })
      const serving = await connectTo(lb.address)
      serving.write('hello')
      await readBytes(serving, 5)
      // It gives the full one all the same, and its limit holds.
      const waiting = [await connectTo(lb.address)]
      await waitUntil(() => lb.snapshot().pools[0]?.queued === 1)
      waiting.push(await connectTo(lb.address))
      await waitUntil(() => lb.snapshot().pools[0]?.queued === 2)
      let asked = 0
      strategy.does.pick = ([one]) => (++asked === 1 ? fail() : one)
      const ended: SessionEnd[] = []
      lb.on('session:close', (end) => ended.push(end))
      const [first, second] = waiting.map((socket) => readAll(socket))
      serving.end()
      await readAll(serving)
      await first
      waiting[1]?.end('hi')
      sub.equal((await second)?.bytes.toString(), 'hi')
      await waitUntil(() => ended.length === 3)
      sub.same(ended.map(({ code, reason }) => `${code} ${reason}`).toSorted(), [
        '-- done',
        '-- done',
        'IQ strategy-failed',
      ])
    },
  )

  void t.test('in HTTP mode: the answer is 500', async (sub) => {
    await using backend = await httpBackend()
    const strategy = new First()
    await using lb = await start(strategy, { backends: [backend.port], mode: 'http' })
    const url = `http://127.0.0.1:${lb.port}/`
    sub.equal((await fetch(url)).status, 200)
    strategy.does.pick = fail
    const ended = waitForEvent(lb, 'request:end')
    sub.equal((await fetch(url)).status, 500)
    sub.match((await ended)[0], { code: 'IC', status: 500 })
    delete strategy.does.pick
    sub.equal((await fetch(url)).status, 200)
  })

  void t.test('in odds: then it cannot tell, and nothing else is lost', async (sub) => {
    await using backend = await echoBackend()
    const strategy = new First()
    strategy.odds = fail
    await using lb = await start(strategy, { backends: [backend.port] })
    sub.match(lb.explain().summary, /cannot be asked ahead/)
    sub.match(await sessionEnd(lb), { code: '--' })
  })
})
