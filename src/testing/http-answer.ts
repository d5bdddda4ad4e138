import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How an HTTP backend answers. What is absent stays as it is without it. */
export interface HttpAnswer {
  /** Default 200. */
  readonly status?: number | undefined
  /** Waits so long before the answer. Default 0. */
  readonly delayMs?: number | undefined
  /** The body, instead of the report of the request. */
  readonly body?: string | Uint8Array | undefined
  /** A body of so many bytes, instead of the report. */
  readonly bodyBytes?: number | undefined
  /** More fields of the head. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sends the body in chunks instead of saying its length. Default false. */
  readonly chunked?: boolean | undefined
  /** Ends the connection after the answer, and says so in its head. Default false. */
  readonly close?: boolean | undefined
  /** Stops after so many bytes of the body, and resets the connection. */
  readonly cutAfterBytes?: number | undefined
  /** How it ends there: with an RST, or with a FIN as if that were all. Default `reset`. */
  readonly cutBy?: 'reset' | 'close' | undefined
  /** Never answers. Default false. */
  readonly hang?: boolean | undefined
}

const MAX_DELAY_MS = 600_000
const MAX_BODY_BYTES = 1_073_741_824
const FILLER_BYTES = 65_536

/**
 * What a request's query asks for: `?status=503&delay=100&size=1000&chunked&close&cut=10&hang`. A text says what is
 * wrong with it.
 */
export function askedAnswer(query: string): HttpAnswer | string {
  const asked = new URLSearchParams(query)
  const numbers: Record<string, number> = {}
  for (const [name, { key, least, most, what }] of NUMBERS) {
    const text = asked.get(name)
    if (text === null) continue
    const value = text === '' ? NaN : Number(text)
    if (!(value >= least && value <= most)) return `${name} must be ${what} from ${least} to ${most}\n`
    numbers[key] = value
  }
  const switches = (['chunked', 'close', 'hang'] as const).filter((name) => asked.has(name))
  return { ...numbers, ...Object.fromEntries(switches.map((name) => [name, true])) }
}

const NUMBERS = Object.entries({
  status: { key: 'status', least: 200, most: 599, what: 'a number' },
  delay: { key: 'delayMs', least: 0, most: MAX_DELAY_MS, what: 'a number of milliseconds' },
  size: { key: 'bodyBytes', least: 0, most: MAX_BODY_BYTES, what: 'a number of bytes' },
  cut: { key: 'cutAfterBytes', least: 0, most: MAX_BODY_BYTES, what: 'a number of bytes' },
})

/** Sends it, but for its delay. `report` is the body of an answer that has none of its own. */
export function sendAnswer(
  response: ServerResponse,
  answer: HttpAnswer,
  report: { readonly type: string; readonly body: string },
): void {
  if (answer.hang === true) return
  const { status = 200, bodyBytes, cutAfterBytes } = answer
  const body = answer.body ?? (bodyBytes === undefined ? report.body : undefined)
  const length = body === undefined ? (bodyBytes as number) : Buffer.byteLength(body)
  response.writeHead(status, {
    'content-type': report.type,
    ...(answer.chunked === true ? {} : { 'content-length': length }),
    ...(answer.close === true ? { connection: 'close' } : {}),
    ...answer.headers,
  })
  if (cutAfterBytes !== undefined && cutAfterBytes < length) {
    const part = body === undefined ? filler(cutAfterBytes) : Buffer.from(body).subarray(0, cutAfterBytes)
    return cut(response, part, answer.cutBy ?? 'reset')
  }
  if (body !== undefined) return void response.end(body)
  stream(response, length)
}

/** As fast as the client takes it, and never all of it at once. */
function stream(response: ServerResponse, length: number): void {
  let left = length
  const write = (): void => {
    while (left > FILLER_BYTES) {
      left -= FILLER_BYTES
      if (!response.write(filler(FILLER_BYTES))) return void response.once('drain', write)
    }
    response.end(filler(left))
  }
  write()
}

function filler(bytes: number): Buffer {
  return Buffer.alloc(bytes, 'x')
}

function cut(response: ServerResponse, part: Uint8Array, how: 'reset' | 'close'): void {
  const socket = response.socket as Socket
  const end = (): void => {
    // `resetAndDestroy` throws on a unix socket, and TLS knows no reset.
    if (how === 'reset' && socket.remotePort !== undefined && !('encrypted' in socket))
      socket.resetAndDestroy()
    else socket.destroy()
  }
  response.flushHeaders()
  // A reset right after a write loses the write: wait until the kernel has it.
  if (part.length === 0) setImmediate(end)
  else response.write(part, () => setImmediate(end))
}
