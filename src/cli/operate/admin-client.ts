import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import type { Address } from '../../core/address.ts'
import { formatAddress } from '../../core/address.ts'
import { FairleadError } from '../../core/errors.ts'
import { escapeText } from '../../log/escape-text.ts'

/** For an answer to begin; a request that waits says how long it may. */
const PATIENCE_MS = 10_000
/** No answer of ours is longer, but for that of a server that is not ours. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024

/** The admin listener of a running balancer cannot be reached, or is none. */
export class UnreachableError extends FairleadError {
  constructor(address: Address, why: string, options?: { cause?: unknown }) {
    super(
      'FAIRLEAD_UNREACHABLE',
      `no answer from a balancer at ${formatAddress(address)}: ${why}; it must run with --admin, and --admin here must say where`,
      options,
    )
  }
}

/** The balancer answered, and refused. */
export class RefusedError extends FairleadError {
  readonly status: number

  constructor(status: number, code: string, message: string) {
    super(code, message)
    this.status = status
  }
}

export interface AdminRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly body?: unknown
  /** On top of the usual patience: what the request itself waits for. */
  readonly waitsMs?: number
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
    const response = await this.#send(path, request)
    const text = await this.#readAll(response)
    const status = response.statusCode ?? 0
    const answer = this.#parse(text)
    if (status >= 200 && status < 300) return answer as T
    throw refusal(status, answer)
  }

  /**
   * Lines of an answer that does not end, until `signal` aborts or the balancer ends it.
   *
   * @throws {UnreachableError}
   * @throws {RefusedError}
   */
  async *lines(path: string, options: { readonly signal: AbortSignal }): AsyncGenerator<string> {
    const response = await this.#send(path, {}, options.signal)
    if (response.statusCode !== 200)
      throw refusal(response.statusCode ?? 0, this.#parse(await this.#readAll(response)))
    let rest = ''
    try {
      for await (const chunk of response.setEncoding('utf8')) {
        const parts = `${rest}${chunk as string}`.split('\n')
        rest = parts.pop() ?? ''
        yield* parts
      }
    } catch (error) {
      if (options.signal.aborted) return
      throw new UnreachableError(this.address, 'the connection broke', { cause: error })
    }
  }

  #send(
    path: string,
    { method = 'GET', body, waitsMs = 0 }: AdminRequest,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
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
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
    }
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { ...where, method, path, headers, agent: false, ...(signal === undefined ? {} : { signal }) },
        (response) => {
          request.setTimeout(0)
          resolve(response)
        },
      )
      request.on('error', (error: NodeJS.ErrnoException) =>
        reject(new UnreachableError(address, reasonOf(error), { cause: error })),
      )
      request.setTimeout(PATIENCE_MS + waitsMs, () => request.destroy(new Error('it took too long')))
      request.end(text)
    })
  }

  async #readAll(response: IncomingMessage): Promise<string> {
    let text = ''
    try {
      for await (const chunk of response.setEncoding('utf8')) {
        text += chunk as string
        if (text.length > MOST_ANSWER_BYTES) throw new Error('the answer does not end')
      }
    } catch (error) {
      throw new UnreachableError(this.address, (error as Error).message, { cause: error })
    }
    return text
  }

  #parse(text: string): unknown {
    try {
      return text === '' ? undefined : (JSON.parse(text) as unknown)
    } catch (error) {
      throw new UnreachableError(this.address, 'what answers there does not speak JSON', { cause: error })
    }
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'nobody listens there'
  if (error.code === 'ENOENT') return 'there is no such socket'
  return error.code ?? error.message
}

/** What the API says of an error. Anything may answer at an address, so nothing is taken on trust. */
function refusal(status: number, answer: unknown): RefusedError {
  const error = fieldOf(answer, 'error')
  const details = fieldOf(error, 'details')
  const more = (Array.isArray(details) ? details : []).map(
    (detail) => `${textOf(fieldOf(detail, 'path'), '?')}: ${textOf(fieldOf(detail, 'message'), '?')}`,
  )
  const message = [textOf(fieldOf(error, 'message'), `it answered ${status}`), ...more].join('; ')
  return new RefusedError(status, textOf(fieldOf(error, 'code'), 'FAIRLEAD_REFUSED'), escapeText(message))
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
