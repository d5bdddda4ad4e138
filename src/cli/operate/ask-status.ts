import type { ProcessFacts } from '../../core/process-facts.ts'
import type { Snapshot } from '../../core/snapshot.ts'
import type { AdminClient } from './admin-client.ts'
import { NO_BALANCER, UnreachableError } from './admin-errors.ts'

/** What `GET /api/v1/status` answers. */
export type Status = Snapshot & { readonly process: ProcessFacts }

/**
 * The state of the balancer.
 *
 * @throws {UnreachableError} also where the answer is not that of a balancer
 * @throws {RefusedError}
 */
export async function askStatus(
  client: AdminClient,
  how: { readonly exact?: boolean } = {},
): Promise<Status> {
  const answer = await client.ask<unknown>('/api/v1/status', how)
  if (isStatus(answer)) return answer
  throw new UnreachableError(client.address, NO_BALANCER)
}

/** So far as it takes to tell ours from what another server says in JSON. */
function isStatus(answer: unknown): answer is Status {
  const { listeners, pools, process, at } = (answer ?? {}) as Partial<Status>
  return (
    typeof at === 'number' &&
    typeof process?.loop?.utilization === 'number' &&
    Array.isArray(listeners) &&
    Array.isArray(pools) &&
    pools.every((pool?: Partial<Status['pools'][number]>) => Array.isArray(pool?.backends))
  )
}
