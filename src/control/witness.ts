import { inspect, isDeepStrictEqual } from 'node:util'
import { quote } from '../config/invalid-value.ts'
import { nearestName } from '../config/nearest-name.ts'
import type { BalancerOptions } from '../config/options.ts'
import type { Config } from '../config/schema.ts'
import { ClosedError, FairleadError, WaitTimeoutError } from '../core/errors.ts'
import type { Leak } from '../core/errors.ts'
import { EventHistory } from '../core/event-history.ts'
import type { PastEvent } from '../core/event-history.ts'
import { EVENT_NAMES } from '../core/event-names.ts'
import type { BalancerEvents, EventName } from '../core/events.ts'
import type { Snapshot } from '../core/snapshot.ts'
import type { DataPlane } from './data-plane.ts'
import { assertMs } from './assert-ms.ts'
import { describeBalancer } from './describe-balancer.ts'
import { busyThings, closeAssertingNoLeaks, leftThings } from './leaks.ts'
import type { LeakParts } from './leaks.ts'
import { TrackedClock } from './tracked-clock.ts'

/** An event's object. */
export type EventData<Name extends EventName> = BalancerEvents[Name][0]

/** Which events of a kind are meant: those whose fields are these, or those for which the function says so. */
export type EventMatch<Name extends EventName> =
  Partial<EventData<Name>> | ((data: EventData<Name>) => boolean)

export interface WaitForOptions {
  /** In real time, whatever the balancer's clock says; default 5 s. */
  readonly timeoutMs?: number | undefined
  /**
   * `now` (default): only what happens from the call on, so call it before what triggers the event. `start`: the first
   * one since the balancer was made; needs `history`.
   */
  readonly since?: 'now' | 'start' | undefined
}

/** What tests ask of a balancer, as its options say it. */
export type TestOptions = Pick<BalancerOptions, 'history' | 'seed' | 'assertNoLeaks'>

export interface WitnessOptions {
  readonly plane: DataPlane
  readonly config: () => Config
  readonly snapshot: () => Snapshot
  readonly test: TestOptions
}

const TIMEOUT_MS = 5_000
const LOOK_MS = 2
const CHECK_EVENTS: readonly string[] = ['backend:up', 'backend:down', 'backend:check']

/** Sees what happens to a balancer, for tests that wait for it or look back at it. */
export class Witness {
  readonly #options: WitnessOptions
  readonly #history: EventHistory | undefined
  readonly #waiting = new Set<(error: Error) => void>()
  #closed = false

  constructor(options: WitnessOptions) {
    this.#options = options
    const { history } = options.test
    if (history === undefined || history === false) return
    const most = history === true ? undefined : history.most
    this.#history = this.#keep(most)
  }

