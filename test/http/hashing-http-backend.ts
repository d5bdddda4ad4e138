import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { FixtureServer } from '../../src/testing/fixture-server.ts'

/** How the body of a response ends. */
export const RESPONSE_FRAMINGS = ['length', 'chunked', 'close'] as const
export type ResponseFraming = (typeof RESPONSE_FRAMINGS)[number]

/**
 * A `node:http` server that hashes what it is sent, and answers as the path says: `/<framing>/<bytes>`. `X-Got` tells
 * what came: method, bytes and hash.
 */
export async function hashingHttpBackend(): Promise<FixtureServer> {
  const server = createServer({ keepAliveTimeout: 60_000 }, receive)
  const fixture = new FixtureServer(server)
  await fixture.start()
  return fixture
}

/** The body of every response, and request, of so many bytes. */
export function bodyOf(bytes: number): Buffer {
  const known = bodies.get(bytes)
  if (known !== undefined) return known
  const body = deterministicBytes(bytes, bytes)
  bodies.set(bytes, body)
  return body
}

const bodies = new Map<number, Buffer>()

function receive(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha256')
  let bytes = 0
  request.on('error', () => undefined) // The client's end tells what happened.
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    hash.update(chunk)
  })
  request.on('end', () => {
    response.setHeader('x-got', `${request.method} ${bytes} ${hash.digest('hex')}`)
    answer(request, response)
  })
}

function answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const [, framing, bytes] = url.split('/')
  const body = bodyOf(Number(bytes))
  if (framing === 'length') response.setHeader('content-length', body.length)
  if (framing === 'chunked') response.setHeader('transfer-encoding', 'chunked')
  if (framing === 'close') {
    response.useChunkedEncodingByDefault = false
    response.shouldKeepAlive = false
  }
  response.flushHeaders() // Else it would work out a length.
  // In two pieces, so that chunked bodies have two chunks.
  if (body.length > 1) response.write(body.subarray(0, body.length >> 1))
  response.end(body.subarray(body.length > 1 ? body.length >> 1 : 0))
}
