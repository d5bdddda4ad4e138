import type { NameLook, Reply } from './name-client.ts'

/**
 * The addresses of one name, the last good ones of each family: where AAAA fails and A answers, that is an answer, but
 * the IPv6 addresses known so far stay. A family that certainly has none has none, as long as the other has some.
 */
export class HostAddresses {
  readonly name: string
  #v4: readonly string[] = []
  #v6: readonly string[] = []

  constructor(name: string) {
    this.name = name
  }

  /** In the order of their texts, IPv4 before IPv6, each once; servers like to turn the order round. */
  get ips(): readonly string[] {
    return [...this.#v4, ...this.#v6]
  }

  /** Gives how long they are good for. Rejects where neither family has any; what was known stays. */
  async look(look: NameLook): Promise<number | undefined> {
    const { v4, v6 } = await look.addresses(this.name)
    if (v4.kind !== 'found' && v6.kind !== 'found') {
      throw new Error(`${this.name}: ${(v4.kind === 'none' && v6.kind === 'failed' ? v6 : v4).reason}`)
    }
    this.#v4 = newest(v4, this.#v4)
    this.#v6 = newest(v6, this.#v6)
    return shorter(ttlOf(v4), ttlOf(v6))
  }
}

/** The lesser of two times that may not be known. */
export function shorter(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.min(one, other ?? Infinity)
}

function newest(reply: Reply<string>, known: readonly string[]): readonly string[] {
  if (reply.kind === 'found') return [...new Set<string>(reply.records)].toSorted(compareTexts)
  return reply.kind === 'failed' ? known : []
}

function ttlOf(reply: Reply<string>): number | undefined {
  return reply.kind === 'found' ? reply.ttlMs : undefined
}

/** The same everywhere, whatever the locale. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
