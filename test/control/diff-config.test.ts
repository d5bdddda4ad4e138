import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import t from 'tap'
import type { Config } from '../../src/config/schema.ts'
import { overlaps } from '../../src/control/address-overlap.ts'
import { applyChanges } from '../../src/control/apply-changes.ts'
import type { ConfigChange } from '../../src/control/config-change.ts'
import { describeChanges } from '../../src/control/describe-changes.ts'
import { diffConfig } from '../../src/control/diff-config.ts'
import { anyConfig, at, backendSpec, configOf, httpConfig, listenerConfig, poolConfig } from './configs.ts'

const RUNS = { numRuns: 2_000, seed: 20_261_121 }

void t.test('the difference of two configurations, applied to the first, gives the second', async (sub) => {
  fc.assert(
    fc.property(anyConfig, anyConfig, (a, b) => isDeepStrictEqual(applyChanges(a, diffConfig(a, b)), b)),
    RUNS,
  )
  sub.pass('for 2,000 pairs')
})

void t.test('a configuration does not differ from itself, read once more', async (sub) => {
  fc.assert(
    fc.property(anyConfig, (a) => diffConfig(a, structuredCloneOf(a)).length === 0),
    RUNS,
  )
  sub.pass('for 2,000 configurations')
})

void t.test('nothing that is equal in both is touched', async (sub) => {
  fc.assert(
    fc.property(anyConfig, anyConfig, (a, b) => diffConfig(a, b).every(isReal)),
    RUNS,
  )
  sub.pass('for 2,000 pairs')
})

/** Whether a change changes something, and names no backend that is equal in both. */
function isReal(change: ConfigChange): boolean {
  switch (change.kind) {
    case 'pool:change': {
      const { added, removed, changed, order } = change.backends
      const hasBackends = added.length + removed.length + changed.length > 0 || order !== undefined
      return (
        (change.hasNewSettings || hasBackends) &&
        changed.every(({ before, after }) => before.id === after.id && !isDeepStrictEqual(before, after))
      )
    }
    case 'listener:change':
      return !isDeepStrictEqual(change.before, change.after)
    default:
      return true
  }
}

/** Another object of the same values; functions and sets stay. */
function structuredCloneOf(config: Config): Config {
  return {
    ...config,
    listeners: config.listeners.map((listener) => ({ ...listener, address: { ...listener.address } })),
    pools: config.pools.map((pool) => ({
      ...pool,
      backends: pool.backends.map((spec) => ({ ...spec, address: { ...spec.address } })),
    })),
  }
}

void t.test('a listener of a new name at the old address is the same listener', async (sub) => {
  const before = configOf([listenerConfig('old', { pool: 'p' })], [poolConfig('p')])
  const after = configOf([listenerConfig('new', { pool: 'p' })], [poolConfig('p')])
  const changes = diffConfig(before, after)
  sub.same(
    changes.map(({ kind }) => kind),
    ['listener:change'],
  )
  sub.match(changes[0], { isMoved: false })
})

void t.test('two listeners that change places are both moved', async (sub) => {
  const before = configOf(
    [listenerConfig('a', { address: at(1) }), listenerConfig('b', { address: at(2) })],
    [],
  )
  const after = configOf(
    [listenerConfig('a', { address: at(2) }), listenerConfig('b', { address: at(1) })],
    [],
  )
  sub.same(
    diffConfig(before, after).map((change) => change.kind === 'listener:change' && change.isMoved),
    [true, true],
  )
})

void t.test('changes are told in the words of the configuration, one line each', async (sub) => {
  const before = configOf(
    [
      listenerConfig('web', { pool: 'p' }),
      listenerConfig('gone', { address: { kind: 'unix', path: '/run/x' } }),
    ],
    [
      poolConfig('p', { backends: [backendSpec('a', 1), backendSpec('b', 2)], retries: 3 }),
      poolConfig('old'),
    ],
  )
  const after = configOf(
    [
      listenerConfig('web', { pool: 'p', idleTimeoutMs: 60_000, http: httpConfig }),
      listenerConfig('more', { address: { kind: 'tcp', host: '127.0.0.1', port: 9 } }),
    ],
    [
      poolConfig('p', {
        backends: [backendSpec('c', 3), backendSpec('a', 1, { weight: 5 })],
        retries: 1,
        strategy: 'first',
        check: { ...poolConfig('p').check, intervalMs: 5_000 },
        stickiness: { kind: 'cookie', name: 'x' },
      }),
      poolConfig('new', { backends: [backendSpec('z', 1)] }),
    ],
    {
      shutdownTimeoutMs: 10_000,
      admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 1 }, token: 'secret', hosts: [] },
    },
  )
  sub.same(describeChanges(diffConfig(before, after)), [
    'pool p: balance round-robin is now first',
    'pool p: retries 3 is now 1',
    'pool p: checkInterval 2s is now 5s',
    'pool p: sticky changed',
    'pool p: backend c (127.0.0.1:3) added',
    'pool p: backend b removed',
    'pool p: backend a: weight 1 is now 5',
    'pool p: backends are in another order',
    'pool new added with 1 backend',
    'pool old removed',
    'listener web: idleTimeout 1h is now 1m',
    'listener web: mode tcp is now http',
    'listener more added on 127.0.0.1:9',
    'listener gone removed from unix:/run/x',
    'shutdown.timeout 30s is now 10s',
    'admin changed',
  ])
})

void t.test(
  'addresses are in each other’s way by port, and by host unless one is all interfaces or a name',
  async (sub) => {
    sub.ok(overlaps(at(80, '127.0.0.1'), at(80, '0.0.0.0')))
    sub.ok(overlaps(at(80, '::'), at(80, '127.0.0.1')))
    sub.ok(overlaps(at(80, '127.0.0.1'), at(80, '127.0.0.1')))
    sub.notOk(overlaps(at(80, '127.0.0.1'), at(80, '127.0.0.2')))
    sub.ok(overlaps(at(80, '127.0.0.1'), at(80, 'localhost')))
    sub.notOk(overlaps(at(80, '::'), at(81, '::')))
    sub.notOk(overlaps(at(0, '::'), at(0, '::')))
    sub.ok(overlaps({ kind: 'unix', path: '/a' }, { kind: 'unix', path: '/a' }))
    sub.notOk(overlaps({ kind: 'unix', path: '/a' }, { kind: 'unix', path: '/b' }))
    sub.notOk(overlaps({ kind: 'unix', path: '/a' }, at(80, '::')))
  },
)
