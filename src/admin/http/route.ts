import type { IncomingMessage, ServerResponse } from 'node:http'
import type * as z from 'zod'
import type { ControlPort } from '../../control/port.ts'
import type { AdminContext } from '../context.ts'
import type { Piece } from './pieces.ts'
import type { Parameters, Values } from './parameters.ts'

/** What a handler is given: everything in it has been checked. */
export interface Call<P extends Parameters = Parameters, B = unknown> {
  readonly control: ControlPort
  readonly context: AdminContext
  /** What stands for `{name}` in the path. */
  readonly path: Readonly<Record<string, string>>
  readonly query: Values<P>
  readonly body: B
  readonly request: IncomingMessage
  /** Aborts once the caller has left or the admin closes. Made when asked for: few handlers wait. */
  readonly gone: () => AbortSignal
}

/** What a handler gives back. */
export type Answer = JsonAnswer | LongAnswer | TextAnswer | StreamAnswer

interface AnswerHead {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface JsonAnswer extends AnswerHead {
  readonly json: unknown
}

/** JSON that is long: made a little at a time. */
export interface LongAnswer extends AnswerHead {
  /** Called when it is written. */
  pieces(): Iterable<Piece>
}

export interface TextAnswer extends AnswerHead {
  readonly text: string | Buffer
  /** The media type. */
  readonly type: string
}

export interface StreamAnswer extends AnswerHead {
  readonly type: string
  /** Takes the response over, its head sent: owns it from here on. `patienceMs`: how long readers may take nothing. */
  stream(response: ServerResponse, patienceMs: number): void
}

/** An answer as documented. */
export interface Documented {
  readonly description: string
  /** Of its body; absent where it is no JSON. */
  readonly schema?: z.ZodType
}

/**
 * One thing that can be asked: the only place where its path, method, parameters, documentation and handler stand.
 * Answers that many routes give (400 to 431) are documented by what the route takes.
 */
export interface RouteOf<P extends Parameters, B> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Segments in braces stand for any: `/api/v1/pools/{pool}`. */
  readonly path: string
  /** Unique; the name of the method in clients that are made of the document. */
  readonly id: string
  readonly tag: 'status' | 'backends' | 'sessions' | 'events' | 'faults' | 'process' | 'health' | 'dashboard'
  readonly summary: string
  readonly description?: string
  /** `open`: without a token. */
  readonly access?: 'open'
  /** Whatever `Host` says, for probes that send what they like. */
  readonly anyHost?: true
  /** Whether `If-Match` counts. */
  readonly matches?: true
  readonly query?: P
  readonly body?: z.ZodType<B>
  /** Media type of what it answers when all is well; default JSON. */
  readonly type?: string
  readonly answers: Readonly<Record<number, Documented>>
  handle(call: Call<P, B>): Answer | Promise<Answer>
}

export type Route = RouteOf<Parameters, unknown>

const NO_PARAMETERS = {} as const

/** Lets the compiler see in `handle` what `query` and `body` say. */
export function route<const P extends Parameters = typeof NO_PARAMETERS, B = undefined>(
  definition: RouteOf<P, B>,
): Route {
  // The router gives each handler what its own definition made, so this widening is safe.
  return definition
}
