import * as z from 'zod'
import { CHECK_CODES, type CheckResult } from '../core/backend.ts'
import type { FailedAttempt } from '../core/events.ts'
import type { Explanation } from '../core/explanation.ts'
import type { ProcessFacts } from '../core/process-facts.ts'
import type { ReloadReport } from '../core/reload-report.ts'
import type {
  BackendSnapshot,
  LatencySnapshot,
  ListenerSnapshot,
  PoolSnapshot,
  RequestsSnapshot,
  SessionSnapshot,
} from '../core/snapshot.ts'
import type { Status } from './status.ts'

/** What has a name in the OpenAPI document. */
export const named = z.registry<{ id: string }>()

/** `T` after `JSON.stringify`: what was undefined is absent. The compiler compares each schema with its type. */
type Json<T> = T extends string | number | boolean | null
  ? T
  : T extends readonly (infer E)[]
    ? readonly Json<E>[]
    : { [K in keyof T as undefined extends T[K] ? never : K]: Json<T[K]> } & {
        [K in keyof T as undefined extends T[K] ? K : never]?: Json<Exclude<T[K], undefined>> | undefined
      }
type Of<T> = z.ZodType<Json<T>>

const count = z.int().min(0)
const ms = z.number().min(0)
const counts = z.record(z.string(), count)
const traffic = z.enum(['tcp', 'http'])
const wallTime = z.number().describe('Milliseconds since 1970.')

export const mode = z
  .enum(['ready', 'drain', 'maint'])
  .describe('`drain`: no new clients, open sessions live on. `maint`: also no checks.')
  .register(named, { id: 'Mode' })

const failedAttempt = z.object({ backend: z.string(), reason: z.string() }) satisfies Of<FailedAttempt>

const latency = z
  .object({
    boundsMs: z.array(z.number()).describe('Upper bounds of the buckets.'),
    counts: z.array(count).describe('Not cumulated; one more than there are bounds.'),
    sumMs: ms,
  })
  .register(named, { id: 'Latency' }) satisfies Of<LatencySnapshot>

const requests = z
  .object({
    answers: z.record(z.string(), count).describe('By class: `{ "2xx": 41, "5xx": 1 }`.'),
    failed: count.describe("Ended without a whole answer, by the backend's fault."),
    firstByte: latency,
    total: latency,
  })
  .register(named, { id: 'Requests' }) satisfies Of<RequestsSnapshot>

const checkResult = z
  .object({ ok: z.boolean(), code: z.enum(CHECK_CODES), text: z.string(), durationMs: ms })
  .register(named, { id: 'CheckResult' }) satisfies Of<CheckResult>

export const backend = z
  .object({
    id: z.string(),
    address: z.string(),
    mode,
    healthy: z.boolean(),
    ejected: z.boolean().describe('Taken out by failing traffic, for a while.'),
    eligible: z.boolean().describe('May be picked for a new session right now (it may still be full).'),
    weight: z.int().min(0).max(256),
    effectiveWeight: z.number().describe('Less than `weight` while it comes back slowly.'),
    backup: z.boolean(),
    maxConnections: count.describe('0 = unlimited.'),
    active: count.describe('Open sessions.'),
    sessions: count,
    connectFailures: count,
    ejections: count.describe('In a row; sets how long the next one lasts.'),
    totalEjections: count,
    connectTime: latency.describe('Of connects that succeeded.'),
    sessionTime: latency.describe('TCP mode: of whole sessions.'),
    bytesToBackend: count,
    bytesToClient: count,
    checks: count,
    failedChecks: count,
    lastCheck: checkResult.optional(),
    lastCheckAt: wallTime.optional(),
    healthySince: wallTime,
    healthReason: z.string().describe('Why it changed then; absent while it is as it began.').optional(),
    requests: requests.optional(),
  })
  .register(named, { id: 'Backend' }) satisfies Of<BackendSnapshot>

export const pool = z
  .object({
    name: z.string(),
    strategy: z.string(),
    modes: z.array(traffic).describe('Of the listeners that send to it.'),
    queued: count.describe('Sessions that wait for a backend with room.'),
    retries: count,
    replays: count.describe('HTTP requests that were sent once more.'),
    queueTime: latency.describe('How long those waited that had to.'),
    queueFailures: z
      .object({ timeout: count, 'no-backend': count, full: count, 'client-left': count })
      .describe('Those that waited in vain, or found the queue full.'),
    backends: z.array(backend),
  })
  .register(named, { id: 'Pool' }) satisfies Of<PoolSnapshot>

