import type { EndCode } from '../core/events.ts'
import { WheelEntry } from '../core/timer-wheel.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import type { Conn, ConnSink } from './conn.ts'

/** How a relay ended: the two-letter code and its words. */
export interface RelayEnd {
  readonly code: EndCode
  readonly reason: string
}

/** Shared by all relays of a listener. */
export interface RelayOptions {
  readonly wheel: TimerWheel
  /** Neither side sent a byte for this long; 0 = never. */
  readonly idleTimeoutMs: number
  /** The same once one side has sent its FIN; 0 = never. */
  readonly halfClosedTimeoutMs: number
}

export interface RelayOwner {
  /** Both conns are closed. Called once. */
  onRelayEnd(relay: Relay, end: RelayEnd): void
}

/** The system needs a moment to send what was written: a reset right behind it would overtake it. */
const RESET_GRACE_MS = 50

/** No byte for this long: whatever was written has left, and a reset overtakes nothing. */
const SETTLED_MS = 2_000

/**
 * A connection that lives this long gets TCP keep-alive: short ones are spared its four system calls. Memory that
 * a burst took is given back at the same rhythm.
 */
const CARE_INTERVAL_MS = 30_000

/**
 * The two-way copy between a client and a backend. Passes FIN on as FIN, after the data, and RST on as RST, after
 * the data that was read; a stream that was cut never looks whole. While one side does not take its bytes, the
 * other is not read: at most one buffer a direction is held.
 *
 * Owns both conns until it ends, and never throws.
 */
export class Relay extends WheelEntry implements ConnSink {
  readonly client: Conn
  readonly backend: Conn
  readonly #owner: RelayOwner
  readonly #options: RelayOptions
  readonly #wheel: TimerWheel
  #lastActivity: number
  /** Who sent last: the other side is the one that keeps us waiting. */
  #lastSender: Conn
  #caredFor = false
  /** Set once the end is decided; from then on only the other side's reset is outstanding. */
  #end: RelayEnd | undefined = undefined
  #resetting: Conn | undefined = undefined
  #resetDeadline = 0
  #finished = false

  constructor(client: Conn, backend: Conn, owner: RelayOwner, options: RelayOptions) {
    super()
    this.#owner = owner
    this.client = client
    this.backend = backend
    this.#options = options
    this.#wheel = options.wheel
    this.#lastActivity = options.wheel.now
    this.#lastSender = backend
  }

  /**
   * Begins. `early` holds what the client sent so far, `client` reads already; `backend` was never read.
   */
  start(early: readonly Buffer[]): void {
    const { client, backend } = this
    client.sink = this
    backend.sink = this
    this.#arm()
    backend.start()
    if (early.length > 0) {
      this.#lastSender = client
      const isTaken = backend.write(early.length === 1 ? (early[0] as Buffer) : Buffer.concat(early))
      if (!isTaken) return this.#onStalled(client, backend)
    }
    if (client.ended) backend.end()
    else client.resume()
  }

  /** Ends it now, from outside: both sides are reset. */
  abort(end: RelayEnd): void {
    if (!this.#finished) this.#finish(this.#end ?? end)
  }

  onData(conn: Conn, chunk: Buffer): void {
    this.#lastActivity = this.#wheel.now
    this.#lastSender = conn
    const to = conn === this.client ? this.backend : this.client
    if (!to.write(chunk)) this.#onStalled(conn, to)
  }

  onDrain(conn: Conn): void {
    if (this.#resetting === conn) return this.#onResetFlushed()
    if (conn.failure !== undefined) return this.#onWriteFailed(conn)
    this.#lastActivity = this.#wheel.now
    const from = this.#other(conn)
    if (!from.ended) from.resume()
    // Its FIN may have come while we dialled: it waited for the early bytes.
    else if (!conn.ended) conn.end()
    else if (!from.isWriting) this.#finish(DONE)
  }

  onEnd(conn: Conn): void {
    if (this.#resetting !== undefined) return
    if (conn.failure !== undefined) return this.#onReset(conn)
    const to = this.#other(conn)
    if (to.failure !== undefined) return this.#onReset(to)
    // Closing sends the FIN where both sides have ended, and spares a system call.
    if (to.ended && !to.isWriting && !conn.isWriting) return this.#finish(DONE)
    // The half-closed time counts from here, however long nobody spoke before.
    this.#lastActivity = this.#wheel.now
    to.end()
    this.#arm()
  }

  onBroken(conn: Conn): void {
    if (this.#resetting === conn) return this.#finish(this.#end ?? DONE)
    this.#onReset(conn)
  }

  expire(): void {
    if (this.#resetting !== undefined) return this.#onGraceOver(this.#resetting)
    const { client, backend } = this
    if (client.ended && backend.ended && !client.isWriting && !backend.isWriting) return this.#finish(DONE)
    const silence = this.#wheel.now - this.#lastActivity
    const limit = this.#silenceLimit()
    if (limit > 0 && silence >= limit) return this.#onTimeout()
    this.#care(silence)
    this.#armFor(limit - silence)
  }

  #other(conn: Conn): Conn {
    return conn === this.client ? this.backend : this.client
  }

  #isHalfClosed(): boolean {
    return this.client.ended || this.backend.ended
  }

  #silenceLimit(): number {
    const { idleTimeoutMs, halfClosedTimeoutMs } = this.#options
    return this.#isHalfClosed() ? halfClosedTimeoutMs : idleTimeoutMs
  }

  #arm(): void {
    this.#armFor(this.#silenceLimit())
  }

  #armFor(leftMs: number): void {
    const areBothEnded = this.client.ended && this.backend.ended
    const most = areBothEnded ? RESET_GRACE_MS : CARE_INTERVAL_MS
    this.#wheel.arm(this, leftMs > 0 ? Math.min(leftMs, most) : most)
  }

