import type { Backend } from '../../src/core/backend.ts'

/** `ngx_http_upstream_get_peer`, word for word but for failures. */
export function nginxPicks(peers: readonly Backend[]): () => Backend | undefined {
  const current = peers.map(() => 0)
  return () => {
    let total = 0
    let best = -1
    for (const [i, peer] of peers.entries()) {
      total += peer.weight
      const mine = (current[i] as number) + peer.weight
      current[i] = mine
      if (best < 0 || mine > (current[best] as number)) best = i
    }
    if (best < 0) return undefined
    current[best] = (current[best] as number) - total
    return peers[best]
  }
}

/** The same with full and skipped backends and changing sets, in shares of the total; any of equals will do. */
export class RoundRobinScan {
  #peers: readonly Backend[] = []
  #share = new Map<Backend, number>()

  constructor(peers: readonly Backend[]) {
    this.update(peers)
  }

  update(peers: readonly Backend[]): void {
    this.#share = new Map(peers.map((peer) => [peer, this.#share.get(peer) ?? 0]))
    this.#peers = peers
  }

  check(picked: Backend | undefined, skip: ReadonlySet<Backend>): void {
    const open = this.#peers.filter((peer) => !peer.isFull && !skip.has(peer))
    if (picked === undefined) {
      if (open.length > 0) throw new Error('picked nothing')
      return
    }
    const total = open.reduce((sum, { weight }) => sum + weight, 0)
    for (const peer of open) this.#add(peer, peer.weight / total)
    const greatest = Math.max(...open.map((peer) => this.#share.get(peer) as number))
    if (!open.includes(picked) || (this.#share.get(picked) as number) < greatest - 1e-9)
      throw new Error(`picked ${picked.id}, at ${this.#share.get(picked)}, where the greatest is ${greatest}`)
    this.#add(picked, -1)
  }

  #add(peer: Backend, share: number): void {
    this.#share.set(peer, (this.#share.get(peer) as number) + share)
  }
}

/** Looks at every backend at every pick. */
export class LeastConnectionsScan {
  #lastPick = new Map<Backend, number>()
  #turn = 0

  constructor(backends: readonly Backend[]) {
    this.update(backends)
  }

  update(backends: readonly Backend[]): void {
    this.#lastPick = new Map(
      backends.map((backend) => [backend, this.#lastPick.get(backend) ?? ++this.#turn]),
    )
  }

  pick(skip: ReadonlySet<Backend>): Backend | undefined {
    const [best] = [...this.#lastPick.keys()]
      .filter((backend) => !backend.isFull && !skip.has(backend))
      .toSorted((a, b) => a.active / a.weight - b.active / b.weight || this.#age(a) - this.#age(b))
    if (best !== undefined) this.#lastPick.set(best, ++this.#turn)
    return best
  }

  #age(backend: Backend): number {
    return this.#lastPick.get(backend) as number
  }
}