const listener = z
  .object({
    name: z.string(),
    address: z.string(),
    pool: z.string(),
    mode: traffic,
    active: count,
    accepted: count,
    rejected: count,
    maxConnections: count,
    ends: z.record(z.string(), count).describe('Ended sessions by two-letter code.'),
    requests: z
      .object({ ends: counts, answers: counts, unanswered: count })
      .describe('HTTP mode: requests by end code, answers by class of status.')
      .optional(),
  })
  .register(named, { id: 'Listener' }) satisfies Of<ListenerSnapshot>

const processFacts = z
  .object({
    version: z.string(),
    node: z.string(),
    pid: z.int(),
    startedAt: ms,
    uptimeMs: ms,
    openDescriptors: count,
    descriptorLimit: count.optional(),
    cpuUserMs: ms,
    cpuSystemMs: ms,
    memory: z.object({
      residentBytes: count,
      heapUsedBytes: count,
      heapTotalBytes: count,
      externalBytes: count,
    }),
    loop: z
      .object({ lagP50Ms: ms, lagP99Ms: ms, lagMaxMs: ms, utilization: z.number().min(0) })
      .describe('How late the event loop was in the last 10 to 20 s.'),
  })
  .register(named, { id: 'Process' }) satisfies Of<ProcessFacts>

export const status = z
  .object({
    at: wallTime,
    startedAt: wallTime,
    state: z.enum(['running', 'draining', 'closed']),
    version: z
      .int()
      .describe(
        'Grows with every commanded change: modes, weights, limits, backends, reloads. Begins with the time of the start, in ms. The ETag.',
      ),
    reloads: z.object({ succeeded: count, failed: count, lastOk: z.boolean(), lastOkAt: wallTime }),
    listeners: z.array(listener),
    pools: z.array(pool),
    process: processFacts,
    faults: count.optional().describe('Faults on purpose in force; absent unless they are switched on.'),
  })
  .register(named, { id: 'Status' }) satisfies Of<Status>

export const session = z
  .object({
    id: z.int(),
    listener: z.string(),
    client: z.string(),
    pool: z.string(),
    backend: z
      .string()
      .optional()
      .describe('Absent while it queues, connects, or waits between two HTTP requests.'),
    tried: z.array(failedAttempt).describe('Backends that failed before, in order.'),
    bytesIn: count,
    bytesOut: count,
    queueMs: ms,
    connectMs: ms,
    ageMs: ms,
  })
  .register(named, { id: 'Session' }) satisfies Of<SessionSnapshot>

export const reloadReport = z
  .object({
    at: wallTime,
    ok: z.boolean().describe('False: nothing was changed, and `problems` say why.'),
    changes: z.array(z.string()),
    problems: z.array(z.string()),
    needsRestart: z.array(z.string()),
  })
  .register(named, { id: 'ReloadReport' }) satisfies Of<ReloadReport>

export const explanation = z
  .object({
    listener: z.string(),
    pool: z.string().optional().describe('Absent: no route takes such a request.'),
    route: z.string().optional(),
    strategy: z.string().optional(),
    backend: z.string().optional().describe('Absent: none, or one of several by chance.'),
    summary: z.string(),
    backends: z.array(
      z.object({
        id: z.string(),
        chance: z.number().min(0).max(1).optional().describe('Absent: the strategy cannot tell.'),
        verdict: z.enum([
          'picked',
          'possible',
          'maint',
          'drain',
          'weight-0',
          'down',
          'ejected',
          'backup-not-needed',
          'full',
          'not-its-turn',
        ]),
        reason: z.string(),
      }),
    ),
  })
  .register(named, { id: 'Explanation' }) satisfies Of<Explanation>

export const apiError = z
  .object({
    error: z.object({
      code: z.string().describe('Stable; `FAIRLEAD_...`.'),
      message: z.string(),
      details: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    }),
  })
  .register(named, { id: 'Error' })