  /** @throws {FairleadError} where none is kept. */
  history(): readonly PastEvent[] {
    if (this.#history !== undefined) return this.#history.since()
    throw new FairleadError(
      'FAIRLEAD_NO_HISTORY',
      'no history is kept: create the balancer with history: true',
    )
  }

  /** State and latest events, as lines. */
  describe(): string {
    return this.#report(this.#history?.since() ?? [])
  }

  waitFor<Name extends EventName>(
    name: Name,
    match: EventMatch<Name> = {},
    options: WaitForOptions = {},
  ): Promise<EventData<Name>> {
    const promise = this.#find(name, match, options)
    // A test that has failed elsewhere closes the balancer, and never comes to await this.
    promise.catch(() => undefined)
    return promise
  }

  async waitForIdle({ timeoutMs = TIMEOUT_MS }: { timeoutMs?: number | undefined } = {}): Promise<void> {
    assertMs('timeoutMs', timeoutMs)
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const busy = this.#busy()
      if (busy.length === 0) return
      if (performance.now() >= deadline) {
        const list = busy.map(({ kind, text }) => `\n  ${kind} ${text}`).join('')
        throw new WaitTimeoutError(
          `the balancer to be idle; still busy:${list}\n${this.describe()}`,
          timeoutMs,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  /** @throws {LeakError} */
  closeAssertingNoLeaks(close: () => Promise<void>): Promise<void> {
    return closeAssertingNoLeaks({
      busy: () => this.#busy(),
      left: () => this.#left(),
      describe: () => this.describe(),
      close,
    })
  }

  /** Ends every wait: nothing more will come. */
  close(): void {
    this.#closed = true
    for (const fail of this.#waiting) fail(new ClosedError())
  }

  #keep(most?: number): EventHistory {
    const { events, clock } = this.#options.plane.means
    const wallTime = (): number => clock.wallTime()
    return new EventHistory({ events, wallTime, names: EVENT_NAMES, ...(most === undefined ? {} : { most }) })
  }

  async #find<Name extends EventName>(
    name: Name,
    match: EventMatch<Name>,
    options: WaitForOptions,
  ): Promise<EventData<Name>> {
    const { timeoutMs = TIMEOUT_MS, since = 'now' } = options
    assertMs('timeoutMs', timeoutMs)
    if (since === 'start') {
      const past = this.history().find((event) => event.name === name && matches(event.data, match))
      if (past !== undefined) return past.data
    }
    this.#refuseVainWait(name)
    return this.#next(name, match, timeoutMs)
  }

  #refuseVainWait(name: EventName): void {
    if (this.#closed) throw new ClosedError()
    if (!EVENT_NAMES.includes(name)) throw noSuchEvent(name)
    if (!CHECK_EVENTS.includes(name)) return
    if (this.#options.config().pools.some(({ check }) => check.kind !== 'off')) return
    throw new FairleadError(
      'FAIRLEAD_WAIT_IN_VAIN',
      `${name} never comes: checks are off; switch them on with check`,
    )
  }

  #next<Name extends EventName>(
    name: Name,
    match: EventMatch<Name>,
    timeoutMs: number,
  ): Promise<EventData<Name>> {
    // What happens while somebody waits is told when it fails, also where nobody wanted a history.
    const history = this.#history ?? this.#keep()
    return new Promise<EventData<Name>>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(fail)
        stop()
        if (history !== this.#history) history.close()
        finish()
      }
      const fail = (error: Error): void => settle(() => reject(error))
      const stop = history.follow((event) => {
        if (event.name !== name) return
        const data = event.data as EventData<Name>
        try {
          if (matches(data, match)) settle(() => resolve(data))
        } catch (error) {
          fail(error as Error)
        }
      })
      const timer = setTimeout(() => fail(this.#timedOut(name, match, { history, timeoutMs })), timeoutMs)
      this.#waiting.add(fail)
    })
  }

  #timedOut<Name extends EventName>(
    name: Name,
    match: EventMatch<Name>,
    facts: { history: EventHistory; timeoutMs: number },
  ): WaitTimeoutError {
    const which = typeof match === 'function' ? ' that matches' : ` ${textOf(match)}`
    const report = this.#report(facts.history.since(), name)
    return new WaitTimeoutError(`${name}${which === ' {}' ? '' : which}\n${report}`, facts.timeoutMs)
  }

  #report(past: readonly PastEvent[], asked?: EventName): string {
    const { snapshot, test } = this.#options
    return describeBalancer(snapshot(), { past, seed: test.seed, asked })
  }

  #busy(): Leak[] {
    return busyThings(this.#parts())
  }

  #left(): Leak[] {
    const { wheel, means } = this.#options.plane
    const timers = means.clock instanceof TrackedClock ? means.clock.armed : []
    return leftThings({ ...this.#parts(), deadlines: wheel.armed, timers })
  }

  #parts(): LeakParts {
    const { allListeners: listeners, pools, means } = this.#options.plane
    return { listeners, pools, now: means.clock.now() }
  }
}

function noSuchEvent(name: unknown): FairleadError {
  const nearest = typeof name === 'string' ? nearestName(name, EVENT_NAMES) : undefined
  const hint = nearest === undefined ? `there are: ${EVENT_NAMES.join(', ')}` : `did you mean ${nearest}?`
  return new FairleadError('FAIRLEAD_WAIT_IN_VAIN', `${quote(name)} never comes: it is no event; ${hint}`)
}

/** The message of a wait that was in vain must not be what throws: JSON knows no BigInt, and no circles. */
function textOf(match: object): string {
  try {
    return JSON.stringify(match)
  } catch {
    return inspect(match, { breakLength: Infinity, customInspect: false })
  }
}

function matches<Name extends EventName>(data: EventData<Name>, match: EventMatch<Name>): boolean {
  if (typeof match === 'function') return match(data)
  const facts = data as unknown as Readonly<Record<string, unknown>>
  return Object.entries(match).every(([key, value]) => isDeepStrictEqual(facts[key], value))
}
