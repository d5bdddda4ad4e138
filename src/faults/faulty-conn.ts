import type { Timer } from '../core/clock.ts'
import type { Conn, ConnSink } from '../net/conn.ts'
import type { Session } from '../net/session.ts'
import { FaultHolds } from './fault-holds.ts'
import { BROKEN, FIN, Lane } from './lane.ts'
import type { Item } from './lane.ts'
import type { FaultHome } from './fault-home.ts'
import type { Subject } from './subject.ts'

/** At most so much is held in each direction: more, and its source is not read. */
const MOST_HELD = 1024 * 1024
/** The system needs a moment to send what was written: a reset right behind it would overtake it. */
const RESET_GRACE_MS = 50
/** How long a closed connection may take to pass on what it held. */
const LINGER_MS = 60_000

/**
 * A conn over another one, with faults between them. Without faults it is as good as the inner one; they may come and
 * go at any time, and what they held back flows on in order. Owns the inner conn.
 */
export class FaultyConn implements Conn, ConnSink, Subject {
  readonly inner: Conn
  readonly side: 'client' | 'backend'
  listener: string | undefined
  readonly pool: string | undefined
  readonly backend: string | undefined
  /** Of the session that it serves, or of its own before there is one. */
  key: number
  session: Session | undefined
  bytesRead = 0
  ended = false
  closed = false
  /** The faults on it. */
  readonly holds: FaultHolds
  readonly #home: FaultHome
  readonly #in: Lane
  readonly #out: Lane
  #sink: ConnSink
  #failure: string | undefined = undefined
  #isStarted = false
  #isPaused = false
  #hasEnded = false
  /** Somebody waits for `onDrain`. */
  #owesDrain = false
  /** Closed, while what was written before is still on its way. */
  #isLingering = false
  /** The reset of a fault has left, and is given a moment. */
  #isResetDue = false
  #timer: Timer | undefined = undefined

