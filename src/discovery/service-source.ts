import type { SrvRecord } from 'node:dns'
import type { DnsSourceOptions } from './address-source.ts'
import { foundBackend } from './address-source.ts'
import { compareTexts, HostAddresses, shorter } from './host-addresses.ts'
import type { NameLook } from './name-client.ts'
import type { ServiceAddress } from './service-weights.ts'
import { sharesOf } from './service-weights.ts'
import type { Answer, Source } from './source.ts'
import { listed, tooMany } from './words.ts'

/** Targets whose addresses are asked for at the same time; a burst of a thousand questions would lose many. */
const AT_ONCE = 32

/** SRV records (RFC 2782): every address of every target is a backend, called by its address. */
export class ServiceSource implements Source {
  readonly name: string
  readonly #options: DnsSourceOptions
  /** By target, with the addresses known so far. */
  #hosts = new Map<string, HostAddresses>()

  constructor(options: DnsSourceOptions) {
    this.name = `srv ${options.name}`
    this.#options = options
  }

  async look(signal: AbortSignal): Promise<Answer> {
    const look = this.#options.client.begin(signal)
    try {
      const told = await this.#records(look)
      const records = told.filter(({ port }) => port !== 0)
      const { problems: unresolved, ttlMs } = await this.#resolveTargets(records, { look, signal })
      const problems = [...withoutPort(told), ...unresolved]
      const found = records.flatMap((record) => this.#addressesOf(record))
      if (found.length === 0) throw new Error(listed(problems))
      const shares = sharesOf(found)
      const backends = found.map((at, i) => foundBackend(at, shares[i] as (typeof shares)[0], this.#options))
      return { backends, problems, ttlMs }
    } finally {
      look.end()
    }
  }

  /** In an order of their own: servers like to turn it round. */
  async #records(look: NameLook): Promise<readonly SrvRecord[]> {
    const { name, most } = this.#options
    const reply = await look.services(name)
    if (reply.kind !== 'found') throw new Error(`${name}: ${reply.reason}`)
    // A target of "." says that the service is decidedly not there.
    const records = reply.records.filter((record) => record.name !== '' && record.name !== '.')
    if (records.length === 0) throw new Error(`${name}: the service is said not to be there (target ".")`)
    // Before anybody asks for the addresses of them all.
    if (records.length > most) throw tooMany(records.length, most)
    return records.toSorted(
      (a, b) =>
        a.priority - b.priority || compareTexts(a.name, b.name) || a.port - b.port || b.weight - a.weight,
    )
  }

  async #resolveTargets(
    records: readonly SrvRecord[],
    { look, signal }: { look: NameLook; signal: AbortSignal },
  ): Promise<{ problems: readonly string[]; ttlMs: number | undefined }> {
    const names = new Set(records.map(({ name }) => name))
    this.#hosts = new Map([...names].map((name) => [name, this.#hosts.get(name) ?? new HostAddresses(name)]))
    const left = this.#hosts.values()
    const problems: string[] = []
    let ttlMs: number | undefined
    const resolveSome = async (): Promise<void> => {
      // All of them take from one iterator.
      for (const host of left) {
        if (signal.aborted) return
        try {
          ttlMs = shorter(ttlMs, await host.look(look))
        } catch (error) {
          problems.push((error as Error).message)
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.size) }, resolveSome))
    return { problems: problems.toSorted(), ttlMs }
  }

  /** A target with several addresses shares its weight among them. */
  #addressesOf({ name, port, priority, weight }: SrvRecord): ServiceAddress[] {
    const ips = this.#hosts.get(name)?.ips ?? []
    return ips.map((ip) => ({ ip, port, name, priority, weight: weight / ips.length }))
  }
}

/** Nobody can connect to port 0. */
function withoutPort(records: readonly SrvRecord[]): readonly string[] {
  const names = new Set(records.filter(({ port }) => port === 0).map(({ name }) => name))
  return [...names].toSorted().map((name) => `${name}: its record says port 0`)
}
