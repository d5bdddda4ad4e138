import { WheelEntry } from '../../core/timer-wheel.ts'
import type { Conn, ConnSink } from '../../net/conn.ts'
import { Relay } from '../../net/relay.ts'
import type { RelayEnd, RelayOwner } from '../../net/relay.ts'
import type { Session, SessionOutcome } from '../../net/session.ts'
import { Farewell } from './farewell.ts'
import { refusalText, refusedRequest } from './own-answer.ts'
import type { ErrorAnswer } from './error-response.ts'
import { HeldBytes } from './held-bytes.ts'
import type { HttpContext } from './http-context.ts'
import { HttpExchange } from './http-exchange.ts'
import { BODY_LATE, clientLeft, HEAD_LATE, isReading, RECHECK_MS, timeLimit } from './phase.ts'
import type { Phase } from './phase.ts'
import { reportRefusal } from './request-end.ts'
import { RequestReader } from './request-reader.ts'
import { SessionFacts } from './session-facts.ts'

/**
 * One client connection in HTTP mode: reads requests one after another, hands each to an exchange, and decides when
 * the connection ends. Responses are written by the exchange.
 */
export class HttpSession extends WheelEntry implements ConnSink, RelayOwner {
  readonly session: Session
  readonly context: HttpContext
  readonly facts: SessionFacts
  /** Requests read so far, the one under way included. */
  requests = 0
  /** The request under way is the last on this connection. */
  isLast = false
  /** The client itself has said so: it sends nothing more. */
  #isLastOfClient = false
  #phase: Phase = 'idle'
  /** Loop time of the last sign of life that the present phase's timeout counts from. */
  #since: number
  readonly #reader: RequestReader
  #tunnel: Relay | undefined = undefined
  #held: HeldBytes | undefined = undefined
  #isFeeding = false
  #farewell: Farewell | undefined = undefined
  constructor(session: Session, context: HttpContext) {
    super()
    this.session = session
    this.context = context
    this.#since = context.wheel.now
    this.#reader = new RequestReader(context)
    this.facts = new SessionFacts(session, context, (outcome) => this.abort(outcome))
  }

  get servedSession(): Session {
    return this.session
  }

  get conn(): Conn {
    return this.session.conn
  }

  begin(): void {
    this.session.holder = this.facts
    this.conn.sink = this
    this.conn.start()
    this.#enter('idle')
  }