  constructor(inner: Conn, facts: Subject, home: FaultHome) {
    this.inner = inner
    this.side = facts.side
    this.listener = facts.listener
    this.pool = facts.pool
    this.backend = facts.backend
    this.session = facts.session
    this.key = facts.key
    this.#home = home
    this.#in = new Lane({ take: (item) => this.#deliver(item), onPumped: () => this.#read() })
    this.#out = new Lane({ take: (item) => this.#send(item), onPumped: () => this.#settleDrain() })
    const [upstream, downstream] = this.side === 'backend' ? [this.#out, this.#in] : [this.#in, this.#out]
    this.holds = new FaultHolds(this, home, { upstream, downstream })
    this.#sink = inner.sink
    inner.sink = this
    home.opened(this)
    this.reconsider()
  }

  get sink(): ConnSink {
    return this.#sink
  }

  /** A kept-alive connection serves one session after the other: who listens tells for whom. */
  set sink(sink: ConnSink) {
    this.#sink = sink
    const session = sink.servedSession
    if (session === undefined || session === this.session) return
    this.session = session
    if (this.side === 'backend') {
      this.key = session.id
      this.listener = session.owner.name
    }
    this.holds.noteUnnoted()
    this.reconsider()
  }

  get bytesWritten(): number {
    return this.inner.bytesWritten
  }

  get failure(): string | undefined {
    return this.#failure ?? this.inner.failure
  }

  get remoteAddress(): string {
    return this.inner.remoteAddress
  }

  get remotePort(): number {
    return this.inner.remotePort
  }

  get isPeerLost(): boolean {
    return this.inner.isPeerLost
  }

  get isWriting(): boolean {
    return !this.#out.isEmpty || this.inner.isWriting
  }

  start(): void {
    if (!this.#isStarted) this.inner.start()
    this.#isStarted = true
    this.resume()
  }

  pause(): void {
    this.#isPaused = true
    this.#read()
  }

  resume(): void {
    if (this.closed) return
    this.#isPaused = false
    this.#in.pump()
  }

  write(chunk: Buffer): boolean {
    if (!this.#out.isIdle) return this.#hold(Buffer.from(chunk))
    return this.#wrote(this.inner.write(chunk))
  }

  writeAll(chunks: readonly Buffer[]): boolean {
    if (!this.#out.isIdle) return this.#hold(Buffer.concat(chunks))
    return this.#wrote(this.inner.writeAll(chunks))
  }

  writeText(text: string): boolean {
    if (!this.#out.isIdle) return this.#hold(Buffer.from(text, 'latin1'))
    return this.#wrote(this.inner.writeText(text))
  }

  writeTextSoon(text: string): boolean {
    if (!this.#out.isIdle) return this.#hold(Buffer.from(text, 'latin1'))
    return this.#wrote(this.inner.writeTextSoon(text))
  }

  end(): void {
    if (this.closed || this.#hasEnded) return
    this.#hasEnded = true
    if (this.#out.isIdle) return this.inner.end()
    this.#out.push(FIN)
    if (!this.#out.isEmpty) this.#owesDrain = true
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    const isAllSent = this.#out.isIdle || (this.#out.isOver && this.#out.isEmpty)
    const isOver = isAllSent && !this.#isResetDue
    if (isOver || this.failure !== undefined) return this.#gone('close')
    // What was taken is still on its way, and our FIN goes behind it; what else comes in has nobody to read it.
    this.#isLingering = true
    this.#in.clear()
    this.inner.resume()
    // A FIN in place of the reset of a fault would make whole what it has cut.
    if (this.#isResetDue) return
    this.#timer = this.#home.clock.setTimer(() => this.#gone('reset'), LINGER_MS)
    this.#out.push(FIN)
  }

  reset(): void {
    if (this.closed) return
    this.closed = true
    this.#gone('reset')
  }

  keepAlive(): void {
    this.inner.keepAlive()
  }

  trim(): void {
    this.inner.trim()
  }

  onData(_inner: Conn, chunk: Buffer): void {
    if (this.closed) return
    if (!this.#in.isIdle) return this.#in.push(Buffer.from(chunk))
    this.bytesRead += chunk.length
    this.sink.onData(this, chunk)
  }

  onEnd(): void {
    if (this.closed) return
    if (!this.#in.isIdle) return this.#in.push(FIN)
    this.ended = true
    this.sink.onEnd(this)
  }

  onDrain(): void {
    if (this.inner.failure === undefined) return this.#out.pump()
    if (this.#isLingering) return this.#gone('reset')
    // A write has failed, ours or the sink's: it is told in either case.
    this.#out.clear()
    this.#owesDrain = true
    this.#settleDrain()
  }

  onBroken(): void {
    if (this.#isLingering) return this.#gone('reset')
    if (this.closed) return
    if (this.#in.isIdle) return this.sink.onBroken(this)
    // What was read before comes first; what waits to be written never will be.
    this.#out.clear()
    this.#in.push(BROKEN)
    this.#settleDrain()
  }

  /** Faults came: those that concern it take hold. */
  reconsider(): void {
    if (!this.closed) this.holds.reconsider()
  }

  /** Both sides learn at once that it is broken. */
  break(code: string): void {
    if (this.#isLingering) return this.#gone('reset')
    if (this.closed || this.#failure !== undefined) return
    this.#failure = code
    this.inner.reset()
    this.#in.clear()
    this.#out.clear()
    this.#settleDrain()
    if (!this.#isGone && !this.ended) this.sink.onBroken(this)
  }

  /** The balancer is closed. */
  abandon(): void {
    this.closed = true
    this.#gone('reset')
  }

  /** What was told of it may have closed it. */
  get #isGone(): boolean {
    return this.closed
  }

  #wrote(isTaken: boolean): boolean {
    if (!isTaken && this.failure === undefined) this.#owesDrain = true
    return isTaken
  }

  /** Takes `bytes`, which are nobody else's, to send them in their time. */
  #hold(bytes: Buffer): boolean {
    if (this.closed || this.failure !== undefined) return false
    if (bytes.length > 0) this.#out.push(bytes)
    const isTaken = !this.inner.isWriting && this.#out.held < MOST_HELD
    return this.failure === undefined && this.#wrote(isTaken)
  }

  /** To the far side: false while the system takes no more. */
  #send(item: Item): boolean {
    const { inner } = this
    if (this.failure !== undefined) return true
    if (inner.isWriting) return false
    if (item === BROKEN) this.#resetSoon()
    else if (item !== FIN) inner.write(item)
    else if (this.#isLingering) this.#gone('close')
    else inner.end()
    return true
  }

  #resetSoon(): void {
    this.#isResetDue = true
    this.#timer?.cancel()
    this.#timer = this.#home.clock.setTimer(() => this.break('ECONNRESET'), RESET_GRACE_MS)
  }

  /** To our side: false while it does not read. */
  #deliver(item: Item): boolean {
    if (this.closed) return true
    if (!this.#isStarted || (this.#isPaused && item !== BROKEN)) return false // Who pauses still hears of the end of all.
    if (item === BROKEN) {
      if (this.inner.failure === undefined) this.break('ECONNRESET')
      else this.sink.onBroken(this)
    } else if (item === FIN) {
      this.ended = true
      this.sink.onEnd(this)
    } else {
      this.bytesRead += item.length
      this.sink.onData(this, item)
    }
    return true
  }

  /** Reads on, or waits, as the sink and what is held want it. */
  #read(): void {
    if (this.closed || !this.#isStarted) return
    // Behind an end on purpose, what still comes is read and dropped.
    if (this.#in.isOver || (!this.#isPaused && this.#in.held < MOST_HELD)) this.inner.resume()
    else this.inner.pause()
  }

  #settleDrain(): void {
    if (!this.#owesDrain || this.closed) return
    if (this.failure === undefined && this.isWriting) return
    this.#owesDrain = false
    this.sink.onDrain(this)
  }

  #gone(how: 'close' | 'reset'): void {
    this.#isLingering = false
    this.#timer?.cancel()
    this.#in.clear()
    this.#out.clear()
    this.holds.clear()
    this.#home.closed(this)
    this.inner[how]()
  }
}
