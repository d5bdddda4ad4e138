import { test } from 'tap'
import { strategies } from '../../src/balance/strategies.ts'
import type { Backend, BackendSpec } from '../../src/core/backend.ts'
import { Events } from '../../src/core/events.ts'
import type { ClientKey } from '../../src/core/strategy.ts'
import { TimerWheel } from '../../src/core/timer-wheel.ts'
import type { Lease } from '../../src/pool/lease.ts'
import type { PoolOptions } from '../../src/pool/pool.ts'
import { Pool } from '../../src/pool/pool.ts'
import type { Waiter } from '../../src/pool/queue.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'

const RESOLUTION_MS = 100
const LATE_MS = 2 * RESOLUTION_MS
const client: ClientKey = { address: '192.0.2.1' }

/** A pool with backends a, b, c, ..., and a log of what its events and its queue say. */
class Rig {
  readonly clock = new ManualClock()
  readonly wheel = new TimerWheel({ clock: this.clock, resolutionMs: RESOLUTION_MS })
  readonly events = new Events()
  readonly log: string[] = []
  readonly pool: Pool

  constructor(specs: readonly Partial<BackendSpec>[], options: Partial<PoolOptions> = {}) {
    const { clock, wheel, events } = this
    this.pool = new Pool({
      name: 'main',
      strategy: strategies['round-robin']({ random: seededRandom(1) }),
      queueTimeoutMs: 5_000,
      maxQueue: 10,
      eject: true,
      whenAllDown: 'fail',
      slowStartMs: 0,
      clock,
      wheel,
      events,
      ...options,
    })
    for (const [i, spec] of specs.entries()) this.pool.add(specOf(i, spec))
    this.pool.refresh()
    events.on('backend:eject', ({ id, reason, forMs }) => this.log.push(`${id} out for ${forMs}: ${reason}`))
    events.on('backend:return', ({ id, reason }) => this.log.push(`${id} back: ${reason}`))
  }

  get(id: string): Backend {
    const backend = this.pool.backends.get(id)
    if (backend === undefined) throw new Error(`no backend ${id}`)
    return backend
  }

  /** The ids that `count` leases in a row get; all are released again. */
  picks(count: number): string {
    const leases = Array.from({ length: count }, () => this.pool.lease(client))
    for (const lease of leases) lease?.release()
    return leases.map((lease) => lease?.backend.id ?? '-').join('')
  }

  get eligible(): string {
    return this.pool.eligible.map(({ id }) => id).join('')
  }

  leases(count: number): Lease[] {
    return Array.from({ length: count }, () => this.pool.lease(client) as Lease)
  }

  /** Waits; what becomes of it goes to the log. */
  wait(name: string, skip?: ReadonlySet<Backend>): Waiter {
    return this.pool.wait(client, skip, {
      onLease: ({ backend }) => void this.log.push(`${name} gets ${backend.id}`),
      onQueueFailed: (failure) => void this.log.push(`${name}: ${failure}`),
    })
  }

  fails(id: string, times: number): void {
    for (let i = 0; i < times; i++) this.pool.connectFailed(this.get(id))
  }

  setHealthy(id: string, healthy: boolean): void {
    const backend = this.get(id)
    backend.healthy = healthy
    this.pool.healthChanged(backend, { isRecovery: healthy })
  }
}

