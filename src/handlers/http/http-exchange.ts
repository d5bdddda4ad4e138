import type { Backend } from '../../core/backend.ts'
import type { EndCode } from '../../core/events.ts'
import type { Conn } from '../../net/conn.ts'
import type { RelayEnd } from '../../net/relay.ts'
import type { SessionOutcome } from '../../net/session.ts'
import type { IdleConnections } from '../../pool/idle-connections.ts'
import type { KeptConnection } from '../../pool/kept-connection.ts'
import type { Lease } from '../../pool/lease.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import type { ResponseHead } from '../../wire/response-head.ts'
import type { Seeker } from './backend-finder.ts'
import { BackendFinder } from './backend-finder.ts'
import type { ErrorAnswer } from './error-response.ts'
import { answerText, bodyLength, NO_ANSWER, NO_ANSWER_IN_TIME, NO_ROUTE } from './own-answer.ts'
import { responseLines } from './response-lines.ts'
import { headToSend } from './head-to-send.ts'
import type { HttpSession } from './http-session.ts'
import { reportRequest } from './request-end.ts'
import { RequestFacts } from './request-facts.ts'
import type { Parting, SendingSink } from './request-sending.ts'
import { RequestSending } from './request-sending.ts'
import { ResponseRelay } from './response-relay.ts'
import type { Route } from './router.ts'

const NOTHING_YET: { readonly toBackend: number; readonly toClient: number } = { toBackend: 0, toClient: 0 }

/**
 * One request and its response: finds a backend, sends the request as it comes in, and has the response relayed as it
 * comes back. Replays the request elsewhere while that is safe: nothing of a response has been seen, the method is
 * idempotent, and the body is still whole in memory.
 */
export class HttpExchange extends RequestFacts implements SendingSink, Seeker {
  /** Who serves it, or served it last. */
  backend: Backend | undefined = undefined
  status = 0
  /** Clock time at which the response's head was there. */
  answeredAt = 0
  firstByteMs = 0
  hasBegun = false
  #beforeTunnel = NOTHING_YET
  /** Where the client belongs. */
  readonly home: Backend | undefined
  readonly finder: BackendFinder | undefined
  readonly response: ResponseRelay
  readonly request: RequestSending
  /** Of an answer of our own. */
  answerBytes = 0
  answerBodyBytes = 0
  /** We answered ourselves. */
  #isAnswered = false
  #isReported = false

  /** `head` is used up at once: the same object reads the next request, of whichever session. */
  constructor(session: HttpSession, head: RequestHead) {
    super(session, head)
    this.request = new RequestSending(this, this)
    this.request.isDone = head.framing === 'none'
    this.response = new ResponseRelay(this)
    const { route, requestId, upgrade } = this
    if (route === undefined) return
    const { access } = route
    access.budget.count()
    this.request.head = headToSend(head, { session, route, requestId, upgrade })
    this.home = access.affinity?.preferred(head)
    this.finder = new BackendFinder(this, access)
  }

  /** A backend is being sought; that has timeouts of its own. */
  get isSeeking(): boolean {
    return this.request.kept === undefined && !this.#isAnswered
  }

  /** It waits for a backend with room. */
  get isQueued(): boolean {
    return this.finder?.isQueued === true
  }

  /** An answer goes out. */
  get isResponding(): boolean {
    return this.#isAnswered || this.response.isSending
  }

  /** The client waits for leave to send its body. */
  get owesContinue(): boolean {
    return this.expectsContinue && this.request.bytesIn === 0 && !this.response.hasBegun
  }

  begin(): void {
    this.hasBegun = true
    if (this.finder === undefined) this.#answer(NO_ROUTE, 'LR')
    else this.finder.find()
  }

