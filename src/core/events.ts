import { EventEmitter } from 'node:events'
import type { BackendMode, CheckResult } from './backend.ts'
import type { ReloadReport } from './reload-report.ts'

/**
 * Who ended a session (first letter) and when (second), as in HAProxy's termination state.
 *
 * First: `C` client, `S` backend, `P` refused by policy, `R` a resource was exhausted, `I` internal, `D` backend
 * went down, `K` killed by an operator or at the shutdown deadline, `c`/`s` timeout on that side, `L` answered by
 * us, `-` normal. Second: `R` request head, `Q` in queue, `C` connecting, `H` response head, `D` data,
 * `-` finished.
 */
export type EndCode =
  `${'C' | 'S' | 'P' | 'R' | 'I' | 'D' | 'K' | 'c' | 's' | 'L' | '-'}${'R' | 'Q' | 'C' | 'H' | 'D' | '-'}`

/** One backend that was tried for a session and did not take it. */
export interface FailedAttempt {
  readonly backend: string
  /** `ECONNREFUSED`, `timeout`, ...: short, stable, from the system or from us, never from the wire. */
  readonly reason: string
}

/** Everything that is known of a session once it is over: one log line. */
export interface SessionEnd {
  /** Counts up from 1 within one balancer. */
  readonly id: number
  readonly listener: string
  /** The client's address and port; `unix` on a unix socket, `-` for one that had reset before it was seen. */
  readonly client: string
  readonly pool: string
  /** The backend that served it; undefined when none did. */
  readonly backend: string | undefined
  /** Backends that failed before, in order. */
  readonly tried: readonly FailedAttempt[]
  readonly code: EndCode
  /** The code in words: `done`, `client-reset`, `connect-refused`, ... */
  readonly reason: string
  /** Bytes read from the client. */
  readonly bytesIn: number
  /** Bytes written to the client. */
  readonly bytesOut: number
  /** Time spent waiting for a backend with room. */
  readonly queueMs: number
  /** Time from the first dial to the connection that served, retries included. */
  readonly connectMs: number
  readonly totalMs: number
  /** Sessions still open on the listener after this one. */
  readonly listenerActive: number
  /** Sessions still open on the backend after this one. */
  readonly backendActive: number
  /** Names of the faults on purpose that touched it; empty outside tests. */
  readonly faults: readonly string[]
}

/** Everything that is known of an HTTP request once it is answered: one line of the access log. */
export interface RequestEnd {
  /** The session that it came on. */
  readonly session: number
  readonly listener: string
  readonly client: string
  readonly pool: string
  readonly backend: string | undefined
  readonly tried: readonly FailedAttempt[]
  readonly code: EndCode
  readonly reason: string
  readonly method: string
  /** Without the query. From the wire: escape it. */
  readonly path: string
  /** 0 where no answer went out. */
  readonly status: number
  readonly requestId: string
  /** `1.1` or `1.0`; empty where the request could not be read. */
  readonly version: string
  /**
   * What `Referer` and `User-Agent` said, empty where they were absent. From the wire: escape them. Looked up when read,
   * so read them while the event is handled, and only where they are wanted.
   */
  readonly referer: string
  readonly userAgent: string
  /** Bytes of the request's body. */
  readonly bytesIn: number
  /** Bytes of the response, head and body. */
  readonly bytesOut: number
  /** Those of its body alone, as they were sent: with the framing of chunks. */
  readonly bodyBytesOut: number
  readonly queueMs: number
  readonly connectMs: number
  /** From the request's head to the response's; 0 where none came. */
  readonly firstByteMs: number
  readonly totalMs: number
  /** Names of the faults on purpose that touched it; empty outside tests. */
  readonly faults: readonly string[]
}

/** Which backend an event is about. */
export interface BackendRef {
  readonly id: string
  readonly pool: string
}

/** Which fault on purpose an event is about. */
export interface FaultRef {
  readonly fault: string
  readonly type: string
}

/** Every event of a balancer: `noun:verb`, one plain object each. Listeners run synchronously; keep them short. */
export interface BalancerEvents {
  'listener:open': [{ readonly listener: string; readonly address: string }]
  /** A reload closed it; its open sessions live on. */
  'listener:close': [{ readonly listener: string; readonly address: string }]
  /** Sessions were reset because the listener was full; at most once a second, with the number since the last. */
  'listener:full': [{ readonly listener: string; readonly rejected: number; readonly maxConnections: number }]
  'session:open': [{ readonly id: number; readonly listener: string; readonly client: string }]
  'session:close': [SessionEnd]
  /** HTTP mode: a request is answered, or never will be. */
  'request:end': [RequestEnd]
  /** A connect failed and another backend is tried. `attempt` counts the attempts made so far, from 1. */
  'connect:retry': [
    BackendRef & { readonly session: number; readonly reason: string; readonly attempt: number },
  ]
  /** A fault of this machine (descriptors, ports, memory), held against no backend. At most once a second each. */
  'fault:local': [{ readonly code: string; readonly message: string }]
  'backend:up': [BackendRef & { readonly reason: string }]
  'backend:down': [BackendRef & { readonly reason: string }]
  /** Failing traffic took it out for `forMs`. */
  'backend:eject': [BackendRef & { readonly reason: string; readonly forMs: number }]
  /** An ejection ended: its time is over, or an active check passed. */
  'backend:return': [BackendRef & { readonly reason: string }]
  'backend:mode': [BackendRef & { readonly mode: BackendMode }]
  'backend:weight': [BackendRef & { readonly weight: number }]
  /** Its connection limit was changed; 0 = unlimited. */
  'backend:limit': [BackendRef & { readonly maxConnections: number }]
  'backend:add': [BackendRef & { readonly address: string }]
  'backend:remove': [BackendRef]
  /** One active check is done. */
  'backend:check': [BackendRef & { readonly result: CheckResult }]
  /** Another configuration was asked for: what changed, or why nothing did. */
  'config:reload': [ReloadReport]
  /** Where a pool's backends come from could not tell; the last good answer stays. Told once until it works again. */
  'discovery:failed': [{ readonly pool: string; readonly source: string; readonly reason: string }]
  'discovery:recovered': [{ readonly pool: string; readonly source: string }]
  /** A fault on purpose is in force from here on. `dangerous`: it changes bytes. */
  'fault:add': [FaultRef & { readonly where: string; readonly dangerous: boolean }]
  /** It is gone; it struck `hits` times. */
  'fault:remove': [FaultRef & { readonly hits: number }]
  /** All counters are back at zero. */
  'counters:reset': [{ readonly at: number }]
  /** Draining began: no new sessions once `delayMs` are over; `sessions` are open. */
  'drain:start': [{ readonly sessions: number; readonly delayMs: number; readonly timeoutMs: number }]
  /** Draining ended; `cut` sessions were reset at the deadline. */
  'drain:end': [{ readonly cut: number }]
}

export type EventName = keyof BalancerEvents

/** A typed emitter of {@link BalancerEvents}. It has no `error` event: what goes wrong has an event of its own. */
export class Events extends EventEmitter<BalancerEvents> {
  /** Whether building an event's object is worth it. */
  wants(name: EventName): boolean {
    return this.listenerCount(name) > 0
  }
}
