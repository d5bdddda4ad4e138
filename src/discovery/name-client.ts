import type { RecordWithTtl, SrvRecord } from 'node:dns'
import { getServers } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'
import type { Clock } from '../core/clock.ts'
import { wait } from '../core/clock.ts'

export interface NameClientOptions {
  /** IP addresses, with a port (`127.0.0.1:53`, `[::1]:53`) or without; none = the system's. */
  readonly nameServers: readonly string[]
  /** For one question, with all its tries. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** What the system says of a name, by files and search lists too. Default: `dns.lookup`. */
  readonly lookup?: (name: string) => Promise<readonly string[]>
}

/**
 * What became of one question. `none`: a name server says that there is nothing, so that is certain; `failed`: nobody
 * knows. Both with the reason in words.
 */
export type Reply<T> = Found<T> | NotFound

export interface Found<T> {
  readonly kind: 'found'
  readonly records: readonly T[]
  readonly ttlMs: number | undefined
}

export interface NotFound {
  readonly kind: 'none' | 'failed'
  readonly reason: string
}

/** Asks name servers. Make a {@link NameLook} for each round of questions. */
export class NameClient {
  readonly options: Required<NameClientOptions>
  #lastLookUp: Promise<unknown> = Promise.resolve()

  constructor(options: NameClientOptions) {
    this.options = { lookup: systemLookup, ...options }
  }

  /**
   * What the system says of a name; nothing where nobody wants to know any more when its turn has come. A look-up holds
   * one of Node's few threads and cannot be called off: at most one of ours is under way.
   */
  lookUp(name: string, isWanted: () => boolean): Promise<readonly string[]> {
    const found = this.#lastLookUp.then(() => (isWanted() ? this.options.lookup(name) : []))
    this.#lastLookUp = found.catch(() => undefined) // whoever asked hears of it
    return found
  }

  begin(signal: AbortSignal): NameLook {
    return new NameLook(this, signal)
  }
}

/** One round of questions. `end` it. */
export class NameLook {
  readonly #client: NameClient
  readonly #resolver: Resolver
  readonly #signal: AbortSignal
  readonly #onAbort = (): void => this.#resolver.cancel()

  constructor(client: NameClient, signal: AbortSignal) {
    const { nameServers, timeoutMs } = client.options
    this.#client = client
    // Half of the time for each try, or less where more servers want to be asked in it. A new resolver each time
    // knows of changes in /etc/resolv.conf and remembers no answer.
    const servers = nameServers.length === 0 ? getServers() : nameServers
    const tryMs = Math.max(1, Math.floor(timeoutMs / Math.max(2, servers.length)))
    this.#resolver = new Resolver({ timeout: tryMs, tries: 2 })
    if (nameServers.length > 0) this.#resolver.setServers(nameServers)
    this.#signal = signal
    signal.addEventListener('abort', this.#onAbort)
  }

  /** Calls off what is still asked. */
  end(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#resolver.cancel()
  }

  async addresses(name: string): Promise<{ readonly v4: Reply<string>; readonly v6: Reply<string> }> {
    const [v4, v6] = await Promise.all([
      this.#ask(this.#resolver.resolve4(name, { ttl: true })),
      this.#ask(this.#resolver.resolve6(name, { ttl: true })),
    ])
    const isFound = v4.kind === 'found' || v6.kind === 'found'
    // What name servers do not know may stand in /etc/hosts, or need a search list.
    const ips = isFound ? [] : await this.#lookUp(name)
    if (ips.length === 0) return { v4: addressesOf(v4), v6: addressesOf(v6) }
    return {
      v4: foundOr(
        ips.filter((ip) => !isV6(ip)),
        addressesOf(v4),
      ),
      v6: foundOr(ips.filter(isV6), addressesOf(v6)),
    }
  }

  services(name: string): Promise<Reply<SrvRecord>> {
    return this.#ask(this.#resolver.resolveSrv(name))
  }

  /** Never rejects; none where that is not known in time. */
  async #lookUp(name: string): Promise<readonly string[]> {
    const { nameServers } = this.#client.options
    if (nameServers.length > 0 || this.#signal.aborted) return []
    let isWanted = true
    const reply = await this.#ask(this.#client.lookUp(name, () => isWanted && !this.#signal.aborted))
    isWanted = false
    return reply.kind === 'found' ? reply.records : []
  }

  /** Waits for `answer` for as long as a question may take. Never rejects. */
  async #ask<T>(answer: Promise<readonly T[]>): Promise<Reply<T>> {
    const { clock, timeoutMs } = this.#client.options
    const enough = new AbortController()
    try {
      const records = await Promise.race([answer, wait(clock, timeoutMs, enough.signal)])
      if (typeof records === 'object') return replyOf(records)
      return { kind: 'failed', reason: `no answer within ${timeoutMs} ms` }
    } catch (error) {
      return failure((error as NodeJS.ErrnoException).code ?? String(error))
    } finally {
      enough.abort()
    }
  }
}

function isV6(ip: string): boolean {
  return ip.includes(':')
}

async function systemLookup(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address)
}

function addressesOf(reply: Reply<RecordWithTtl>): Reply<string> {
  if (reply.kind !== 'found') return reply
  const ttlMs = Math.min(...reply.records.map(({ ttl }) => ttl)) * 1_000
  return { kind: 'found', records: reply.records.map(({ address }) => address), ttlMs }
}

/** What is not among what was found may be there all the same, where the name servers do not know. */
function foundOr(ips: readonly string[], known: Reply<string>): Reply<string> {
  return ips.length === 0 ? known : replyOf(ips)
}

function replyOf<T>(records: readonly T[]): Reply<T> {
  if (records.length === 0) return { kind: 'none', reason: NO_RECORDS }
  return { kind: 'found', records, ttlMs: undefined }
}

const NO_RECORDS = 'there are no such records'

/** By the codes of `node:dns`. */
const CERTAIN: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such name (NXDOMAIN)',
  ENODATA: NO_RECORDS,
}
const REASONS: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the name server failed (SERVFAIL)',
  EREFUSED: 'the name server refuses to tell (REFUSED)',
  EBADRESP: 'the answer of the name server cannot be read',
  ETIMEOUT: 'no name server answered',
  ECONNREFUSED: 'no name server is there',
  ECANCELLED: 'called off',
}

function failure(code: string): Reply<never> {
  const certain = CERTAIN[code]
  return certain === undefined
    ? { kind: 'failed', reason: REASONS[code] ?? code }
    : { kind: 'none', reason: certain }
}
