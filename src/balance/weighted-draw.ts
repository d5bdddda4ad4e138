import type { Backend } from '../core/backend.ts'
import { Members } from './members.ts'

/**
 * Draws a backend with room by weight, in logarithmic time however many are full.
 *
 * A tree of sums: leaf `i` holds the weight of slot `i`, or 0 while it cannot be drawn; each node above holds the
 * sum of its two children. Sums are always added up anew, never adjusted, so that fractional weights do not drift.
 */
export class WeightedDraw {
  #members = new Members([])
  /** Node 1 is the root, the children of node n are 2n and 2n+1, the leaves are the second half. */
  #sums = new Float64Array(2)
  readonly #hidden: number[] = []

  /** The set, a weight or a limit changed. */
  update(eligible: readonly Backend[]): void {
    this.#members = new Members(eligible)
    const { list, size } = this.#members
    let leaves = 1
    while (leaves < size) leaves *= 2
    const sums = new Float64Array(2 * leaves)
    for (let slot = 0; slot < size; slot++) sums[leaves + slot] = openWeight(list[slot] as Backend)
    for (let node = leaves - 1; node > 0; node--) sums[node] = sumBelow(sums, node)
    this.#sums = sums
  }

  /** A backend may have become full, or have room again. */
  changed(backend: Backend): void {
    const slot = this.#members.slotOf(backend)
    if (slot < 0) return
    const weight = openWeight(backend)
    if (this.#leaf(slot) !== weight) this.#setLeaf(slot, weight)
  }

  /** Keeps `backend` from being drawn until {@link unhide}. */
  hide(backend: Backend): void {
    const slot = this.#members.slotOf(backend)
    if (slot < 0 || this.#leaf(slot) === 0) return
    this.#setLeaf(slot, 0)
    this.#hidden.push(slot)
  }

  /** Hides all of `skip`. */
  hideAll(skip: ReadonlySet<Backend> | undefined): void {
    if (skip === undefined || skip.size === 0) return
    for (const backend of skip) this.hide(backend)
  }

  /** Ends every {@link hide}. */
  unhide(): void {
    for (let slot = this.#hidden.pop(); slot !== undefined; slot = this.#hidden.pop())
      this.#setLeaf(slot, openWeight(this.#members.at(slot)))
  }

  /**
   * The backend at the share `point` of the whole weight, in [0, 1); a uniform `point` draws each by its weight.
   * `undefined` when none can be drawn.
   */
  draw(point: number): Backend | undefined {
    const sums = this.#sums
    const total = sums[1] as number
    if (total === 0) return undefined
    const leaves = sums.length / 2
    let rest = point * total
    let node = 1
    while (node < leaves) {
      node *= 2
      const left = sums[node] as number
      // Rounding may carry `rest` past the last weight: never step into an empty half.
      if (rest < left || sums[node + 1] === 0) continue
      rest -= left
      node++
    }
    return this.#members.at(node - leaves)
  }

  /** What can be drawn of those outside `skip`, with the weight that it is drawn by. */
  weights(skip: ReadonlySet<Backend> | undefined): Map<Backend, number> {
    const open = this.#members.list.filter(
      (backend) => skip?.has(backend) !== true && openWeight(backend) > 0,
    )
    return new Map(open.map((backend) => [backend, openWeight(backend)]))
  }

  #leaf(slot: number): number {
    return this.#sums[this.#sums.length / 2 + slot] as number
  }

  #setLeaf(slot: number, weight: number): void {
    const sums = this.#sums
    let node = sums.length / 2 + slot
    sums[node] = weight
    for (node >>= 1; node > 0; node >>= 1) sums[node] = sumBelow(sums, node)
  }
}

export function sumOf(numbers: Iterable<number>): number {
  let sum = 0
  for (const number of numbers) sum += number
  return sum
}

function openWeight(backend: Backend): number {
  return backend.isFull ? 0 : backend.effectiveWeight
}

function sumBelow(sums: Float64Array, node: number): number {
  return (sums[2 * node] as number) + (sums[2 * node + 1] as number)
}