void test('a lease', async (t) => {
  void t.test('counts a session on its backend until it is released, once', (sub) => {
    const { pool } = new Rig([{}])
    const lease = pool.lease(client) as Lease
    sub.match(lease.backend, { id: 'a', active: 1, sessions: 1 })
    const other = pool.lease(client) as Lease
    sub.equal(lease.backend.active, 2)
    lease.release()
    lease.release()
    sub.equal(lease.backend.active, 1, 'a second release does nothing')
    other.release()
    sub.match(lease.backend, { active: 0, sessions: 2 })
    sub.end()
  })

  void t.test('is given on a backup that drains to who belongs there, while no main one serves', (sub) => {
    const rig = new Rig([{}, { backup: true }, { backup: true }])
    const home = rig.get('b')
    sub.equal(rig.pool.leaseOf(home), undefined, 'a serves')
    rig.setHealthy('a', false)
    rig.pool.setMode(home, 'drain')
    sub.equal(rig.picks(2), 'cc')
    sub.equal(rig.pool.leaseOf(home)?.backend, home)
    rig.pool.setMode(home, 'ready')
    rig.pool.setWeight(home, 0)
    sub.equal(rig.pool.leaseOf(home)?.backend, home)
    rig.pool.setMode(home, 'maint')
    sub.equal(rig.pool.leaseOf(home), undefined)
    rig.pool.setMode(home, 'drain')
    rig.setHealthy('a', true)
    sub.equal(rig.pool.leaseOf(home), undefined, 'a serves again')
    sub.end()
  })

  void t.test('is not given on a full or a skipped backend', (sub) => {
    const rig = new Rig([{ maxConnections: 1 }, { maxConnections: 1 }])
    const [a, b] = [rig.get('a'), rig.get('b')]
    sub.equal(rig.pool.lease(client, new Set([a, b])), undefined)
    const first = rig.pool.lease(client, new Set([a])) as Lease
    sub.equal(first.backend, b)
    sub.equal(rig.pool.lease(client, new Set([a])), undefined)
    sub.equal(rig.pool.hasEligible(), true, 'full ones are eligible')
    sub.equal(rig.pool.hasEligible(new Set([a])), true)
    sub.equal(rig.pool.hasEligible(new Set([a, b])), false)
    sub.end()
  })

  void t.test('outlives its backend in the pool', (sub) => {
    const rig = new Rig([{}, {}])
    const leases = rig.leases(2)
    const a = rig.get('a')
    rig.pool.remove(a)
    rig.pool.refresh()
    sub.equal(rig.picks(4), 'bbbb')
    sub.equal(a.active, 1)
    for (const lease of leases) lease.release()
    sub.equal(a.active, 0)
    sub.equal(rig.picks(4), 'bbbb')
    sub.end()
  })

  void t.test('is given on a backend that was added meanwhile', (sub) => {
    const rig = new Rig([])
    sub.equal(rig.pool.lease(client), undefined)
    sub.equal(rig.pool.hasEligible(), false)
    rig.pool.add(specOf(0, {}))
    rig.pool.refresh()
    sub.equal(rig.picks(2), 'aa')
    sub.end()
  })
})

