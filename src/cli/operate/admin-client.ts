import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import type { Address } from '../../core/address.ts'
import { NO_BALANCER, reasonOf, refusalOf, UnreachableError } from './admin-errors.ts'
import { parseSafely } from './safe-json.ts'

/** For an answer to come, and between two parts of it; a request that waits says how long it may. */
const PATIENCE_MS = 10_000
/** A stream that says nothing for so long has lost its other end: the balancer sends something each 15 s. */
const STREAM_PATIENCE_MS = 45_000
/** No answer of ours is longer, but for that of a server that is not ours. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024

export interface AdminRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly body?: unknown
  /** On top of the usual patience: what the request itself waits for. */
  readonly waitsMs?: number
  /** Texts as they came, for programs. Default: safe to be shown on a terminal. */
  readonly exact?: boolean
  /** A status that is an answer as well, beside 2xx. */
  readonly alsoGood?: number
}

/** Speaks to the admin API of a running balancer. */
export class AdminClient {
  readonly address: Address
  readonly #token: string | undefined

  constructor(options: { readonly address: Address; readonly token?: string | undefined }) {
    this.address = options.address
    this.#token = options.token
  }

  /**
   * The answer's JSON.
   *
   * @throws {UnreachableError}
   * @throws {RefusedError}
   */
  async ask<T>(path: string, request: AdminRequest = {}): Promise<T> {
    const { waitsMs = 0, exact = false, alsoGood } = request
    const response = await this.#send(path, { ...request, patienceMs: PATIENCE_MS + waitsMs })
    const text = await this.#readAll(response)
    const status = response.statusCode ?? 0
    if ((status >= 200 && status < 300) || status === alsoGood) return this.#parse(text, exact) as T
    throw this.#refusal(status, text)
  }

  /**
   * Lines of an answer that does not end, until `signal` aborts or the balancer ends it.
   *
   * @throws {UnreachableError} also when the connection breaks
   * @throws {RefusedError}
   */
  async *lines(path: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<string> {
    try {
      const response = await this.#send(path, { signal, patienceMs: STREAM_PATIENCE_MS })
      const { statusCode: status = 0 } = response
      if (status !== 200) throw this.#refusal(status, await this.#readAll(response))
      let rest = ''
      for await (const chunk of response.setEncoding('utf8')) {
        const parts = `${rest}${chunk as string}`.split('\n')
        rest = parts.pop() ?? ''
        yield* parts
      }
    } catch (error) {
      if (signal.aborted) return
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
      throw new UnreachableError(this.address, 'the connection broke', { cause: error })
    }
  }

  #send(
    path: string,
    { method = 'GET', body, signal, patienceMs }: AdminRequest & { signal?: AbortSignal; patienceMs: number },
  ): Promise<IncomingMessage> {
    // A length of its own, also where it is none: Node would send an empty one in chunks.
    const text = body === undefined ? undefined : JSON.stringify(body)
    const { address } = this
    const where: RequestOptions =
      address.kind === 'unix'
        ? { socketPath: address.path, host: 'localhost' }
        : { host: address.host, port: address.port }
    const headers = {
      Accept: 'application/json, text/event-stream',
      ...(this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` }),
      ...(text === undefined
        ? method === 'POST'
          ? { 'Content-Length': 0 }
          : {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
    }
    return new Promise((resolve, reject) => {
      const options = { ...where, method, path, headers, agent: false }
      const request = httpRequest({ ...options, ...(signal === undefined ? {} : { signal }) }, resolve)
      request.on('error', (error: NodeJS.ErrnoException) =>
        reject(new UnreachableError(address, reasonOf(error), { cause: error })),
      )
      request.setTimeout(patienceMs, () => request.destroy(new Error('it takes too long')))
      request.end(text)
    })
  }

  async #readAll(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    let length = 0
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        chunks.push(chunk)
        length += chunk.length
        if (length > MOST_ANSWER_BYTES) throw new Error('its answer does not end')
      }
    } catch (error) {
      throw new UnreachableError(this.address, reasonOf(error as NodeJS.ErrnoException), { cause: error })
    }
    return Buffer.concat(chunks).toString()
  }

  #parse(text: string, exact: boolean): unknown {
    try {
      return exact ? (JSON.parse(text) as unknown) : parseSafely(text)
    } catch (error) {
      throw new UnreachableError(this.address, NO_BALANCER, { cause: error })
    }
  }

  #refusal(status: number, text: string): Error {
    return refusalOf(status, this.#parse(text, false)) ?? new UnreachableError(this.address, NO_BALANCER)
  }
}
