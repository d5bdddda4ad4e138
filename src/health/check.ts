import type { Address } from '../core/address.ts'
import type { CheckCode, CheckResult } from '../core/backend.ts'
import { CHECK_CODES } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Probe, ProbeResult } from '../core/probe.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import { WheelEntry } from '../core/timer-wheel.ts'
import { errorText, isOurFault } from './attempt.ts'

export interface CheckOptions {
  readonly probe: Probe
  readonly address: Address
  /** 0 = never. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly wheel: TimerWheel
  /** Called once, never from within `start`; not called after `cancel`. */
  readonly onDone: (outcome: CheckResult | LocalFault) => void
}

/** The check could not be made, and tells nothing of the backend. */
export interface LocalFault {
  readonly localFault: NodeJS.ErrnoException
}

/** A reason phrase from the wire may be 16 KiB long; it ends up in logs, events and snapshots. */
const MAX_TEXT_LENGTH = 256

/**
 * One run of a probe against a deadline in loop time. It is over at the probe's result or, whatever the probe
 * does, one turn of the event loop after its abort.
 */
export class Check extends WheelEntry {
  readonly #options: CheckOptions
  readonly #controller = new AbortController()
  #startedAt = 0
  #immediate: NodeJS.Immediate | undefined
  #hasTimedOut = false
  #isOver = false

  constructor(options: CheckOptions) {
    super()
    this.#options = options
  }

  start(): void {
    const { clock, wheel, timeoutMs } = this.#options
    this.#startedAt = clock.now()
    if (timeoutMs > 0) wheel.arm(this, timeoutMs)
    this.#probe().then(
      (found) => this.#settle(found),
      (error: unknown) => this.#fail(error),
    )
  }

  /** Aborts the probe; nothing comes of it any more. */
  cancel(): void {
    this.#end()
    this.#controller.abort()
  }

  /**
   * The time is over. A tick that comes late runs before the loop has read its sockets, so an answer may wait in
   * one: the loop gets a turn first (F22).
   */
  override expire(): void {
    this.#immediate = setImmediate(() => {
      this.#hasTimedOut = true
      // The probe knows best what it was waiting for, if it tells at once.
      this.#immediate = setImmediate(() => this.#settle(NO_RESULT))
      this.#controller.abort()
    })
  }

  /** `async`, so that a probe that throws instead of rejecting is no special case. */
  async #probe(): Promise<ProbeResult> {
    return await this.#options.probe(this.#options.address, this.#controller.signal)
  }

  #settle(found: ProbeResult): void {
    if (this.#isOver) return
    this.#end()
    const { clock, timeoutMs, onDone } = this.#options
    const { ok, code, text } = this.#judge(found)
    onDone({
      ok,
      code,
      text: (this.#hasTimedOut ? `${text}, limit ${timeoutMs} ms` : text).slice(0, MAX_TEXT_LENGTH),
      durationMs: Math.round((clock.now() - this.#startedAt) * 10) / 10,
    })
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    if (this.#hasTimedOut) return this.#settle(NO_RESULT)
    if (!isOurFault(error)) return this.#settle({ ok: false, code: 'L7RSP', text: errorText(error) })
    this.#end()
    this.#options.onDone({ localFault: error })
  }

  /** A custom probe may be plain JavaScript, and may succeed too late. */
  #judge(found: ProbeResult | undefined): ProbeResult {
    const result = asResult(found)
    if (result === undefined) return NO_PROBE_RESULT
    return this.#hasTimedOut && result.ok ? NO_RESULT : result
  }

  #end(): void {
    this.#isOver = true
    this.#options.wheel.disarm(this)
    clearImmediate(this.#immediate)
  }
}

/** undefined where it is none. Each field is read once. */
function asResult(
  found: { readonly [Field in keyof ProbeResult]?: unknown } | undefined,
): ProbeResult | undefined {
  const { ok, code, text } = found ?? {}
  const isResult =
    typeof ok === 'boolean' && CHECK_CODES.includes(code as CheckCode) && typeof text === 'string'
  return isResult ? { ok, code: code as CheckCode, text } : undefined
}

const NO_PROBE_RESULT: ProbeResult = {
  ok: false,
  code: 'L7RSP',
  text: 'the probe returned no ProbeResult: ok, code and text',
}

const NO_RESULT: ProbeResult = { ok: false, code: 'L7TOUT', text: 'no result in time' }
