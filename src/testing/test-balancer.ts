import type { BalancerOptions } from '../config/options.ts'
import type { Balancer } from '../control/balancer.ts'
import { createBalancer } from '../control/create-balancer.ts'

/** What `createBalancer` takes; `listen` is a free port of 127.0.0.1 unless it is given. */
export type TestBalancerOptions = Omit<BalancerOptions, 'listen'> & Partial<Pick<BalancerOptions, 'listen'>>

/** A test that makes more events than this had better count by `snapshot()`. */
const MOST_EVENTS = 100_000
/** So that a backend which dies is down, and one that comes back is up, within milliseconds. */
const QUICK_CHECKS = { checkInterval: '50ms', fastInterval: '10ms', downInterval: '10ms' } as const

const NO_OPTIONS: Partial<TestBalancerOptions> = {}

/**
 * A balancer for a test, in one line: `await using lb = await testBalancer({ backends: [a, b] })`, where `a` and `b`
 * are fixtures, ports or whatever else `createBalancer` takes. It differs in its defaults:
 *
 * - It listens on a free port of 127.0.0.1.
 * - Health checks are off, so that nothing happens but what the test does. `check: 'tcp'` or `'http'` switches them on,
 *   with intervals of milliseconds unless they or a `clock` are given.
 * - Faults on purpose may be added: `lb.faults.add({ type: 'refuse', backend: 'a', times: 1 })`.
 * - All events are kept for `history()` and for the assertions.
 * - Choices by chance come from a `seed`: the option, else `FAIRLEAD_TEST_SEED`, else a new one. Failures name it.
 * - Closing it throws where sessions, requests, leases, connections or timers are left: `assertNoLeaks`.
 */
export function testBalancer(options: TestBalancerOptions): Promise<Balancer> {
  // In plain JavaScript it may be missing: whoever reads the options tells what must be among them.
  const { check = 'off', clock, random } = (options as TestBalancerOptions | null | undefined) ?? NO_OPTIONS
  return createBalancer({
    listen: '127.0.0.1:0',
    check,
    ...(check === 'off' || clock !== undefined ? {} : QUICK_CHECKS),
    ...(random === undefined ? { seed: process.env['FAIRLEAD_TEST_SEED'] ?? newSeed() } : {}),
    faults: true,
    history: { most: MOST_EVENTS },
    assertNoLeaks: true,
    ...options,
  })
}

/** Short enough to be typed. */
function newSeed(): number {
  return Math.floor(Math.random() * 1_000_000)
}
