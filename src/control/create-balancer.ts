import type { BalancerOptions } from '../config/options.ts'
import { resolveOptions } from '../config/resolve.ts'
import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import { randomFrom } from '../core/seed.ts'
import type { FaultBoard, FaultBoardOptions } from '../faults/fault-board.ts'
import { loadIo } from '../net/io.ts'
import { Balancer } from './balancer.ts'
import type { StartOptions } from './balancer.ts'
import { TrackedClock } from './tracked-clock.ts'

/**
 * Starts a balancer and resolves once it listens. Accepting does not wait for health checks.
 *
 * @throws {ConfigError} with every problem of the options at once.
 * @throws {ListenError} when the address cannot be had.
 */
export async function createBalancer(options: BalancerOptions): Promise<Balancer> {
  return startBalancer(resolveOptions(options), options)
}

/**
 * {@link createBalancer} for a configuration that is read already.
 *
 * @throws {ListenError} when an address cannot be had; none is listened on then.
 */
export async function startBalancer(config: Config, options: StartOptions = {}): Promise<Balancer> {
  options.signal?.throwIfAborted()
  const { clock: given = systemClock } = options
  const clock = options.assertNoLeaks === true ? new TrackedClock(given) : given
  const random = options.random ?? (options.seed === undefined ? Math.random : randomFrom(options.seed))
  const faults = config.faults === false ? undefined : await loadFaults({ clock, random })
  if (config.faults !== false) faults?.preset(config.faults)
  const balancer = new Balancer(config, { io: await loadIo(config.io), clock, random, faults }, options)
  await balancer.start(options)
  return balancer
}

/** Absent, with all that it needs, unless it is asked for. */
async function loadFaults(options: FaultBoardOptions): Promise<FaultBoard> {
  const { FaultBoard } = await import('../faults/fault-board.ts')
  return new FaultBoard(options)
}
