import type { ActiveFault } from './active-fault.ts'
import { FaultGrip } from './fault-grip.ts'
import type { FaultHome } from './fault-home.ts'
import type { ByteFaultSpec } from './fault-spec.ts'
import type { FaultyConn } from './faulty-conn.ts'
import type { Lane } from './lane.ts'
import { makeToxic } from './make-toxic.ts'
import type { Toxic } from './toxic.ts'

/** A toxic, and the lane that it is in. */
interface Place {
  readonly lane: Lane
  readonly toxic: Toxic
}

/** The faults that have taken hold of one connection. */
export class FaultHolds {
  readonly #conn: FaultyConn
  readonly #home: FaultHome
  readonly #upstream: Lane
  readonly #downstream: Lane
  readonly #places = new Map<ActiveFault, readonly Place[]>()
  /** Names of those that touched it before it had a session. */
  #unnoted: string[] = []

  constructor(conn: FaultyConn, home: FaultHome, lanes: { upstream: Lane; downstream: Lane }) {
    this.#conn = conn
    this.#home = home
    this.#upstream = lanes.upstream
    this.#downstream = lanes.downstream
  }

  /** Faults came, or the connection serves another session: those that concern it take hold, the others let go. */
  reconsider(): void {
    for (const fault of this.#home.faultsOfBytes()) {
      const isHeld = this.#places.has(fault)
      const isMeant = fault.concerns(this.#conn)
      if (isMeant && !isHeld && !fault.isSpent) this.#take(fault)
      else if (!isMeant && isHeld) this.letGo(fault)
    }
  }

  /** The fault is gone, or does not concern it any more. */
  letGo(fault: ActiveFault): void {
    for (const { lane, toxic } of this.#places.get(fault) ?? []) lane.remove(toxic)
    this.#places.delete(fault)
  }

  clear(): void {
    this.#places.clear()
  }

  /** Puts a fault on the session's record. */
  note(name: string): void {
    const { session } = this.#conn
    if (session === undefined) this.#unnoted.push(name)
    else this.#home.touched(session, name)
  }

  /** Puts on record what touched it before its session was known. */
  noteUnnoted(): void {
    for (const name of this.#unnoted.splice(0)) this.note(name)
  }

  #take(fault: ActiveFault): void {
    const spec = fault.spec as ByteFaultSpec
    const grip = new FaultGrip(fault, this.#conn, this.#home.clock)
    const [up, down] = [this.#upstream, this.#downstream]
    const places: Place[] = []
    if (spec.direction !== 'downstream') places.push({ lane: up, toxic: makeToxic(spec, grip.of(1, down)) })
    if (spec.direction !== 'upstream') places.push({ lane: down, toxic: makeToxic(spec, grip.of(2, up)) })
    this.#places.set(fault, places)
    for (const { lane, toxic } of places) lane.add(toxic)
  }
}