  abort(outcome: SessionOutcome): void {
    if (this.#tunnel !== undefined) return this.#tunnel.abort(outcome)
    if (this.#farewell !== undefined) return this.#farewell.over('reset', outcome)
    this.facts.exchange?.abort(outcome)
    this.#end(outcome, 'reset')
  }

  /** The balancer drains: an idle connection goes, a busy one after its response. */
  drain(): void {
    this.isLast = true
    // Not at once: a request may be on its way, and would be lost.
    if (this.#phase === 'idle') this.#enter('idle')
  }

  onData(_conn: Conn, chunk: Buffer): void {
    if (this.#phase === 'wait') this.#hold(Buffer.from(chunk))
    else this.#feed(chunk, { isOurs: false })
  }

  onEnd(): void {
    if (this.#phase === 'idle') return this.#finish()
    if (this.#phase === 'head') return this.#end({ code: 'CR', reason: 'client-ended' }, 'close')
    // Else it has asked all that it wants to ask, and waits for its answers.
    if (this.#phase === 'body') this.abort({ code: 'CD', reason: 'client-ended' })
  }

  onBroken(): void {
    this.abort({ code: clientLeft(this.#phase, this.facts.exchange), reason: 'client-reset' })
  }

  onDrain(): void {
    if (this.conn.failure === undefined) this.facts.exchange?.onClientDrained()
    else this.onBroken()
  }

  expire(): void {
    const { wheel } = this.context
    const limit = this.#limit()
    if (limit === 0) return wheel.arm(this, RECHECK_MS)
    const left = this.#lastSign() + limit - wheel.now
    if (left > 0) wheel.arm(this, left)
    else this.#onTimeout()
  }

  /** Reads the client on, unless so much is held of it already that its turn must come first. */
  resumeReading(): void {
    if (this.#held?.isFull !== true) this.conn.resume()
  }

  /** The exchange: a backend has taken what there was. Its time to answer, or the client's to go on, counts from here. */
  onRequestSent(): void {
    this.#enter(this.#phase)
  }

  /** The exchange: an answer has begun, and is not sent whole yet. From here on both sides' idle time counts. */
  onResponding(): void {
    this.#enter(this.#phase)
  }

  /** The exchange: the response is sent whole, and the request was read whole. */
  onExchangeDone(): void {
    // Who heard of the request's end may have ended the session.
    if (this.#phase === 'closed') return
    this.facts.exchange = undefined
    if (this.isLast || this.context.isDraining) return this.#finishLast()
    this.#enter('idle')
    this.conn.resume()
    if (!this.#isFeeding) this.#feedHeld()
  }

  /** The exchange: the response is sent whole, but the client is still sending its request. */
  onAnsweredEarly(): void {
    if (this.#phase === 'closed') return
    this.facts.exchange = undefined
    this.#sayFarewell(DONE, 'close')
  }

  /** The exchange: the response was cut, or can never be sent; the client must not take it for whole. */
  onExchangeCut(outcome: SessionOutcome): void {
    if (this.#phase === 'closed') return
    this.facts.exchange = undefined
    if (outcome.code === 'SD') this.#sayFarewell(outcome, 'reset')
    else this.#end(outcome, 'reset')
  }

  /** The exchange: both sides speak another protocol from here on. */
  becomeTunnel(backend: Conn): void {
    this.#phase = 'tunnel'
    this.context.wheel.disarm(this)
    const early = this.#held?.isEmpty === false ? [this.#held.take()] : []
    this.#tunnel = new Relay(this.conn, backend, this, this.context.relay)
    this.#tunnel.start(early)
  }

  onRelayEnd(_relay: Relay, end: RelayEnd): void {
    this.facts.exchange?.onTunnelEnd(end)
    this.#over(end)
  }

  /** Reads on, until a request must be answered before the next. */
  #feed(chunk: Buffer, { isOurs }: { isOurs: boolean }): void {
    let offset = 0
    this.#isFeeding = true
    while (offset < chunk.length && isReading(this.#phase)) {
      offset = this.#phase === 'body' ? this.#readBody(chunk, offset) : this.#readHead(chunk, offset)
      const exchange = this.facts.exchange
      // Begun only now, so that a body that came with its head goes out with it, in one piece. One that was refused by
      // then has its answer, though the client may be yet to take it.
      const isReady = this.#phase === 'wait' || offset >= chunk.length
      if (exchange?.hasBegun === false && !exchange.isResponding && isReady) exchange.begin()
    }
    this.#isFeeding = false
    if (offset >= chunk.length || (this.#phase !== 'wait' && this.#phase !== 'tunnel')) return
    const rest = chunk.subarray(offset)
    this.#hold(isOurs ? rest : Buffer.from(rest))
  }

  #feedHeld(): void {
    while (this.#phase === 'idle' && this.#held?.isEmpty === false) {
      this.#feed(this.#held.take(), { isOurs: true })
    }
    // Its FIN was here before its turn.
    if (this.conn.ended && this.#phase !== 'closed') this.onEnd()
  }

  #hold(chunk: Buffer): void {
    const held = (this.#held ??= new HeldBytes())
    held.add(chunk)
    if (held.isFull) this.conn.pause()
  }

  #readHead(chunk: Buffer, offset: number): number {
    const { requestHead: head, isDraining } = this.context
    const reader = this.#reader
    const end = reader.readHead(chunk, offset, head)
    if (reader.refusal !== undefined) {
      this.#refuse(reader.refusal)
    } else if (reader.isHeadDone && this.facts.isClientLost) {
      // It sent and reset at once. Whoever it was, no backend is told of a client that nobody can name.
      this.onBroken()
    } else if (reader.isHeadDone) {
      this.requests++
      this.#isLastOfClient = !head.keepAlive
      this.isLast = this.#isLastOfClient || isDraining
      this.#enter(reader.isBodyDone ? 'wait' : 'body')
      this.facts.exchange = new HttpExchange(this, head)
    } else if (reader.isAmidHead && this.#phase === 'idle') {
      this.#enter('head')
    }
    return end
  }

  #readBody(chunk: Buffer, offset: number): number {
    this.#since = this.context.wheel.now
    const reader = this.#reader
    const end = reader.readBody(chunk, offset)
    if (reader.refusal !== undefined) {
      this.#refuse(reader.refusal)
      return chunk.length
    }
    if (reader.isBodyDone) this.#enter('wait')
    const part = offset === 0 && end === chunk.length ? chunk : chunk.subarray(offset, end)
    this.facts.exchange?.send(part, reader.isBodyDone)
    return end
  }

  /** Answers a request that goes no further, and ends the connection: what follows it cannot be trusted. */
  #refuse(answer: ErrorAnswer): void {
    this.isLast = true
    if (this.facts.exchange !== undefined) return this.facts.exchange.refuse(answer)
    const { requestHead, pages, makeRequestId } = this.context
    const { isHeadRefused, unfinishedHead } = this.#reader
    const refused = refusedRequest(makeRequestId(), isHeadRefused ? requestHead : unfinishedHead)
    const text = refusalText(answer, refused, pages)
    this.conn.writeText(text)
    reportRefusal(this, answer, { ...refused, text })
    this.#sayFarewell(
      answer === HEAD_LATE ? { code: 'cR', reason: 'request-timeout' } : { code: 'PR', reason: 'refused' },
      'close',
    )
  }

  #enter(phase: Phase): void {
    const { wheel } = this.context
    this.#phase = phase
    this.#since = wheel.now
    const limit = this.#limit() || RECHECK_MS
    // Armed already for a moment before that: it looks again then, which is cheaper than moving it each time.
    if (this.next === undefined || this.deadline > wheel.now + limit) wheel.arm(this, limit)
  }

  #limit(): number {
    return timeLimit(this.#phase, { session: this, exchange: this.facts.exchange })
  }

  #lastSign(): number {
    return Math.max(this.#since, this.facts.exchange?.response.lastActivity ?? 0)
  }

  #onTimeout(): void {
    const exchange = this.facts.exchange
    if (this.#phase === 'idle') {
      if (this.requests === 0 && !this.isLast) this.#end({ code: 'cR', reason: 'no-request' }, 'close')
      else this.#finish()
    } else if (this.#phase === 'head') {
      this.#refuse(HEAD_LATE)
    } else if (exchange?.isResponding === true) {
      exchange.cut({ code: this.conn.isWriting ? 'cD' : 'sD', reason: 'idle-timeout' })
    } else if (this.#phase === 'body' && exchange?.request.isBlocked === false && !exchange.owesContinue) {
      this.isLast = true
      exchange.refuse(BODY_LATE, 'cD')
    } else {
      exchange?.timeOut()
    }
  }

  /** Ends the connection after its last response. */
  #finish(): void {
    if (this.conn.isWriting || this.#held?.isEmpty === false) this.#sayFarewell(DONE, 'close')
    else this.#end(DONE, 'close')
  }

  /**
   * The same after one that its response made the last: the client may have sent more requests before it could know. A
   * drain waits for no client that does not close.
   */
  #finishLast(): void {
    if (this.#isLastOfClient || this.context.isDraining) this.#finish()
    else this.#sayFarewell(DONE, 'close')
  }

  #sayFarewell(outcome: SessionOutcome, how: 'close' | 'reset'): void {
    const { wheel, relay } = this.context
    this.#phase = 'farewell'
    this.#held = undefined
    wheel.disarm(this)
    // What ended the session before that stays its outcome, whatever becomes of its last bytes.
    const onOver = (cut: SessionOutcome | undefined): void =>
      this.#over(outcome === DONE ? (cut ?? DONE) : outcome)
    this.#farewell = new Farewell(this.conn, { how, wheel, relay, onOver })
    this.#farewell.begin()
  }

  #end(outcome: SessionOutcome, how: 'close' | 'reset'): void {
    if (this.#phase === 'closed') return
    this.facts.exchange = undefined
    this.context.wheel.disarm(this)
    if (how === 'close') this.conn.close()
    else this.conn.reset()
    this.#over(outcome)
  }

  /** The conn is closed. */
  #over(outcome: SessionOutcome): void {
    this.#phase = 'closed'
    this.context.onSessionEnd(this)
    this.session.owner.onSessionEnd(this.session, outcome)
  }
}

const DONE: SessionOutcome = { code: '--', reason: 'done' }
