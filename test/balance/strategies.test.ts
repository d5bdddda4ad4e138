import t from 'tap'
import { SourceHash } from '../../src/balance/source-hash.ts'
import { canonicalStrategyName, strategies, strategyNames } from '../../src/balance/strategies.ts'
import { strategyContract } from '../contracts/strategy-contract.ts'

for (const name of ['round-robin', 'least-connections', 'power-of-two', 'random'] as const)
  void t.test(`${name} is a strategy`, (sub) => {
    strategyContract(sub, strategies[name])
    sub.end()
  })

void t.test('source-hash is a strategy', (sub) => {
  strategyContract(sub, strategies['source-hash'], { courses: 30 })
  sub.end()
})

void t.test('first is a strategy', (sub) => {
  strategyContract(sub, strategies.first, { spreads: false })
  sub.end()
})

void t.test('source-hash with bounded load is a strategy', (sub) => {
  strategyContract(sub, () => new SourceHash({ boundedLoad: 1.25 }), { courses: 30 })
  sub.end()
})

void t.test('the table holds every name of the documentation, and those of HAProxy', (sub) => {
  sub.same(strategyNames, [
    'round-robin',
    'least-connections',
    'power-of-two',
    'random',
    'source-hash',
    'first',
    'roundrobin',
    'leastconn',
  ])
  for (const [alias, name] of [
    ['roundrobin', 'round-robin'],
    ['leastconn', 'least-connections'],
  ] as const) {
    sub.equal(
      strategies[alias]({ random: Math.random }).constructor,
      strategies[name]({ random: Math.random }).constructor,
    )
    sub.equal(canonicalStrategyName(alias), name)
  }
  sub.equal(canonicalStrategyName('first'), 'first')
  sub.end()
})