void test('the queue', async (t) => {
  void t.test('serves first come, first served, as room is made', (sub) => {
    const rig = new Rig([{ maxConnections: 2 }])
    const leases = rig.leases(2)
    sub.equal(rig.pool.lease(client), undefined)
    for (const name of ['x', 'y', 'z']) rig.wait(name)
    sub.equal(rig.pool.queued, 3)
    leases[0]?.release()
    sub.same(rig.log, ['x gets a'])
    leases[1]?.release()
    sub.same(rig.log, ['x gets a', 'y gets a'])
    sub.equal(rig.pool.queued, 1)
    sub.equal(rig.get('a').active, 2)
    sub.end()
  })

  void t.test('gives up after its time, and no timer is left', (sub) => {
    const rig = new Rig([{ maxConnections: 1 }])
    rig.leases(1)
    rig.wait('x')
    rig.clock.advance(4_999)
    sub.same(rig.log, [])
    rig.clock.advance(1 + LATE_MS)
    sub.same(rig.log, ['x: timeout'])
    sub.equal(rig.pool.queued, 0)
    sub.equal(rig.wheel.size, 0)
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })

  void t.test('with a timeout of 0 waits as long as it takes', (sub) => {
    const rig = new Rig([{ maxConnections: 1 }], { queueTimeoutMs: 0 })
    const [lease] = rig.leases(1)
    rig.wait('x')
    sub.equal(rig.wheel.size, 0)
    rig.clock.advance(1_000_000)
    lease?.release()
    sub.same(rig.log, ['x gets a'])
    sub.end()
  })

  void t.test('can be left, from the middle too, and then says nothing', (sub) => {
    const rig = new Rig([{ maxConnections: 1 }])
    const [lease] = rig.leases(1)
    rig.wait('x')
    const y = rig.wait('y')
    rig.wait('z')
    rig.pool.leave(y)
    rig.pool.leave(y)
    sub.equal(rig.pool.queued, 2)
    lease?.release()
    sub.same(rig.log, ['x gets a'])
    rig.clock.advance(10_000)
    sub.same(rig.log, ['x gets a', 'z: timeout'])
    sub.end()
  })

  void t.test('is full at its limit', (sub) => {
    const rig = new Rig([{ maxConnections: 1 }], { maxQueue: 2 })
    rig.leases(1)
    sub.equal(rig.pool.hasQueueRoom, true)
    rig.wait('x')
    const y = rig.wait('y')
    sub.equal(rig.pool.hasQueueRoom, false)
    rig.pool.leave(y)
    sub.equal(rig.pool.hasQueueRoom, true)
    sub.equal(new Rig([], { maxQueue: 0 }).pool.hasQueueRoom, false)
    sub.end()
  })

  void t.test('is served when a backend comes', (sub) => {
    const rig = new Rig([{ maxConnections: 1 }, { maxConnections: 2 }])
    rig.setHealthy('b', false)
    rig.leases(1)
    for (const name of ['x', 'y', 'z']) rig.wait(name)
    rig.setHealthy('b', true)
    sub.same(rig.log, ['x gets b', 'y gets b'])
    rig.pool.add(specOf(2, { maxConnections: 1 }))
    rig.pool.refresh()
    sub.same(rig.log, ['x gets b', 'y gets b', 'z gets c'])
    sub.end()
  })

  void t.test('is sent away when no backend is left that could serve it, and at the close', (sub) => {
    const rig = new Rig([{ maxConnections: 1 }])
    const [lease] = rig.leases(1)
    rig.wait('x')
    rig.wait('y')
    rig.setHealthy('a', false)
    sub.same(rig.log, ['x: no-backend', 'y: no-backend'])
    lease?.release()
    rig.setHealthy('a', true)
    rig.leases(1)
    rig.wait('z')
    rig.pool.close()
    sub.equal(rig.log.at(-1), 'z: no-backend')
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })

  void t.test(
    'lets those who tried all others in vain have them, once the one they wait for is gone',
    (sub) => {
      for (const goes of [
        (rig: Rig) => rig.pool.setMode(rig.get('b'), 'drain'),
        (rig: Rig) => rig.setHealthy('b', false),
        (rig: Rig) => {
          rig.pool.remove(rig.get('b'))
          rig.pool.refresh()
        },
      ]) {
        const rig = new Rig([{}, { maxConnections: 1 }])
        rig.leases(2)
        rig.wait('x', new Set([rig.get('a')]))
        rig.pool.refresh()
        sub.same(rig.log, [], 'b may still have room')
        goes(rig)
        sub.same(rig.log, ['x gets a'])
      }
      sub.end()
    },
  )

  void t.test('is not held up by one that may not have what is free', (sub) => {
    const rig = new Rig([{ maxConnections: 1 }, { maxConnections: 1 }])
    const [onA, onB] = rig.leases(2)
    rig.wait('x', new Set([rig.get('a')]))
    rig.wait('y')
    onA?.release()
    sub.same(rig.log, ['y gets a'])
    onB?.release()
    sub.same(rig.log, ['y gets a', 'x gets b'])
    sub.end()
  })
})

void test('eligible', async (t) => {
  void t.test('are those that are ready, healthy, not ejected and of some weight', (sub) => {
    const rig = new Rig([{}, {}, {}, {}])
    sub.equal(rig.eligible, 'abcd')
    rig.pool.setMode(rig.get('a'), 'drain')
    sub.equal(rig.eligible, 'bcd')
    rig.pool.setMode(rig.get('a'), 'maint')
    sub.equal(rig.eligible, 'bcd')
    rig.pool.setWeight(rig.get('b'), 0)
    sub.equal(rig.eligible, 'cd')
    rig.setHealthy('c', false)
    sub.equal(rig.eligible, 'd')
    rig.pool.setMode(rig.get('a'), 'ready')
    rig.pool.setWeight(rig.get('b'), 2)
    rig.setHealthy('c', true)
    sub.equal(rig.eligible, 'abcd')
    sub.equal(rig.picks(50).replaceAll(/[^b]/g, '').length, 20, 'and the strategy knows of the weight')
    sub.end()
  })

  void t.test('are backups, too, for a session that tried all others in vain', (sub) => {
    const rig = new Rig([{}, {}, { backup: true }])
    const tried = new Set([rig.get('a')])
    sub.equal(rig.pool.lease(client, tried)?.backend.id, 'b', 'another main one first')
    tried.add(rig.get('b'))
    sub.equal(rig.pool.hasEligible(tried), true)
    sub.equal(rig.pool.lease(client, tried)?.backend.id, 'c')
    tried.add(rig.get('c'))
    sub.equal(rig.pool.hasEligible(tried), false)
    sub.equal(rig.pool.lease(client, tried), undefined)
    sub.equal(rig.picks(4).includes('c'), false, 'other sessions still get the main ones')
    sub.end()
  })

  void t.test('are backups only while no other is', (sub) => {
    const rig = new Rig([{}, { backup: true }, { backup: true }])
    sub.equal(rig.eligible, 'a')
    rig.setHealthy('a', false)
    sub.equal(rig.eligible, 'bc')
    rig.setHealthy('b', false)
    sub.equal(rig.eligible, 'c')
    rig.setHealthy('a', true)
    sub.equal(rig.eligible, 'a')
    sub.end()
  })

  void t.test('is nobody when all are down, or all that may be tried, as configured (F13)', (sub) => {
    for (const [whenAllDown, expected] of [
      ['fail', ''],
      ['try', 'ab'],
    ] as const) {
      const rig = new Rig([{}, { backup: true }, {}, {}], { whenAllDown })
      rig.pool.setMode(rig.get('c'), 'maint')
      rig.pool.setWeight(rig.get('d'), 0)
      rig.setHealthy('a', false)
      rig.setHealthy('b', false)
      sub.equal(rig.eligible, expected, whenAllDown)
      rig.setHealthy('b', true)
      sub.equal(rig.eligible, 'b')
    }
    sub.end()
  })
})