  /** What short connections are spared. */
  #care(silence: number): void {
    if (!this.#caredFor) {
      this.#caredFor = true
      this.client.keepAlive()
      this.backend.keepAlive()
    }
    if (silence < CARE_INTERVAL_MS / 2) return
    this.client.trim()
    this.backend.trim()
  }

  #onStalled(from: Conn, to: Conn): void {
    from.pause()
    if (to.failure !== undefined) this.#onWriteFailed(to)
  }

  /**
   * The far side takes no more: it has reset, or closed with our bytes unread. What it had sent before lies in our
   * socket yet, and is delivered before the reset is passed on. (An HTTP server may answer 413 and close amid an
   * upload.) Its reading side comes to an end by itself, and soon. Where neither side takes any more, nothing can be
   * delivered, and both are paused: no end would ever be read.
   */
  #onWriteFailed(conn: Conn): void {
    const other = this.#other(conn)
    other.pause()
    if (conn.ended) this.#onReset(conn)
    else if (other.failure !== undefined) this.#onReset(other)
  }

  #onReset(conn: Conn): void {
    const isReset = conn.failure === 'ECONNRESET' || conn.failure === 'EPIPE'
    const how = isReset ? 'reset' : (conn.failure ?? 'error')
    if (conn === this.client) this.#resetOther(conn, { code: 'CD', reason: `client-${how}` })
    else this.#resetOther(conn, { code: 'SD', reason: `backend-${how}` })
  }

  /** Closes `conn` and resets the other side once that has got what is on its way to it. */
  #resetOther(conn: Conn, end: RelayEnd): void {
    const other = this.#other(conn)
    conn.reset()
    this.#end = end
    other.pause()
    const isSettled = this.#wheel.now - this.#lastActivity > SETTLED_MS || other.bytesWritten === 0
    if (other.failure !== undefined || (isSettled && !other.isWriting)) return this.#finish(end)
    this.#resetting = other
    this.#resetDeadline = this.#wheel.now + (this.#options.halfClosedTimeoutMs || this.#options.idleTimeoutMs)
    this.#wheel.arm(this, RESET_GRACE_MS)
  }

  #onResetFlushed(): void {
    if (this.#resetting?.failure !== undefined) this.#finish(this.#end ?? DONE)
    else this.#wheel.arm(this, RESET_GRACE_MS)
  }

  #onGraceOver(conn: Conn): void {
    if (conn.isWriting && this.#wheel.now < this.#resetDeadline) this.#wheel.arm(this, RESET_GRACE_MS)
    else this.#finish(this.#end ?? DONE)
  }

  #onTimeout(): void {
    const { client, backend } = this
    let late = this.#lastSender === client ? backend : client
    if (client.isWriting) late = client
    else if (backend.isWriting) late = backend
    else if (this.#isHalfClosed()) late = client.ended ? backend : client
    const reason = this.#isHalfClosed() ? 'half-closed-timeout' : 'idle-timeout'
    // All of the other side's stream, its end included, is with the system. A slow reader may have megabytes of it yet to
    // come, which a reset would take away.
    const isWhole = this.#other(late).ended && !late.isWriting
    this.#finish({ code: late === client ? 'cD' : 'sD', reason }, isWhole ? late : undefined)
  }

  /**
   * Both sides go: closed where both have ended cleanly, else reset. `leave`: one that is closed all the same, since it
   * was given a whole stream.
   */
  #finish(end: RelayEnd, leave?: Conn): void {
    this.#finished = true
    this.#wheel.disarm(this)
    for (const conn of [this.client, this.backend]) {
      if (end === DONE || conn === leave) conn.close()
      else conn.reset()
    }
    this.#owner.onRelayEnd(this, end)
  }
}

const DONE: RelayEnd = { code: '--', reason: 'done' }
