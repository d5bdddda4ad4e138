import type { Backend } from '../../core/backend.ts'
import type { EndCode, FailedAttempt } from '../../core/events.ts'
import type { Conn, ConnSink } from '../../net/conn.ts'
import type { RelayEnd } from '../../net/relay.ts'
import type { SessionOutcome } from '../../net/session.ts'
import { KEEP_IDLE_MS, KeptConnection } from '../../pool/idle-connections.ts'
import type { Lease } from '../../pool/lease.ts'
import { HeadReader } from '../../wire/head-reader.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import type { ResponseHead } from '../../wire/response-head.ts'
import { buildRequestHead, clientRequestId } from '../../wire/forwarded-head.ts'
import { buildResponseHead, droppedRun } from '../../wire/forwarded-response.ts'
import type { DroppedRun, RespondOptions } from '../../wire/forwarded-response.ts'
import { Connector } from '../connector.ts'
import type { ConnectorSink } from '../connector.ts'
import { errorResponse } from './error-response.ts'
import type { ErrorAnswer } from './error-response.ts'
import type { HttpContext } from './http-context.ts'
import type { HttpSession } from './http-session.ts'
import { RequestBody } from './request-body.ts'
import { ResponseBody } from './response-body.ts'

/** RFC 9110, section 9.2.2: sent twice, these do what they do once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** A request that may not be replayed takes no kept connection that was idle for this long. */
const FRESH_MS = 1_000

const NONE_TRIED: readonly FailedAttempt[] = []

/**
 * One request and its response: finds a backend, sends the request as it comes in, and relays the response as it
 * comes back. Replays the request elsewhere while that is safe: nothing of a response has been seen, the method is
 * idempotent, and the body is still whole in memory.
 */
export class HttpExchange implements ConnSink, ConnectorSink {
  readonly method: string
  readonly path: string
  readonly requestId: string
  status = 0
  bytesIn = 0
  bytesOut = 0
  queueMs = 0
  connectMs = 0
  firstByteMs = 0
  tried: readonly FailedAttempt[] = NONE_TRIED
  hasBegun = false
  /** The response has begun to go out. */
  isResponding = false
  /** Loop time of the last bytes of the response. */
  lastActivity = 0
  readonly #session: HttpSession
  readonly #context: HttpContext
  readonly #startedAt: number
  readonly #head: string
  readonly #version: number
  readonly #upgrade: string | undefined
  readonly #mayReplay: boolean
  readonly #body: RequestBody
  #connector: Connector | undefined = undefined
  #lease: Lease | undefined = undefined
  #kept: KeptConnection | undefined = undefined
  #isReused = false
  #skip: Set<Backend> | undefined = undefined
  #replays = 0
  #reader: HeadReader | undefined = undefined
  #response: ResponseBody | undefined = undefined
  #backendKeepsAlive = false
  /** What came behind an interim response while the client did not take that one. */
  #waiting: Buffer | undefined = undefined
  #isComplete = false
  #isTunnel = false

