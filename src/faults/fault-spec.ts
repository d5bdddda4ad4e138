import type { CheckCode } from '../core/backend.ts'

/**
 * Which bytes, in Toxiproxy's words, whichever connection the fault sits on: `upstream` is what the client says to the
 * backend, `downstream` what the backend says to the client.
 */
export type FaultDirection = 'upstream' | 'downstream' | 'both'

/** What a `match` function is asked about. */
export interface FaultSubject {
  /** The session's number, as in its record. */
  readonly session: number
  /** The client's IP address; `''` on a unix socket. */
  readonly client: string
  readonly listener: string
}

/** Whom a fault concerns: all that are given must hold; none given = everybody. */
export interface FaultScope {
  readonly pool?: string | undefined
  /** A backend's id, or `pool/id`. */
  readonly backend?: string | undefined
  readonly listener?: string | undefined
  /** The client's IP address, in any spelling. */
  readonly client?: string | undefined
  /** The session's number. */
  readonly session?: number | undefined
  /** Asked once for each connection and session. Not by the admin API. */
  readonly match?: ((subject: FaultSubject) => boolean) | undefined
}

interface AnyFault extends FaultScope {
  /** Letters, digits, `.`, `_` and `-`; the name in records. Default: the type and a number. */
  readonly name?: string | undefined
  /** Strikes so often, then no more. Counts connects, checks, or connections. Default: always. */
  readonly times?: number | undefined
  /** Share of the sessions (for `health`: of the checks) that it concerns, 0 to 1. Default 1. */
  readonly toxicity?: number | undefined
}

interface FaultOfBytes extends AnyFault {
  /**
   * Which of a session's two connections it sits on. On the backend's, the balancer meets it as a trouble with the
   * backend, and in HTTP mode may retry and answers 502 or 504; on the client's, the client meets it itself. Default:
   * `client` where the scope names a listener and neither pool nor backend, else `backend`.
   */
  readonly on?: 'backend' | 'client' | undefined
  /** Default `downstream`; of `timeout`: `both`. */
  readonly direction?: FaultDirection | undefined
}

/** Connects to backends are refused. */
export interface RefuseFault extends AnyFault {
  readonly type: 'refuse'
}

/** Connects to backends never complete, as if the SYN were lost; one that still waits at the removal goes on. */
export interface ConnectTimeoutFault extends AnyFault {
  readonly type: 'connect_timeout'
}

/** Bytes and ends of streams are late by `latencyMs`, give or take `jitterMs`, and stay in order. */
export interface LatencyFault extends FaultOfBytes {
  readonly type: 'latency'
  readonly latencyMs: number
  /** Default 0. */
  readonly jitterMs?: number | undefined
}

/** At most so many bytes a second pass, on each connection. */
export interface BandwidthFault extends FaultOfBytes {
  readonly type: 'bandwidth'
  readonly bytesPerSecond: number
}

/** The end of a stream (FIN) is passed on late. */
export interface SlowCloseFault extends FaultOfBytes {
  readonly type: 'slow_close'
  readonly delayMs: number
}

/**
 * A black hole: nothing passes from now on, not even an end. After `timeoutMs` the connection breaks (ETIMEDOUT).
 * Unlike Toxiproxy's, it drops nothing: after its removal what was held passes, as TCP would send it again.
 */
export interface TimeoutFault extends FaultOfBytes {
  readonly type: 'timeout'
  /** Default 0 = for ever. */
  readonly timeoutMs?: number | undefined
}

/** The connection is reset: after a time, counted from when the fault met it, or after exactly so many bytes. */
export interface ResetPeerFault extends FaultOfBytes {
  readonly type: 'reset_peer'
  /** Default 0 = at once. */
  readonly afterMs?: number | undefined
  readonly afterBytes?: number | undefined
}

/** Bytes pass in small slices. */
export interface SlicerFault extends FaultOfBytes {
  readonly type: 'slicer'
  /** Bytes of a slice, give or take `sizeVariation`. */
  readonly averageSize: number
  /** Default 0. */
  readonly sizeVariation?: number | undefined
  /** Between two slices. Default 0. */
  readonly delayMs?: number | undefined
}

/** After exactly `bytes` the connection is closed, both ways, with a FIN: what was cut looks like an end. */
export interface LimitDataFault extends FaultOfBytes {
  readonly type: 'limit_data'
  readonly bytes: number
}

/** One direction ends (FIN) after exactly `afterBytes`; the other goes on. */
export interface HalfCloseFault extends FaultOfBytes {
  readonly type: 'half_close'
  /** Default 0 = at once. */
  readonly afterBytes?: number | undefined
}

/** Each byte has this chance to have one bit turned over. */
export interface CorruptFault extends FaultOfBytes {
  readonly type: 'corrupt'
  readonly probability: number
  /** Without this nothing is ever corrupted. */
  readonly allowCorruption: true
}

/** Health checks give this answer and the backend is not asked. */
export interface HealthFault extends Omit<AnyFault, 'listener' | 'client' | 'session' | 'match'> {
  readonly type: 'health'
  /** Default false. */
  readonly ok?: boolean | undefined
  /** Default `L7STS`, or `L7OK` where `ok`. */
  readonly code?: CheckCode | undefined
  readonly text?: string | undefined
}

/** What a fault does and to whom. */
export type FaultSpec =
  | RefuseFault
  | ConnectTimeoutFault
  | LatencyFault
  | BandwidthFault
  | SlowCloseFault
  | TimeoutFault
  | ResetPeerFault
  | SlicerFault
  | LimitDataFault
  | HalfCloseFault
  | CorruptFault
  | HealthFault

export type FaultType = FaultSpec['type']

/** Those that sit on a connection. */
export type ByteFaultSpec = Exclude<FaultSpec, RefuseFault | ConnectTimeoutFault | HealthFault>