  /** The next part of the request's body; valid only until this returns, or until the backend's conn drains. */
  send(part: Buffer, isDone: boolean): void {
    const request = this.request
    request.isDone = isDone
    if (part.length > 0 && !this.#isAnswered && !request.send(part)) this.session.conn.pause()
  }

  onFound(lease: Lease, kept: KeptConnection): void {
    this.backend = lease.backend
    this.request.begin(lease, kept)
  }

  onSent(isTaken: boolean): void {
    this.session.onRequestSent()
    if (isTaken) this.session.resumeReading()
    else if (!this.request.isDone) this.session.conn.pause()
  }

  onNotFound(answer: ErrorAnswer, code: EndCode): void {
    this.#answer(answer, code)
  }

  onData(_conn: Conn, chunk: Buffer): void {
    if (this.request.isUnsent) this.#findOther()
    else this.response.read(chunk)
  }

  onEnd(): void {
    if (this.response.isDone) return
    if (this.request.isUnsent) return this.#findOther()
    if (!this.response.isSending) return this.#failUnanswered('closed')
    if (!this.response.endedWell()) this.cut({ code: 'SD', reason: 'backend-ended' })
    else if (!this.response.isStalled) this.onResponseDone()
  }

  onBroken(conn: Conn): void {
    if (this.response.isDone) return
    if (this.request.isUnsent) return this.#findOther()
    if (!this.response.isSending) return this.#failUnanswered(conn.failure ?? 'ECONNRESET')
    this.cut({ code: 'SD', reason: 'backend-reset' })
  }

  /** The backend takes more of the request's body, or none of it any more: then its answer, or its end, is near. */
  onDrain(conn: Conn): void {
    if (conn.failure !== undefined) return
    this.session.onRequestSent()
    this.session.resumeReading()
  }

  /** The session: the client took what it had been given. */
  onClientDrained(): void {
    if (this.#isAnswered) this.#leave()
    else this.response.onClientDrained()
  }

  /** The relay: the head of the response is here. Gives more lines for it. */
  onResponse(head: ResponseHead): string {
    const { session, context } = this
    const kept = this.request.kept as KeptConnection
    const { backend } = kept
    const { access } = this.route as Route
    this.status = head.status
    this.answeredAt = context.clock.now()
    this.firstByteMs = this.answeredAt - this.startedAt
    backend.countedRequests.answered(head.status, this.firstByteMs)
    access.connect.pool.requestAnswered(backend)
    if (head.keepAliveSeconds !== undefined) kept.announced(head.keepAliveSeconds)
    if (context.isDraining || !this.request.isDone) session.isLast = true
    return responseLines(this, backend)
  }

  /** The relay: the response is sent whole; `now`, if the caller knows the clock's time. */
  onResponseDone(now = this.context.clock.now()): void {
    const request = this.request
    this.backend?.countedRequests.total.record(now - this.startedAt)
    const mayKeep = this.response.keepsAlive && request.isSettled
    this.#part(mayKeep ? 'keep' : request.isDone ? 'close' : 'reset', now)
    this.#report({ code: '--', reason: 'done' })
    this.#leave()
  }

  /** The relay: what came is no response. */
  onBadResponse(reason: string): void {
    this.#blame('malformed response')
    this.#part('reset')
    this.#answer({ status: 502, reason }, 'SH')
  }

  /** The relay: both sides speak another protocol from here on. */
  onSwitched(): void {
    const { conn } = this.request.kept as KeptConnection
    this.#beforeTunnel = { toBackend: conn.bytesWritten, toClient: this.session.conn.bytesWritten }
    this.session.becomeTunnel(conn)
  }

  /** The session: that other protocol came to its end. */
  onTunnelEnd(end: RelayEnd): void {
    const { toBackend, toClient } = this.#beforeTunnel
    this.request.bytesIn += (this.request.kept?.conn.bytesWritten ?? toBackend) - toBackend
    this.response.bytesOut += this.session.conn.bytesWritten - toClient
    this.#part('close')
    this.#report(end)
  }

  /** The session: no answer in time. */
  timeOut(): void {
    this.#blame('timeout')
    this.#part('reset')
    this.#answer(NO_ANSWER_IN_TIME, 'sH')
  }

  /** The session: the rest of the request cannot be taken. Says so, if no answer has begun. */
  refuse(answer: ErrorAnswer, code: EndCode = 'PR'): void {
    if (this.#isAnswered) return
    if (this.isResponding) return this.cut({ code, reason: answer.reason })
    this.#part('reset')
    this.#answer(answer, code)
  }

  /** The client is gone, or told to go: gives everything back. */
  abort(outcome: SessionOutcome): void {
    this.#part('reset')
    this.#report(outcome)
  }

  /** The response cannot go on: the client must not take it for whole. */
  cut(outcome: SessionOutcome): void {
    if (outcome.code === 'SD' || outcome.code === 'sD') this.backend?.countedRequests.fail()
    this.abort(outcome)
    this.session.onExchangeCut(outcome)
  }

  /** The kept connection was no good before the request went out: whatever it is, it may go out on another one. */
  #findOther(): void {
    this.finder?.findOther(this.request.giveUp())
  }

  /** The connection ended before its response had begun to go out. */
  #failUnanswered(reason: string): void {
    const backend = this.backend as Backend
    const finder = this.finder as BackendFinder
    const { kept, mayReplay: isReplayable } = this.request
    const isReused = kept?.isReused === true
    const isSafe = isReplayable && !this.response.hasBegun
    this.#blame(isReused ? `kept connection: ${reason}` : reason)
    this.#part('reset')
    if (!isReused) this.route?.access.connect.pool.requestFailed(backend)
    if (isSafe && finder.mayFindAnother(backend, { isReused })) finder.find()
    else this.#answer(NO_ANSWER, 'SH')
  }

  /** Holds it against the backend, if there is one, that there is no response. */
  #blame(reason: string): void {
    if (this.request.kept === undefined || this.backend === undefined) return
    this.backend.countedRequests.fail()
    this.finder?.failed(this.backend, reason)
  }

  /** Answers in the backend's stead. */
  #answer(answer: ErrorAnswer, code: EndCode): void {
    const { session } = this
    // An interim response waits for the client already: nothing can be written behind it.
    if (this.response.isHeldUp) return this.cut({ code, reason: answer.reason })
    if (!this.request.isDone) session.isLast = true
    this.status = answer.status
    this.#isAnswered = true
    const text = answerText(this, answer)
    this.answerBytes = text.length
    this.answerBodyBytes = bodyLength(text)
    const isTaken = session.conn.writeText(text)
    this.#report({ code, reason: answer.reason })
    // The next response may be written only once this one is taken.
    if (isTaken || session.conn.failure !== undefined) this.#leave()
    else session.onResponding()
  }

  #leave(): void {
    if (this.request.isDone) this.session.onExchangeDone()
    else this.session.onAnsweredEarly()
  }

  /** Holds nothing any longer. */
  #part(how: Parting, now = 0): void {
    this.finder?.cancel()
    this.request.part(how, { idle: this.route?.access.idle as IdleConnections, now })
  }

  #report(outcome: SessionOutcome): void {
    if (this.#isReported) return
    this.#isReported = true
    this.session.facts.note(this)
    reportRequest(this, outcome)
  }
}
