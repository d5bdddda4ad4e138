import type { PassingPool } from '../control/take-snapshot.ts'
import { ByteText } from '../core/byte-text.ts'
import type { LiveBackend, PoolSnapshot } from '../core/snapshot.ts'
import { anything, flag, JsonFields, latencies, number, text } from './http/json-fields.ts'
import type { Piece } from './http/pieces.ts'
import { JsonPart } from './http/pieces.ts'

const REQUESTS = new JsonFields<NonNullable<LiveBackend['requests']>>({
  answers: anything,
  failed: number,
  firstByte: latencies,
  total: latencies,
})

const BACKEND = new JsonFields<LiveBackend>({
  id: text,
  address: text,
  mode: text,
  healthy: flag,
  ejected: flag,
  eligible: flag,
  weight: number,
  effectiveWeight: number,
  backup: flag,
  maxConnections: number,
  active: number,
  sessions: number,
  connectFailures: number,
  ejections: number,
  totalEjections: number,
  connectTime: latencies,
  sessionTime: latencies,
  bytesToBackend: number,
  bytesToClient: number,
  checks: number,
  failedChecks: number,
  lastCheck: anything,
  lastCheckAt: number,
  healthySince: number,
  healthReason: text,
  requests(out, requests) {
    REQUESTS.write(out, requests)
    out.text('}')
  },
})

/** A pool whose backends write themselves. */
export function writtenPool({ backends, ...pool }: PassingPool): PoolSnapshot<JsonPart> {
  return { ...pool, backends: new JsonPart(() => backendList([{ backends }])) }
}

/** Backends of all pools in one list; where a pool has a name here, each of them says that it is of it. */
export function* backendList(
  pools: Iterable<{ readonly backends: Iterable<LiveBackend>; readonly name?: string }>,
): Generator<Piece, void> {
  const out = new ByteText()
  let before = '['
  for (const { backends, name } of pools) {
    for (const backend of backends) {
      out.text(before)
      before = ','
      BACKEND.write(out, backend)
      if (name !== undefined) {
        out.text(',"pool":')
        out.quoted(name)
      }
      out.text('}')
      yield out.piece()
    }
  }
  out.text(before === '[' ? '[]' : ']')
  yield out.take()
}
