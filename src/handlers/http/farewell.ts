import type { TimerWheel } from '../../core/timer-wheel.ts'
import { WheelEntry } from '../../core/timer-wheel.ts'
import type { Conn, ConnSink } from '../../net/conn.ts'
import type { RelayOptions } from '../../net/relay.ts'
import type { SessionOutcome } from '../../net/session.ts'

/** How long a client that still sends may take to notice that it has been answered. */
const LINGER_MS = 5_000
/** The system needs a moment to send what was written: a reset right behind it would overtake it. */
const RESET_GRACE_MS = 50

/**
 * The end of a client connection on which something is still on its way. `close`: our FIN goes behind all that is
 * written, and what the client still says is dropped for a while, since closing amid unread bytes would reset, and
 * might take the response back out of its hands. `reset`: the response broke off; a reset follows its last bytes.
 *
 * Owns the conn from here on, and calls `onOver` once, when that is closed: with why, where the client did not get all.
 */
export class Farewell extends WheelEntry implements ConnSink {
  readonly #conn: Conn
  readonly #how: 'close' | 'reset'
  readonly #wheel: TimerWheel
  readonly #relay: RelayOptions
  readonly #onOver: (cut: SessionOutcome | undefined) => void
  readonly #startedAt: number
  #isOver = false

  constructor(
    conn: Conn,
    options: {
      how: 'close' | 'reset'
      wheel: TimerWheel
      relay: RelayOptions
      onOver: (cut: SessionOutcome | undefined) => void
    },
  ) {
    super()
    this.#conn = conn
    this.#how = options.how
    this.#wheel = options.wheel
    this.#relay = options.relay
    this.#onOver = options.onOver
    this.#startedAt = options.wheel.now
  }

  begin(): void {
    const conn = this.#conn
    conn.sink = this
    if (conn.failure !== undefined) return this.over('reset')
    if (this.#how === 'reset') {
      conn.pause()
    } else {
      conn.end()
      if (conn.ended && !conn.isWriting) return this.over('close')
      conn.resume()
    }
    this.#wheel.arm(this, this.#graceMs)
  }

  /** Ends it now; `cut`: why, amid what was on its way. */
  over(how: 'close' | 'reset', cut?: SessionOutcome): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#wheel.disarm(this)
    if (how === 'close') this.#conn.close()
    else this.#conn.reset()
    this.#onOver(cut)
  }

  onData(): void {
    // It has been answered.
  }

  onEnd(): void {
    if (this.#how === 'reset') this.over('reset')
    else if (!this.#conn.isWriting) this.over('close')
  }

  onDrain(): void {
    if (this.#conn.failure !== undefined) return this.over('reset', CLIENT_RESET)
    if (this.#how === 'close' && this.#conn.ended) this.over('close')
    else this.#wheel.arm(this, this.#graceMs)
  }

  onBroken(): void {
    this.over('reset', this.#conn.isWriting ? CLIENT_RESET : undefined)
  }

  /** A client that takes its last bytes slowly may; one that takes nothing for the idle time is cut. */
  expire(): void {
    const { idleTimeoutMs } = this.#relay
    const isLate = idleTimeoutMs > 0 && this.#wheel.now - this.#startedAt >= idleTimeoutMs
    if (this.#conn.isWriting && !isLate) this.#wheel.arm(this, this.#graceMs)
    // A close would be a clean end, amid a response that the client has not taken.
    else if (this.#conn.isWriting) this.over('reset', TAKES_NOTHING)
    else this.over(this.#how)
  }

  get #graceMs(): number {
    return this.#how === 'close' ? LINGER_MS : RESET_GRACE_MS
  }
}

const CLIENT_RESET: SessionOutcome = { code: 'CD', reason: 'client-reset' }
const TAKES_NOTHING: SessionOutcome = { code: 'cD', reason: 'idle-timeout' }
