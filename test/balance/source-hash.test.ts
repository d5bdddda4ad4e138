import * as fc from 'fast-check'
import t from 'tap'
import { hashText } from '../../src/balance/hash.ts'
import { maglevTable, TABLE_SIZE } from '../../src/balance/maglev.ts'
import { SourceHash } from '../../src/balance/source-hash.ts'
import type { Backend } from '../../src/core/backend.ts'
import { anyone, backendsOf, clientOf, countPicks, equalBackends, lease, release } from './backends.ts'

const CLIENTS = 4_000

void t.test('the same client always gets the same backend, from any balancer and in any order', (sub) => {
  const backends = backendsOf(Array.from({ length: 50 }, (_, i) => 1 + (i % 5)))
  const one = sourceHash(backends)
  const picks = picksOf(one)
  const another = picksOf(sourceHash(backends.toReversed()))
  const again = picksOf(one)
  sub.ok(picks.every((backend, i) => backend === another[i] && backend === again[i]))
  sub.end()
})

void t.test('an IPv4 client keeps its backend when it comes by an IPv6 listener', (sub) => {
  const strategy = sourceHash(equalBackends(50))
  for (let i = 0; i < 100; i++) {
    const { address } = clientOf(i)
    sub.equal(strategy.pick({ address: `::ffff:${address}` }), strategy.pick({ address }))
  }
  sub.end()
})

void t.test('clients without an address go round', (sub) => {
  const counts = new Map<string, number>()
  const strategy = sourceHash(backendsOf([1, 1, 2, 1]))
  for (let i = 0; i < 1_000; i++) {
    const id = strategy.pick({ address: '' })?.id ?? 'none'
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  for (const [id, fair] of [
    ['a', 200],
    ['b', 200],
    ['c', 400],
    ['d', 200],
  ] as const) {
    const count = counts.get(id) ?? 0
    sub.ok(Math.abs(count - fair) <= 3, `${id}: ${count} of 1000, fair is ${fair}`)
  }
  sub.end()
})

void t.test('spreads neighbouring addresses by weight', (sub) => {
  const counts = countPicks(sourceHash(backendsOf([4, 3, 2, 1])), CLIENTS)
  for (const [id, share] of [
    ['a', 0.4],
    ['b', 0.3],
    ['c', 0.2],
    ['d', 0.1],
  ] as const) {
    const count = counts.get(id) ?? 0
    sub.ok(
      Math.abs(count / CLIENTS - share) < 0.04,
      `${id}: ${count} of ${CLIENTS}, fair is ${CLIENTS * share}`,
    )
  }
  sub.end()
})

void t.test(
  'a backend that leaves moves its own clients and hardly any other, and takes them back',
  (sub) => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), (count, index) => {
        const all = equalBackends(count)
        const gone = all[index % count] as Backend
        const strategy = sourceHash(all)
        const before = picksOf(strategy)
        strategy.update(all.filter((backend) => backend !== gone))
        const between = picksOf(strategy)
        const others = before.filter((backend, i) => backend !== gone && backend !== between[i]).length
        if (others > CLIENTS * 0.015) throw new Error(`${others} of ${CLIENTS} clients of others moved`)
        strategy.update(all)
        if (picksOf(strategy).some((backend, i) => backend !== before[i]))
          throw new Error('not all are back as before')
      }),
      { numRuns: 25 },
    )
    sub.end()
  },
)

void t.test('a weight that changes moves about as many clients as it must', (sub) => {
  const backends = backendsOf([10, 10, 10, 10])
  const strategy = sourceHash(backends)
  const before = picksOf(strategy)
  ;(backends[0] as Backend).weight = 5
  strategy.update(backends)
  const moved = picksOf(strategy).filter((backend, i) => backend !== before[i]).length
  // Its share goes from 1/4 to 1/7: 10.7% must move.
  sub.ok(moved > CLIENTS * 0.08 && moved < CLIENTS * 0.16, `${moved} of ${CLIENTS} moved`)
  sub.end()
})

void t.test(
  'the clients of a full backend spread over the others, and each always goes to the same',
  (sub) => {
    const backends = equalBackends(5, 1)
    const strategy = sourceHash(backends)
    const before = picksOf(strategy)
    const full = backends[2] as Backend
    lease(strategy, full)
    const during = picksOf(strategy)
    sub.same(
      picksOf(strategy).map((backend) => backend?.id),
      during.map((backend) => backend?.id),
    )
    const refuges = new Set<Backend | undefined>()
    for (const [i, backend] of before.entries()) {
      if (backend === full) refuges.add(during[i])
      else if (backend !== during[i]) sub.fail('a client of a backend with room moved')
    }
    sub.equal(refuges.size, 4)
    release(strategy, full)
    sub.equal(
      picksOf(strategy).findIndex((backend, i) => backend !== before[i]),
      -1,
    )
    sub.end()
  },
)

void t.test('finds the one of 10,000 that has room, the same for each client', (sub) => {
  const backends = equalBackends(10_000, 1)
  const strategy = sourceHash(backends)
  for (const backend of backends) if (backend.id !== 'b7777') lease(strategy, backend)
  sub.equal(strategy.pick(anyone)?.id, 'b7777')
  sub.equal(strategy.pick(anyone, new Set([backends[7777] as Backend])), undefined)
  for (const id of [3, 4_000, 9_999]) release(strategy, backends[id] as Backend)
  for (let i = 0; i < 50; i++) sub.equal(strategy.pick(clientOf(i)), strategy.pick(clientOf(i)))
  sub.end()
})

