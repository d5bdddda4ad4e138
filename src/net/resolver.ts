import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isIPv6 } from 'node:net'
import type { Clock } from '../core/clock.ts'

/** Gives all addresses of a name, as `dns.lookup` with `all` does. */
export type Lookup = (
  host: string,
  callback: (error: NodeJS.ErrnoException | null, ips: string[]) => void,
) => void

type Answer = (ips: readonly string[] | undefined, failure: string | undefined) => void

interface Entry {
  ips: readonly string[] | undefined
  askedAt: number
  waiting: Answer[] | undefined
}

/** Names are asked for again after this long. */
const FRESH_MS = 5_000

/**
 * Host names to IP addresses, remembered. An answer older than 5 s still serves while a new one is fetched; a
 * resolver that fails or hangs leaves the last good answer in place. One question a name is under way at a time,
 * so a silent name server holds one of Node's resolver threads a name and no more.
 */
export class Resolver {
  readonly #clock: Clock
  readonly #lookup: Lookup
  readonly #entries = new Map<string, Entry>()

  constructor(options: { clock: Clock; lookup?: Lookup }) {
    this.#clock = options.clock
    this.#lookup = options.lookup ?? lookupAll
  }

  /** The addresses at hand, or undefined where the name was never resolved: then `resolve` it. */
  cached(host: string): readonly string[] | undefined {
    const entry = this.#entries.get(host)
    if (entry?.ips === undefined) return undefined
    if (entry.waiting === undefined && this.#clock.now() - entry.askedAt >= FRESH_MS) this.#ask(host, entry)
    return entry.ips
  }

  /** Asks for a name; `answer` is called once, later, with addresses or with the failure's code. */
  resolve(host: string, answer: Answer): void {
    let entry = this.#entries.get(host)
    if (entry === undefined) {
      entry = { ips: undefined, askedAt: 0, waiting: undefined }
      this.#entries.set(host, entry)
    }
    if (entry.waiting === undefined) this.#ask(host, entry)
    entry.waiting?.push(answer)
  }

  /** The same for `net.connect` and `tls.connect`. */
  readonly lookup: LookupFunction = (host, { all }, callback) => {
    const answer: Answer = (ips = [], failure) => {
      const found = ips.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
      const [first] = found
      if (first === undefined) callback(lookupError(host, failure), '', 0)
      else if (all === true) callback(null, found)
      else callback(null, first.address, first.family)
    }
    const known = this.cached(host)
    if (known === undefined) return this.resolve(host, answer)
    // It must not be called before `connect` has returned.
    process.nextTick(answer, known)
  }

  #ask(host: string, entry: Entry): void {
    entry.askedAt = this.#clock.now()
    entry.waiting = []
    this.#lookup(host, (error, ips) => {
      if (error === null && ips.length > 0) entry.ips = ips
      const waiting = entry.waiting ?? []
      entry.waiting = undefined
      const failure = entry.ips === undefined ? (error?.code ?? 'ENOTFOUND') : undefined
      for (const answer of waiting) answer(entry.ips, failure)
    })
  }
}

function lookupError(host: string, code = 'ENOTFOUND'): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ${code} ${host}`), { code })
}

const lookupAll: Lookup = (host, callback) => {
  systemLookup(host, { all: true }, (error, addresses) => {
    callback(error, error === null ? addresses.map(({ address }) => address) : [])
  })
}