void test('an ejection', async (t) => {
  void t.test('comes after three failed connects in a row, not before', (sub) => {
    const rig = new Rig([{}, {}])
    rig.fails('a', 2)
    rig.pool.connectSucceeded(rig.get('a'))
    rig.fails('a', 2)
    sub.same(rig.log, [])
    rig.fails('a', 1)
    sub.same(rig.log, ['a out for 10000: 3 connects in a row failed'])
    sub.match(rig.get('a'), { ejected: true, healthy: true, connectFailures: 5, ejections: 1 })
    sub.equal(rig.eligible, 'b')
    rig.fails('a', 5)
    sub.equal(rig.log.length, 1, 'one that is out is not put out again')
    sub.end()
  })

  void t.test('ends by itself, and lasts longer each time in a row, up to five minutes', (sub) => {
    const rig = new Rig([{}, {}])
    const times: number[] = []
    rig.events.on('backend:eject', ({ forMs }) => times.push(forMs))
    for (let round = 1; round <= 32; round++) {
      rig.fails('a', 3)
      const forMs = times.at(-1) as number
      rig.clock.advance(forMs - 1)
      sub.equal(rig.get('a').ejected, true)
      rig.clock.advance(1)
      sub.equal(rig.get('a').ejected, false)
      sub.equal(rig.log.at(-1), `a back: ${forMs / 1000} s are over`)
    }
    sub.same(times.slice(0, 3), [10_000, 20_000, 30_000])
    sub.same(times.slice(-3), [300_000, 300_000, 300_000])
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })

  void t.test('counts from the beginning after it served as long as it was out', (sub) => {
    const rig = new Rig([{}, {}])
    const out = (): void => {
      rig.fails('a', 3)
      rig.clock.advance(300_000)
    }
    rig.fails('a', 3)
    rig.clock.advance(10_000)
    rig.pool.connectSucceeded(rig.get('a'))
    sub.equal(rig.get('a').ejections, 1, 'one success at once proves little')
    rig.clock.advance(9_999)
    rig.pool.connectSucceeded(rig.get('a'))
    sub.equal(rig.get('a').ejections, 1)
    rig.clock.advance(1)
    rig.pool.connectSucceeded(rig.get('a'))
    sub.equal(rig.get('a').ejections, 0)
    out()
    sub.match(rig.log.at(-1), /10 s are over/)
    sub.end()
  })

  void t.test('was as long as it lasted until a check ended it', (sub) => {
    const rig = new Rig([{}, {}])
    rig.fails('a', 3)
    rig.clock.advance(1_000)
    rig.pool.checkPassed(rig.get('a'), new Set(['connect' as const]))
    rig.clock.advance(9_999)
    rig.pool.connectSucceeded(rig.get('a'))
    sub.equal(rig.get('a').ejections, 1)
    rig.clock.advance(1)
    rig.pool.connectSucceeded(rig.get('a'))
    sub.equal(rig.get('a').ejections, 0, 'it served for 10 s since')
    sub.end()
  })

  void t.test('is followed by the next only after three failures more, of either kind', (sub) => {
    const rig = new Rig([{}, {}])
    const kinds = [
      (backend: Backend): void => rig.pool.connectFailed(backend),
      (backend: Backend): void => rig.pool.requestFailed(backend),
    ]
    for (const fail of kinds) {
      for (let i = 0; i < 3; i++) fail(rig.get('a'))
      sub.equal(rig.eligible, 'b')
      rig.clock.advance(300_000)
      for (let i = 0; i < 2; i++) fail(rig.get('a'))
      sub.equal(rig.eligible, 'ab')
      fail(rig.get('a'))
      sub.equal(rig.eligible, 'b')
      rig.clock.advance(300_000)
    }
    sub.end()
  })

  void t.test('never takes out more than half of the pool', (sub) => {
    const rig = new Rig([{}, {}, {}, {}, {}])
    for (const id of ['a', 'b', 'c', 'd', 'e']) rig.fails(id, 10)
    sub.equal(rig.eligible, 'cde', 'two of five')
    rig.clock.advance(10_000)
    rig.fails('c', 1)
    sub.equal(rig.eligible, 'abde', 'and its turn comes when the others are back')
    sub.end()
  })

  void t.test('never takes out the last one that serves', (sub) => {
    const one = new Rig([{}])
    one.fails('a', 10)
    sub.equal(one.eligible, 'a')
    const two = new Rig([{}, {}, {}, {}])
    for (const id of ['b', 'c', 'd']) two.setHealthy(id, false)
    two.fails('a', 10)
    sub.equal(two.eligible, 'a')
    sub.same(two.log, [])
    sub.end()
  })

  void t.test('takes out the last main one while a backup can serve, and then no backup', (sub) => {
    const rig = new Rig([{}, { backup: true }])
    rig.fails('a', 3)
    sub.equal(rig.eligible, 'b')
    rig.fails('b', 3)
    sub.equal(rig.eligible, 'b')
    rig.clock.advance(10_000)
    sub.equal(rig.eligible, 'a')
    rig.setHealthy('b', false)
    rig.fails('a', 3)
    sub.equal(rig.eligible, 'a', 'the backup is down')
    sub.end()
  })

  void t.test('for requests that failed is not ended by a check of connects alone', (sub) => {
    const rig = new Rig([{}, {}])
    for (let i = 0; i < 3; i++) rig.pool.requestFailed(rig.get('a'))
    sub.equal(rig.eligible, 'b')
    rig.pool.checkPassed(rig.get('a'), new Set(['connect' as const]))
    sub.equal(rig.eligible, 'b')
    rig.pool.checkPassed(rig.get('a'), new Set(['connect' as const, 'request' as const]))
    sub.equal(rig.eligible, 'ab')
    sub.end()
  })

  void t.test('ends at once when a check passes', (sub) => {
    const rig = new Rig([{}, {}])
    rig.fails('a', 3)
    const tested: ReadonlySet<'connect' | 'request'> = new Set(['connect' as const])
    rig.pool.checkPassed(rig.get('b'), tested)
    sub.equal(rig.log.length, 1)
    rig.pool.checkPassed(rig.get('a'), tested)
    rig.pool.checkPassed(rig.get('a'), tested)
    sub.same(rig.log.slice(1), ['a back: check passed'])
    sub.equal(rig.eligible, 'ab')
    sub.equal(rig.clock.pending, 0, 'its timer is called off')
    sub.end()
  })

  void t.test('does not happen where it is switched off, but failures are counted', (sub) => {
    const rig = new Rig([{}, {}], { eject: false })
    rig.fails('a', 10)
    sub.equal(rig.eligible, 'ab')
    sub.equal(rig.get('a').connectFailures, 10)
    sub.end()
  })

  void t.test('ends at once when it is switched off', (sub) => {
    const rig = new Rig([{}, {}])
    rig.fails('a', 3)
    const rules = { queueTimeoutMs: 5_000, maxQueue: 10, whenAllDown: 'fail', slowStartMs: 0 } as const
    rig.pool.configure({ ...rules, eject: false }, undefined)
    sub.same(rig.log.slice(1), ['a back: ejection is off'])
    sub.equal(rig.eligible, 'ab')
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })

  void t.test('does not come to a backend that was removed while it was dialled', (sub) => {
    const rig = new Rig([{}, {}, {}, {}])
    const gone = rig.get('a')
    rig.pool.remove(gone)
    rig.pool.refresh()
    for (let i = 0; i < 3; i++) rig.pool.connectFailed(gone)
    sub.equal(gone.connectFailures, 3)
    sub.same(rig.log, [])
    sub.equal(rig.clock.pending, 0)
    rig.fails('b', 3)
    sub.equal(rig.log.length, 1, 'and takes no place of those that there are')
    sub.end()
  })

  void t.test('is forgotten with its backend, and at the close', (sub) => {
    const rig = new Rig([{}, {}, {}, {}])
    rig.fails('a', 3)
    rig.fails('b', 3)
    sub.equal(rig.clock.pending, 2)
    rig.pool.remove(rig.get('a'))
    sub.equal(rig.clock.pending, 1)
    rig.pool.close()
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })

  void t.test(
    'of a backend that has left takes no place of the others, nor does its success matter',
    (sub) => {
      const rig = new Rig([{}, {}, {}, {}])
      const gone = rig.get('a')
      rig.fails('a', 3)
      rig.pool.remove(gone)
      rig.pool.refresh()
      rig.fails('b', 3)
      sub.equal(rig.eligible, 'cd', 'one of the three that are left')
      rig.clock.advance(10_000)
      const returned = rig.get('b')
      rig.pool.remove(returned)
      rig.pool.connectSucceeded(returned)
      rig.pool.refresh()
      sub.equal(rig.eligible, 'cd')
      sub.end()
    },
  )
})

