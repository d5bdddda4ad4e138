import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { ReceivedRequest, UnfinishedRequest } from './http-backend.ts'

const BODY_KEPT = 65_536

/** A request whose head is here, and whose body comes. */
export class ArrivingRequest implements UnfinishedRequest {
  readonly method: string
  readonly url: string
  readonly httpVersion: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  bodyBytes = 0
  readonly #hash = createHash('sha256')
  readonly #kept: Buffer[] = []

  constructor({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage) {
    this.method = method
    this.url = url
    this.httpVersion = httpVersion
    this.headers = pairs(rawHeaders)
  }

  get body(): Buffer {
    return Buffer.concat(this.#kept)
  }

  take(chunk: Buffer): void {
    this.#hash.update(chunk)
    if (this.bodyBytes < BODY_KEPT) this.#kept.push(chunk.subarray(0, BODY_KEPT - this.bodyBytes))
    this.bodyBytes += chunk.length
  }

  /** It is here whole; to be called once. */
  whole(request: number): ReceivedRequest {
    const { method, url, httpVersion, headers, bodyBytes, body } = this
    const bodySha256 = this.#hash.digest('hex')
    return { request, method, url, httpVersion, headers, bodyBytes, bodySha256, body }
  }
}

function pairs(rawHeaders: readonly string[]): (readonly [string, string])[] {
  const result: [string, string][] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    result.push([rawHeaders[i] as string, rawHeaders[i + 1] as string])
  return result
}
