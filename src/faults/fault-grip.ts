import type { Clock } from '../core/clock.ts'
import type { Session } from '../net/session.ts'
import type { ActiveFault } from './active-fault.ts'
import type { FaultyConn } from './faulty-conn.ts'
import type { Lane } from './lane.ts'
import type { Grip } from './toxic.ts'

/** One fault's hold on one connection: counts a strike once for each session that the connection serves. */
export class FaultGrip {
  readonly #fault: ActiveFault
  readonly #conn: FaultyConn
  readonly #clock: Clock
  #answer: boolean | undefined = undefined
  #askedFor: Session | undefined = undefined

  constructor(fault: ActiveFault, conn: FaultyConn, clock: Clock) {
    this.#fault = fault
    this.#conn = conn
    this.#clock = clock
  }

  /** The same for one of the two directions, whose `other` is this lane. */
  of(purpose: number, other: Lane): Grip {
    return {
      clock: this.#clock,
      random: this.#fault.randomFor(this.#conn.key, purpose),
      strike: () => this.#strike(),
      break: (code) => this.#conn.break(code),
      shutOther: () => other.shut(),
    }
  }

  #strike(): boolean {
    const { session } = this.#conn
    const isAnother = this.#askedFor !== undefined && session !== this.#askedFor
    if (this.#answer === undefined || isAnother) this.#answer = this.#fault.claim()
    this.#askedFor = session
    if (this.#answer) this.#conn.holds.note(this.#fault.name)
    return this.#answer
  }
}