  /** `head` is used up at once: the same object reads the next request, of whichever session. */
  constructor(session: HttpSession, head: RequestHead) {
    const { context } = session
    this.#session = session
    this.#context = context
    this.#startedAt = context.clock.now()
    this.method = head.method
    const query = head.target.indexOf('?')
    this.path = query === -1 ? head.target : head.target.slice(0, query)
    const { address } = session.session
    const { config } = context
    this.requestId = clientRequestId(head) ?? context.makeRequestId()
    this.#version = head.version
    const isUpgrade = head.upgrade !== '' && config.upgrades.has(head.upgrade.toLowerCase())
    this.#upgrade = isUpgrade ? head.upgrade : undefined
    this.#mayReplay = IDEMPOTENT.has(head.method) && !isUpgrade
    this.#body = new RequestBody({ isReplayable: this.#mayReplay })
    this.#head = buildRequestHead(head, {
      clientAddress: address,
      proto: 'http',
      port: context.port,
      trusted: context.isTrusted(address),
      requestId: this.requestId,
      forwarded: config.forwarded,
      via: config.via,
      upgrade: this.#upgrade,
      target: head.target,
      fallbackHost: context.access.connect.pool.name,
      changes: undefined,
    })
  }

  get backend(): Backend | undefined {
    return this.#lease?.backend
  }

  /** `1.1` or `1.0`, as the client speaks it. */
  get version(): string {
    return this.#version === 10 ? '1.0' : '1.1'
  }

  /** A field of the head that was sent on, by its name in small letters; empty where there is none. */
  sentField(name: string): string {
    return new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(this.#head)?.[1] ?? ''
  }

  /** The request's body waits for us, not we for it. */
  get isBlocked(): boolean {
    return this.#kept === undefined || this.#kept.conn.isWriting
  }

  begin(): void {
    this.hasBegun = true
    this.#acquire()
  }

  /** The next part of the request's body; valid only until this returns, or until the backend's conn drains. */
  send(part: Buffer | undefined, isDone: boolean): void {
    this.#body.isDone = isDone
    if (part === undefined || part.length === 0) return
    this.bytesIn += part.length
    const conn = this.#kept?.conn
    if (conn === undefined || conn.failure !== undefined) {
      if (!this.#body.isFull) this.#body.hold(part)
      if (this.#body.isFull) this.#session.conn.pause()
      return
    }
    this.#body.passed(part)
    if (!conn.write(part)) this.#session.conn.pause()
  }

  onBackend(lease: Lease, conn: Conn): void {
    this.#noteConnector()
    conn.sink = this
    conn.start()
    this.#use(lease, new KeptConnection(this.#context.access.idle, conn, lease.backend), { isReused: false })
  }

  onNoBackend(outcome: SessionOutcome): void {
    this.#noteConnector()
    const { status, reason } = NO_BACKEND[outcome.reason] ?? {
      status: 502,
      reason: 'No backend could be reached',
    }
    this.#answer({ status, reason }, outcome.code)
  }

  onData(_conn: Conn, chunk: Buffer): void {
    this.lastActivity = this.#context.wheel.now
    if (this.#waiting !== undefined) this.#waiting = Buffer.concat([this.#waiting, chunk])
    else if (this.isResponding) this.#relay(chunk)
    else this.#readHead(chunk, 0)
  }

  onEnd(): void {
    if (this.#isComplete) return
    if (!this.isResponding) return this.#failBeforeResponse('closed')
    if (this.#response?.framing !== 'close') return this.abortAndCut({ code: 'SD', reason: 'backend-ended' })
    this.#complete()
  }

  onBroken(conn: Conn): void {
    if (this.#isComplete) return
    if (!this.isResponding) return this.#failBeforeResponse(conn.failure ?? 'ECONNRESET')
    this.abortAndCut({ code: 'SD', reason: 'backend-reset' })
  }

  /** The backend takes more of the request's body, or none of it any more: then its answer, or its end, is near. */
  onDrain(conn: Conn): void {
    if (conn.failure === undefined && !this.#body.isDone) this.#session.conn.resume()
  }

  onClientDrained(): void {
    if (this.#isTunnel) return this.#openTunnel()
    if (this.#isComplete) return this.#finish()
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#kept?.conn.resume()
    if (waiting !== undefined) this.#readHead(waiting, 0)
  }

  /** No response in time. */
  timeOut(): void {
    const backend = this.#lease?.backend
    if (backend !== undefined) this.tried = [...this.tried, { backend: backend.id, reason: 'timeout' }]
    this.#drop()
    this.#answer({ status: 504, reason: 'The backend did not answer in time' }, 'sH')
  }

  /** The rest of the request cannot be taken: answers so, if no response has begun. */
  refuse(answer: ErrorAnswer, code: EndCode = 'PR'): void {
    if (this.isResponding) return this.abortAndCut({ code, reason: answer.reason })
    this.#drop()
    this.#answer(answer, code)
  }

  /** The client is gone, or told to go: gives everything back. */
  abort(outcome: SessionOutcome): void {
    if (this.#isComplete && this.#lease === undefined) return
    this.#drop()
    this.#record(outcome.code, outcome.reason)
  }

  /** The response cannot go on: the client must not take it for whole. */
  abortAndCut(outcome: SessionOutcome): void {
    this.abort(outcome)
    this.#session.onExchangeCut(outcome)
  }

  onTunnelEnd(end: RelayEnd): void {
    this.#lease?.release()
    this.#record(end.code, end.reason)
  }

  /** A lease, and a kept connection or a new one. */
  #acquire(): void {
    const { connect, idle } = this.#context.access
    const lease = connect.pool.lease(this.#session.session, this.#skip)
    if (lease !== undefined && this.#replays === 0) {
      const kept = idle.take(lease.backend, this.#mayReplay ? anyAge : freshAge)
      if (kept !== undefined) {
        kept.conn.sink = this
        return this.#use(lease, kept, { isReused: true })
      }
    }
    this.#connector = new Connector(this.#session.session, this, connect)
    this.#connector.begin({ lease, skip: this.#skip })
  }

  #use(lease: Lease, kept: KeptConnection, { isReused }: { isReused: boolean }): void {
    this.#lease = lease
    this.#kept = kept
    this.#isReused = isReused
    const { conn } = kept
    const isTaken = this.#body.isEmpty ? conn.writeText(this.#head) : conn.write(this.#body.after(this.#head))
    this.#body.sent()
    if (this.#body.isDone) return
    if (isTaken) this.#session.conn.resume()
    else this.#session.conn.pause()
  }

  #noteConnector(): void {
    const connector = this.#connector as Connector
    this.#connector = undefined
    this.tried = this.tried.length === 0 ? connector.tried : [...this.tried, ...connector.tried]
    this.queueMs += connector.queueMs
    this.connectMs = this.#context.clock.now() - this.#startedAt - this.queueMs
  }

  /** The connection ended before any byte of a response. */
  #failBeforeResponse(reason: string): void {
    const { connect, budget } = this.#context.access
    const backend = (this.#lease as Lease).backend
    const isReused = this.#isReused
    this.tried = [
      ...this.tried,
      { backend: backend.id, reason: isReused ? `kept connection: ${reason}` : reason },
    ]
    this.#drop()
    // A kept connection that the backend has just closed tells nothing against it.
    if (!isReused) connect.pool.connectFailed(backend)
    const isSafe = this.#mayReplay && this.#body.isWhole && this.#replays < connect.retries
    if (!isSafe || !budget.take()) {
      return this.#answer(
        { status: 502, reason: 'The backend closed the connection without an answer' },
        'SH',
      )
    }
    this.#replays++
    connect.pool.retries++
    if (!isReused) this.#skipFailed(backend)
    this.#reader = undefined
    this.#acquire()
  }

  /** The next attempt goes elsewhere while there is an elsewhere. */
  #skipFailed(backend: Backend): void {
    const { pool } = this.#context.access.connect
    this.#skip ??= new Set()
    this.#skip.add(backend)
    if (!pool.hasEligible(this.#skip)) this.#skip = undefined
  }

  #readHead(chunk: Buffer, from: number): void {
    const { responseHead: head, config } = this.#context
    const client = this.#session.conn
    let offset = from
    while (offset < chunk.length) {
      this.#reader ??= new HeadReader(config.maxResponseHeadBytes)
      const isWhole = !this.#reader.isStarted
      const read = this.#reader.read(chunk, offset)
      if (read === undefined) return
      if (typeof read === 'string') return this.#badGateway('The head of the response is malformed')
      const refusal = head.parse(read.text, this.method)
      if (refusal !== undefined) return this.#badGateway(`The response is malformed: ${refusal.reason}`)
      if (head.status === 101) return this.#switchProtocols(head, chunk, read.end)
      if (!head.isInterim) return this.#respond(head, chunk, { start: isWhole ? offset : -1, end: read.end })
      offset = read.end
      // RFC 9110, section 15.2: HTTP/1.0 knows no interim responses.
      if (this.#version === 10 || client.writeText(buildResponseHead(head, this.#respondOptions(undefined))))
        continue
      this.#kept?.conn.pause()
      this.#waiting = Buffer.from(chunk.subarray(offset))
      return
    }
  }

  #badGateway(reason: string): void {
    const backend = this.#lease?.backend
    if (backend !== undefined)
      this.tried = [...this.tried, { backend: backend.id, reason: 'malformed response' }]
    this.#drop()
    this.#answer({ status: 502, reason }, 'SH')
  }

  /** Sends the head on, with what came of the body. `at.start` is -1 where the head came in pieces. */
  #respond(head: ResponseHead, chunk: Buffer, at: { start: number; end: number }): void {
    const session = this.#session
    const { clock, isDraining, config } = this.#context
    const kept = this.#kept as KeptConnection
    const body = new ResponseBody(head, { dechunks: this.#version === 10 && head.framing === 'chunked' })
    const bodyEnd = body.read(chunk, at.end)
    if (bodyEnd === -1) return this.#badGateway('The response is malformed: a bad chunk')
    this.#response = body
    this.status = head.status
    this.firstByteMs = clock.now() - this.#startedAt
    this.#backendKeepsAlive = head.keepAlive && this.#body.isDone && bodyEnd === chunk.length
    if (head.keepAliveSeconds !== undefined) {
      kept.keepIdleMs = Math.max(0, Math.min(KEEP_IDLE_MS, (head.keepAliveSeconds - 1) * 1000))
    }
    if (isDraining || !this.#body.isDone || body.framing === 'close' || body.dechunks) session.isLast = true
    this.isResponding = true
    const isPlain =
      this.#version === 11 &&
      !session.isLast &&
      at.start !== -1 &&
      !config.explain &&
      config.via === undefined
    const run = isPlain ? droppedRun(head) : undefined
    const isTaken =
      run === undefined
        ? this.#writeBuilt(head, chunk, at.end, bodyEnd)
        : this.#writeView(chunk, at.start, run, bodyEnd)
    this.#afterWrite(isTaken, body)
  }

  /** The head as it came, but for one run of lines that is cut out in place: no string is built, nothing is copied. */
  #writeView(chunk: Buffer, start: number, run: DroppedRun, end: number): boolean {
    const cut = run.end - run.start
    if (cut > 0) chunk.copyWithin(start + cut, start, start + run.start)
    this.bytesOut += end - start - cut
    return this.#session.conn.write(chunk.subarray(start + cut, end))
  }

  #writeBuilt(head: ResponseHead, chunk: Buffer, bodyStart: number, bodyEnd: number): boolean {
    const body = this.#response as ResponseBody
    const persistence = this.#session.isLast ? 'close' : this.#version === 10 ? 'keep-alive' : undefined
    const text = buildResponseHead(head, this.#respondOptions(persistence))
    const parts = [Buffer.from(text, 'latin1'), ...body.pieces(chunk, bodyStart, bodyEnd)]
    const all = Buffer.concat(parts)
    this.bytesOut += all.length
    return this.#session.conn.write(all)
  }

  #respondOptions(connection: RespondOptions['connection']): RespondOptions {
    const { config } = this.#context
    return {
      connection,
      dechunked: this.#response?.dechunks === true,
      via: config.via,
      lines: config.explain ? this.#explain() : '',
      changes: undefined,
    }
  }

  /** Who answered, and who was tried before. */
  #explain(): string {
    const tried = this.tried.map(({ backend, reason }) => `${backend} (${reason})`).join(', ')
    return `X-Fairlead-Backend: ${this.#lease?.backend.id ?? '-'}\r\n${tried === '' ? '' : `X-Fairlead-Tried: ${tried}\r\n`}`
  }

  #relay(chunk: Buffer): void {
    const body = this.#response as ResponseBody
    const end = body.read(chunk, 0)
    if (end === -1) return this.abortAndCut({ code: 'SD', reason: 'backend-malformed' })
    if (end < chunk.length) this.#backendKeepsAlive = false
    const pieces = body.pieces(chunk, 0, end)
    const part = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
    this.bytesOut += part.length
    this.#afterWrite(part.length === 0 || this.#session.conn.write(part), body)
  }

  #afterWrite(isTaken: boolean, body: ResponseBody): void {
    const client = this.#session.conn
    if (!isTaken) {
      if (client.failure !== undefined) return this.#session.onBroken()
      this.#kept?.conn.pause()
    }
    if (body.isDone) this.#complete()
  }

  /** The response is read whole. Its last bytes may still lie in the backend's buffer: it is kept until they left. */
  #complete(): void {
    this.#isComplete = true
    if (!this.#session.conn.isWriting) this.#finish()
  }

  #finish(): void {
    const { idle } = this.#context.access
    const kept = this.#kept as KeptConnection
    const lease = this.#lease as Lease
    this.#kept = undefined
    kept.requests++
    const { conn } = kept
    if (this.#backendKeepsAlive && !conn.ended && conn.failure === undefined) {
      conn.resume()
      idle.put(kept)
    } else if (this.#body.isDone) {
      conn.close()
    } else {
      conn.reset()
    }
    lease.release()
    this.#record('--', 'done')
    this.#lease = undefined
    if (this.#body.isDone) this.#session.onExchangeDone()
    else this.#session.onAnsweredEarly()
  }

  /** Answers in the backend's stead. */
  #answer(answer: ErrorAnswer, code: EndCode): void {
    const session = this.#session
    if (!this.#body.isDone) session.isLast = true
    this.status = answer.status
    this.isResponding = true
    this.#isComplete = true
    const text = errorResponse(answer, {
      accept: this.sentField('accept'),
      requestId: this.requestId,
      isHead: this.method === 'HEAD',
      keepAlive: !session.isLast && !this.#context.isDraining,
      version: this.#version,
      pages: this.#context.pages,
    })
    this.bytesOut += text.length
    session.conn.writeText(text)
    this.#record(code, answer.reason)
    if (this.#body.isDone) session.onExchangeDone()
    else session.onAnsweredEarly()
  }

  #switchProtocols(head: ResponseHead, chunk: Buffer, end: number): void {
    if (this.#upgrade === undefined)
      return this.#badGateway('The backend changed to a protocol that nobody asked for')
    this.status = 101
    this.isResponding = true
    this.#isTunnel = true
    this.firstByteMs = this.#context.clock.now() - this.#startedAt
    const text = buildResponseHead(head, this.#respondOptions(undefined))
    this.#kept?.conn.pause()
    const isTaken = this.#session.conn.write(
      Buffer.concat([Buffer.from(text, 'latin1'), chunk.subarray(end)]),
    )
    if (isTaken) this.#openTunnel()
    else if (this.#session.conn.failure !== undefined) this.#session.onBroken()
  }

  #openTunnel(): void {
    const { conn } = this.#kept as KeptConnection
    this.#kept = undefined
    this.#session.becomeTunnel(conn)
  }

  /** Gives back whatever is held; a connection in the middle of something is of no more use. */
  #drop(): void {
    this.#connector?.cancel()
    this.#connector = undefined
    this.#kept?.conn.reset()
    this.#kept = undefined
    this.#lease?.release()
    this.#lease = undefined
  }

  #record(code: EndCode, reason: string): void {
    this.#session.onRequestEnd(this, { code, reason, totalMs: this.#context.clock.now() - this.#startedAt })
  }
}

function anyAge(kept: KeptConnection): number {
  return kept.keepIdleMs
}

/** Over half of what the backend announced, or a second, is too old for what may be sent only once. */
function freshAge(kept: KeptConnection): number {
  return Math.min(FRESH_MS, (kept.keepIdleMs + 1_000) / 2)
}

/** What a client is told when there is no backend for it, by the connector's reason. */
const NO_BACKEND: Readonly<Record<string, ErrorAnswer>> = {
  'no-backend': { status: 503, reason: 'No backend is available' },
  'queue-full': { status: 503, reason: 'Too many requests are waiting' },
  'queue-timeout': { status: 503, reason: 'No backend had room in time' },
  'connect-timeout': { status: 504, reason: 'No backend accepted the connection in time' },
}