void t.test(
  'bounded load: no backend carries more than its bound, though one client opens everything',
  (sub) => {
    const backends = backendsOf([1, 1, 1, 1, 4])
    const strategy = new SourceHash({ boundedLoad: 1.25 })
    strategy.update(backends)
    for (let open = 1; open <= 400; open++) {
      const picked = strategy.pick(anyone) as Backend
      lease(strategy, picked)
      const bound = Math.ceil((1.25 * open * picked.weight) / 8)
      if (picked.active > bound)
        sub.fail(`${picked.id} has ${picked.active} of ${open}, its bound is ${bound}`)
    }
    const home = sourceHash(backends).pick(anyone) as Backend
    sub.equal(
      home.active,
      Math.ceil((1.25 * 400 * home.weight) / 8),
      'its own backend is filled to the bound',
    )
    sub.end()
  },
)

void t.test('bounded load: sessions that end make room at home again', (sub) => {
  const backends = equalBackends(4)
  const strategy = new SourceHash({ boundedLoad: 1 })
  strategy.update(backends)
  const home = strategy.pick(anyone) as Backend
  lease(strategy, home)
  const [stranger] = equalBackends(1) as [Backend]
  lease(strategy, stranger)
  sub.not(strategy.pick(anyone), home)
  release(strategy, home)
  sub.equal(strategy.pick(anyone), home)
  sub.equal(
    strategy.pick(anyone, new Set(backends.filter((backend) => backend !== home))),
    home,
    'and one above the bound is better than none',
  )
  sub.throws(() => new SourceHash({ boundedLoad: 0.9 }), RangeError)
  sub.throws(() => new SourceHash({ boundedLoad: Number.NaN }), RangeError)
  sub.end()
})

void t.test('bounded load: a backend above its bound still serves where no other can', (sub) => {
  const [a, b] = backendsOf([1, 1]) as [Backend, Backend]
  a.active = 100
  const strategy = new SourceHash({ boundedLoad: 1.25 })
  strategy.update([a, b])
  sub.equal(strategy.pick(anyone), b)
  sub.equal(strategy.pick(anyone, new Set([b])), a)
  sub.end()
})

void t.test('bounded load: where all that remain are above their bound, clients stay at home', (sub) => {
  const backends = equalBackends(5)
  for (const backend of backends.slice(0, 3)) backend.active = 100
  const bounded = new SourceHash({ boundedLoad: 1.25 })
  bounded.update(backends)
  const free = sourceHash(backends)
  const skip = new Set(backends.slice(3))
  for (let i = 0; i < 100; i++) sub.equal(bounded.pick(clientOf(i), skip), free.pick(clientOf(i), skip))
  sub.end()
})

void t.test('a backend of hardly any weight has a place in the table', (sub) => {
  const heavy = Array.from({ length: 1_000 }, (_, i) => ({ id: `b${i}`, weight: 256 }))
  sub.ok(maglevTable([...heavy, { id: 'light', weight: 0.1 }]).includes(1_000))
  sub.end()
})

void t.test('the table is full, and by weight', (sub) => {
  sub.ok(maglevTable([]).every((entry) => entry === -1))
  const weights = [256, ...Array<number>(999).fill(1), 0.1]
  const counts = weights.map(() => 0)
  const table = maglevTable(weights.map((weight, i) => ({ id: `b${i}`, weight })))
  for (const entry of table) counts[entry] = (counts[entry] as number) + 1
  const heaviest = (counts[0] as number) / TABLE_SIZE
  sub.ok(Math.abs(heaviest - 256 / 1255.1) < 0.01, `the heavy one has ${heaviest}, fair is ${256 / 1255.1}`)
  sub.ok(counts.every((count) => count >= 1))
  sub.equal(
    counts.reduce((sum, count) => sum + count, 0),
    TABLE_SIZE,
  )
  sub.end()
})

void t.test('the hash uses all of the text from its start, and its seed', (sub) => {
  sub.equal(hashText('xxabc', at(2)), hashText('abc', at(0)))
  sub.not(hashText('abc', at(0)), hashText('abd', at(0)))
  sub.not(hashText('abc', at(0)), hashText('abc', at(0, 1)))
  const buckets = Array<number>(16).fill(0)
  for (let i = 0; i < 1_600; i++) {
    const bucket = hashText(clientOf(i).address, at(0)) % 16
    buckets[bucket] = (buckets[bucket] as number) + 1
  }
  sub.ok(
    buckets.every((count) => count > 50 && count < 150),
    buckets.join(' '),
  )
  sub.end()
})

function sourceHash(backends: readonly Backend[]): SourceHash {
  const strategy = new SourceHash()
  strategy.update(backends)
  return strategy
}

function picksOf(strategy: SourceHash): (Backend | undefined)[] {
  return Array.from({ length: CLIENTS }, (_, i) => strategy.pick(clientOf(i)))
}

function at(start: number, seed = 0): { start: number; seed: number } {
  return { start, seed }
}
