import t from 'tap'
import { SourceHash } from '../../src/balance/source-hash.ts'
import { canonicalStrategyName, strategies, strategyNames } from '../../src/balance/strategies.ts'
import { strategyContract } from '../contracts/strategy-contract.ts'

for (const name of ['round-robin', 'least-connections', 'power-of-two', 'random', 'source-hash'] as const)
  t.test(`${name} is a strategy`, (t) => {
    strategyContract(t, strategies[name])
    t.end()
  })

t.test('first is a strategy', (t) => {
  strategyContract(t, strategies.first, { spreads: false })
  t.end()
})

t.test('source-hash with bounded load is a strategy', (t) => {
  strategyContract(t, () => new SourceHash({ boundedLoad: 1.25 }))
  t.end()
})

t.test('the table holds every name of the documentation, and those of HAProxy', (t) => {
  t.same(strategyNames, [
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
    const random = (): number => 0
    t.equal(strategies[alias]({ random }).constructor, strategies[name]({ random }).constructor)
    t.equal(canonicalStrategyName(alias), name)
  }
  t.equal(canonicalStrategyName('first'), 'first')
  t.end()
})