void test('slow start', async (t) => {
  void t.test('raises weight and limit from a tenth over the window after a recovery', (sub) => {
    const rig = new Rig([{ weight: 100, maxConnections: 50 }, { weight: 100 }], { slowStartMs: 20_000 })
    sub.equal(rig.get('a').effectiveWeight, 100, 'never at the start')
    rig.setHealthy('a', false)
    rig.setHealthy('a', true)
    sub.equal(rig.get('a').effectiveWeight, 10)
    sub.equal(rig.get('a').connectionLimit, 5)
    const shares = rig.picks(110).replaceAll(/[^a]/g, '').length
    sub.ok(shares >= 5 && shares <= 10, `${shares} of 110 while it has a tenth and room for 5`)
    rig.clock.advance(10_000)
    sub.equal(Math.round(rig.get('a').effectiveWeight), 55)
    sub.equal(rig.get('a').connectionLimit, 27)
    rig.clock.advance(10_000)
    sub.equal(rig.get('a').effectiveWeight, 100)
    sub.equal(rig.get('a').ramp, 1)
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })

  void t.test('serves those who wait as the limit rises (F15)', (sub) => {
    const rig = new Rig([{ maxConnections: 10 }], { slowStartMs: 10_000, queueTimeoutMs: 0 })
    rig.setHealthy('a', false)
    rig.setHealthy('a', true)
    rig.leases(1)
    rig.wait('x')
    rig.clock.advance(1_000)
    sub.same(rig.log, [])
    rig.clock.advance(1_000)
    sub.same(rig.log, ['x gets a'])
    sub.end()
  })

  void t.test('ends when the backend goes down again or leaves, and at the close', (sub) => {
    const rig = new Rig([{}, {}, {}], { slowStartMs: 10_000 })
    for (const id of ['a', 'b', 'c']) {
      rig.setHealthy(id, false)
      rig.setHealthy(id, true)
    }
    sub.equal(rig.clock.pending, 3)
    rig.setHealthy('a', false)
    sub.equal(rig.get('a').ramp, 1)
    sub.equal(rig.clock.pending, 2)
    rig.setHealthy('b', true)
    sub.equal(rig.clock.pending, 2, 'one ramp a backend')
    rig.pool.remove(rig.get('b'))
    sub.equal(rig.clock.pending, 1)
    rig.pool.close()
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })

  void t.test('is off by default', (sub) => {
    const rig = new Rig([{ weight: 10 }])
    rig.setHealthy('a', false)
    rig.setHealthy('a', true)
    sub.equal(rig.get('a').effectiveWeight, 10)
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })
})

function specOf(index: number, spec: Partial<BackendSpec>): BackendSpec {
  return {
    id: String.fromCharCode(97 + index),
    address: { kind: 'tcp', host: '127.0.0.1', port: 3_001 + index },
    transport: 'plain',
    weight: 1,
    backup: false,
    maxConnections: 0,
    ...spec,
  }
}
