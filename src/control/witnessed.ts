import type { PastEvent } from '../core/event-history.ts'
import type { EventName } from '../core/events.ts'
import { Events } from '../core/events.ts'
import type { EventData, EventMatch, WaitForOptions, Witness } from './witness.ts'

/** The part of a balancer that tests use: to wait for what happens to it, and to look back at it. */
export abstract class Witnessed extends Events {
  protected abstract readonly witness: Witness

  /**
   * Waits for the next event of a kind that matches, and gives its object: call it before what triggers the event,
   * await it after. `match`: fields that it must have, or a function; default any. It is refused at once where such an
   * event cannot come (`backend:down` while checks are off).
   *
   * @throws {WaitTimeoutError} whose message holds the state and the latest events. Also ends with the balancer.
   */
  waitFor<Name extends EventName>(
    name: Name,
    match?: EventMatch<Name>,
    options?: WaitForOptions,
  ): Promise<EventData<Name>> {
    return this.witness.waitFor(name, match, options)
  }

  /**
   * Waits until no session is open, no lease held and nothing queued. In HTTP mode a connection between two requests
   * counts as idle.
   *
   * @param options.timeoutMs in real time, default 5 s.
   * @throws {WaitTimeoutError} whose message tells what is still busy.
   */
  waitForIdle(options?: { timeoutMs?: number }): Promise<void> {
    return this.witness.waitForIdle(options)
  }

  /**
   * What has happened so far, oldest first.
   * @throws {FairleadError} where the option `history` is off.
   */
  history(): readonly PastEvent[] {
    return this.witness.history()
  }

  /** State, seed and latest events, as lines for people: the message of a failed assertion. */
  describe(): string {
    return this.witness.describe()
  }
}
