import type { Backend } from '../../core/backend.ts'
import type { EndCode, FailedAttempt } from '../../core/events.ts'
import { WheelEntry } from '../../core/timer-wheel.ts'
import type { Conn, ConnSink } from '../../net/conn.ts'
import { Relay } from '../../net/relay.ts'
import type { RelayEnd, RelayOwner } from '../../net/relay.ts'
import type { Session, SessionHolder, SessionOutcome } from '../../net/session.ts'
import { ChunkedScanner } from '../../wire/chunked.ts'
import type { Framing } from '../../wire/framing.ts'
import { HeadReader } from '../../wire/head-reader.ts'
import { errorResponse } from './error-response.ts'
import type { ErrorAnswer } from './error-response.ts'
import type { HttpContext } from './http-context.ts'
import { HttpExchange } from './http-exchange.ts'

/**
 * `idle`: between requests; `head`: amid a request's head; `body`: amid its body; `wait`: the request is read, its
 * response is not sent; `linger`: our FIN is sent and what the client still says is dropped; `tunnel`: upgraded.
 */
type Phase = 'idle' | 'head' | 'body' | 'wait' | 'linger' | 'tunnel' | 'closed'

/** Pipelined bytes are held up to here; then the client is not read until its turn comes. */
const MOST_PIPELINED_BYTES = 64 * 1024

/** How long a client that still sends may take to notice that it has been answered. */
const LINGER_MS = 5_000

/**
 * One client connection in HTTP mode: reads requests one after another, hands each to an exchange, and decides when
 * the connection ends. Responses are written by the exchange.
 */
export class HttpSession extends WheelEntry implements ConnSink, SessionHolder, RelayOwner {
  readonly session: Session
  readonly context: HttpContext
  queueMs = 0
  connectMs = 0
  tried: readonly FailedAttempt[] = []
  /** The request under way is the last on this connection. */
  isLast = false
  #phase: Phase = 'idle'
  /** Loop time of the last sign of life that the present phase's timeout counts from. */
  #since: number
  #requests = 0
  readonly #reader: HeadReader
  #exchange: HttpExchange | undefined = undefined
  #tunnel: Relay | undefined = undefined
  #framing: Framing = 'none'
  #bodyLeft = 0
  #scanner: ChunkedScanner | undefined = undefined
  #bodyBytes = 0
  #pipelined: Buffer[] = []
  #pipelinedBytes = 0
  #isFeeding = false

  constructor(session: Session, context: HttpContext) {
    super()
    this.session = session
    this.context = context
    this.#since = context.wheel.now
    this.#reader = new HeadReader(context.config.maxHeadBytes)
  }

  get conn(): Conn {
    return this.session.conn
  }

  get pool(): string {
    return this.context.access.connect.pool.name
  }

  get backend(): Backend | undefined {
    return this.#exchange?.backend
  }

  get bytesIn(): number {
    return this.conn.bytesRead
  }

  get bytesOut(): number {
    return this.conn.bytesWritten
  }

  begin(): void {
    this.session.holder = this
    this.conn.sink = this
    this.conn.start()
    this.#enter('idle')
  }

  abort(outcome: SessionOutcome): void {
    if (this.#tunnel !== undefined) return this.#tunnel.abort(outcome)
    this.#exchange?.abort(outcome)
    this.#end(outcome, 'reset')
  }

  /** The balancer drains: an idle connection goes now, a busy one after its response. */
  drain(): void {
    this.isLast = true
    if (this.#phase === 'idle') this.#end(DONE, 'close')
  }

  onData(_conn: Conn, chunk: Buffer): void {
    if (this.#phase === 'wait') this.#hold(chunk)
    else if (this.#phase !== 'linger') this.#feed(chunk)
  }

  onEnd(): void {
    switch (this.#phase) {
      case 'idle':
      case 'linger':
        return this.#end(DONE, 'close')
      case 'head':
        return this.#end({ code: 'CR', reason: 'client-ended' }, 'close')
      case 'body':
        this.#exchange?.abort({ code: 'CD', reason: 'client-ended' })
        return this.#end({ code: 'CD', reason: 'client-ended' }, 'reset')
      default: // It waits for its answer with its own direction closed.
        this.isLast = true
    }
  }

  onBroken(): void {
    const outcome: SessionOutcome = { code: CLIENT_LEFT[this.#phase] ?? 'CD', reason: 'client-reset' }
    this.#exchange?.abort(outcome)
    this.#end(this.#phase === 'linger' ? DONE : outcome, 'reset')
  }

  onDrain(): void {
    if (this.conn.failure !== undefined) return this.onBroken()
    if (this.#phase === 'linger') return
    this.#exchange?.onClientDrained()
  }

  expire(): void {
    const { wheel, config, relay } = this.context
    const isResponding = this.#exchange?.isResponding === true
    const since = isResponding ? Math.max(this.#since, this.#exchange?.lastActivity ?? 0) : this.#since
    const limit = isResponding ? relay.idleTimeoutMs : this.#limit(config)
    const left = since + limit - wheel.now
    if (limit === 0) return wheel.arm(this, RECHECK_MS)
    if (left > 0) return wheel.arm(this, left)
    this.#onTimeout(isResponding)
  }

  /** The exchange: the response is sent whole, and the request was read whole. */
  onExchangeDone(): void {
    this.#exchange = undefined
    if (this.isLast || this.context.isDraining) return this.#finish()
    this.#enter('idle')
    if (this.#isFeeding) return
    this.conn.resume()
    this.#feedPipelined()
  }

  /** The exchange: the response is sent whole, but the client is still sending its request. */
  onAnsweredEarly(): void {
    this.#exchange = undefined
    this.#linger()
  }

  /** The exchange: the response was cut, or can never be sent; the client must not take it for whole. */
  onExchangeCut(outcome: SessionOutcome): void {
    this.#exchange = undefined
    this.#end(outcome, 'reset')
  }

  /** The exchange: both sides speak another protocol from here on. `early` came from the client already. */
  becomeTunnel(backend: Conn): void {
    this.#phase = 'tunnel'
    this.context.wheel.disarm(this)
    const early = this.#pipelined
    this.#pipelined = []
    this.#tunnel = new Relay(this.conn, backend, this, this.context.relay)
    this.#tunnel.start(early)
  }

  onRelayEnd(_relay: Relay, end: RelayEnd): void {
    this.#exchange?.onTunnelEnd(end)
    this.#phase = 'closed'
    this.context.onSessionEnd(this)
    this.session.owner.onSessionEnd(this.session, end)
  }

  /** The exchange: a request is over. */
  onRequestEnd(exchange: HttpExchange, end: { code: EndCode; reason: string; totalMs: number }): void {
    const { events, listener } = this.context
    this.tried = exchange.tried
    this.queueMs = exchange.queueMs
    this.connectMs = exchange.connectMs
    if (!events.wants('request:end')) return
    events.emit('request:end', {
      session: this.session.id,
      listener,
      client: this.session.client,
      pool: this.pool,
      backend: exchange.backend?.id,
      tried: exchange.tried,
      code: end.code,
      reason: end.reason,
      method: exchange.method,
      path: exchange.path,
      status: exchange.status,
      requestId: exchange.requestId,
      version: exchange.version,
      get referer() {
        return exchange.sentField('referer')
      },
      get userAgent() {
        return exchange.sentField('user-agent')
      },
      bytesIn: exchange.bytesIn,
      bytesOut: exchange.bytesOut,
      queueMs: exchange.queueMs,
      connectMs: exchange.connectMs,
      firstByteMs: exchange.firstByteMs,
      totalMs: end.totalMs,
    })
  }

  /** Reads on, until a request must be answered before the next. */
  #feed(chunk: Buffer): void {
    let offset = 0
    this.#isFeeding = true
    while (offset < chunk.length && READING.has(this.#phase)) {
      offset = this.#phase === 'body' ? this.#readBody(chunk, offset) : this.#readHead(chunk, offset)
      const exchange = this.#exchange
      // Begun only now, so that a body that came with its head goes out with it, in one piece.
      const isReady = this.#phase === 'wait' || offset >= chunk.length
      if (exchange !== undefined && !exchange.hasBegun && isReady) exchange.begin()
    }
    this.#isFeeding = false
    if (offset < chunk.length && (this.#phase === 'wait' || this.#phase === 'tunnel')) {
      this.#hold(chunk.subarray(offset))
    }
  }

  #feedPipelined(): void {
    while (this.#phase === 'idle' && this.#pipelined.length > 0) {
      const chunk =
        this.#pipelined.length === 1 ? (this.#pipelined[0] as Buffer) : Buffer.concat(this.#pipelined)
      this.#pipelined = []
      this.#pipelinedBytes = 0
      this.#feed(chunk)
    }
    if (this.#phase === 'idle' && this.conn.ended) this.#end(DONE, 'close')
  }

  #hold(chunk: Buffer): void {
    this.#pipelined.push(Buffer.from(chunk))
    this.#pipelinedBytes += chunk.length
    if (this.#pipelinedBytes >= MOST_PIPELINED_BYTES) this.conn.pause()
  }

  #readHead(chunk: Buffer, start: number): number {
    let offset = start
    // RFC 9112, section 2.2: an empty line before a request is some old client's habit.
    if (this.#phase === 'idle' && chunk[offset] === CR && chunk[offset + 1] === LF) offset += 2
    if (offset === chunk.length) return offset
    const read = this.#reader.read(chunk, offset)
    if (read === undefined) {
      if (this.#phase === 'idle') this.#enter('head')
      return chunk.length
    }
    if (read === 'bare-lf')
      return this.#refuse({ status: 400, reason: 'A line does not end in CR LF' }, chunk)
    if (read === 'too-long') return this.#refuse(this.#tooLong(chunk, offset), chunk)
    this.#begin(read.text)
    return read.end
  }

  #tooLong(chunk: Buffer, offset: number): ErrorAnswer {
    const isTarget = (this.#reader.held ?? chunk).indexOf(CR, this.#reader.isStarted ? 0 : offset) === -1
    return isTarget ? { status: 414, reason: 'The request line is too long' } : HEAD_TOO_LONG
  }

  #begin(text: string): void {
    const { requestHead: head, access, config, isDraining } = this.context
    const refusal = head.parse(text)
    if (refusal !== undefined)
      return void this.#refuse({ status: refusal.status, reason: sentence(refusal.reason) })
    if (config.maxBodyBytes > 0 && head.contentLength > config.maxBodyBytes)
      return void this.#refuse(BODY_TOO_LONG)
    access.budget.count()
    this.#requests++
    this.isLast = !head.keepAlive || isDraining || this.conn.ended
    this.#framing = head.framing
    this.#bodyLeft = head.contentLength
    this.#bodyBytes = 0
    if (head.framing === 'chunked') (this.#scanner ??= new ChunkedScanner()).reset()
    this.#enter(head.framing === 'none' ? 'wait' : 'body')
    const exchange = new HttpExchange(this, head)
    this.#exchange = exchange
    if (head.framing === 'none') exchange.send(undefined, true)
  }

  #readBody(chunk: Buffer, offset: number): number {
    this.#since = this.context.wheel.now
    const exchange = this.#exchange as HttpExchange
    const end = this.#bodyEnd(chunk, offset)
    if (end === -1) {
      this.#refuse({ status: 400, reason: 'A malformed chunk' }, chunk)
      return chunk.length
    }
    this.#bodyBytes += end - offset
    const { maxBodyBytes } = this.context.config
    if (maxBodyBytes > 0 && this.#bodyBytes > maxBodyBytes) {
      this.#refuse(BODY_TOO_LONG, chunk)
      return chunk.length
    }
    const isDone = this.#framing === 'chunked' ? this.#scanner?.isDone === true : this.#bodyLeft === 0
    if (isDone) this.#enter('wait')
    exchange.send(offset === 0 && end === chunk.length ? chunk : chunk.subarray(offset, end), isDone)
    return end
  }

  /** Where the body ends in this chunk; -1 where it is broken. */
  #bodyEnd(chunk: Buffer, offset: number): number {
    if (this.#framing === 'chunked') {
      const scanner = this.#scanner as ChunkedScanner
      const end = scanner.scan(chunk, offset)
      return scanner.isBroken ? -1 : end
    }
    const end = Math.min(chunk.length, offset + this.#bodyLeft)
    this.#bodyLeft -= end - offset
    return end
  }

  /** Answers a request that goes no further, and ends the connection: what follows it cannot be trusted. */
  #refuse(answer: ErrorAnswer, chunk?: Buffer): number {
    this.isLast = true
    const exchange = this.#exchange
    if (exchange !== undefined) {
      exchange.refuse(answer)
    } else {
      this.#reader.clear()
      this.conn.writeText(
        errorResponse(answer, {
          accept: '',
          requestId: '',
          isHead: false,
          keepAlive: false,
          version: 11,
          pages: this.context.pages,
        }),
      )
      this.#recordRefusal(answer)
      this.#linger()
    }
    return chunk?.length ?? 0
  }

  /** A request that could not be read has no method and no path: nothing of it is worth repeating. */
  #recordRefusal({ status, reason }: ErrorAnswer): void {
    const { events, listener } = this.context
    if (!events.wants('request:end')) return
    events.emit('request:end', {
      session: this.session.id,
      listener,
      client: this.session.client,
      pool: this.pool,
      backend: undefined,
      tried: [],
      code: status === 408 ? 'cR' : 'PR',
      reason,
      method: '',
      path: '',
      status,
      requestId: '',
      version: '',
      referer: '',
      userAgent: '',
      bytesIn: 0,
      bytesOut: 0,
      queueMs: 0,
      connectMs: 0,
      firstByteMs: 0,
      totalMs: 0,
    })
  }

  #enter(phase: Phase): void {
    const { wheel, config } = this.context
    this.#phase = phase
    this.#since = wheel.now
    const limit = this.#limit(config)
    // Armed already for a moment before that: it looks again then, which is cheaper than moving it each time.
    if (limit > 0 && (this.next === undefined || this.deadline > wheel.now + limit)) wheel.arm(this, limit)
  }

  #limit(config: HttpContext['config']): number {
    switch (this.#phase) {
      case 'idle': // The first request is awaited as long as a head may take: this connection has shown nothing yet.
        return this.#requests === 0 ? config.requestHeadTimeoutMs : config.keepAliveTimeoutMs
      case 'head':
        return config.requestHeadTimeoutMs
      case 'body':
        return config.requestBodyTimeoutMs
      case 'wait':
        return config.responseHeadTimeoutMs
      default:
        return LINGER_MS
    }
  }

  #onTimeout(isResponding: boolean): void {
    switch (this.#phase) {
      case 'idle':
        return this.#end(this.#requests === 0 ? { code: 'cR', reason: 'no-request' } : DONE, 'close')
      case 'head':
        return void this.#refuse({ status: 408, reason: 'The request took too long to arrive' })
      case 'linger':
        return this.#end(DONE, 'close')
      default:
    }
    const exchange = this.#exchange as HttpExchange
    if (isResponding)
      return exchange.abortAndCut({ code: this.conn.isWriting ? 'cD' : 'sD', reason: 'idle-timeout' })
    if (this.#phase === 'body' && !exchange.isBlocked) {
      this.isLast = true
      return exchange.refuse({ status: 408, reason: 'The request body took too long to arrive' }, 'cD')
    }
    exchange.timeOut()
  }

  /** Ends the connection after its last response. */
  #finish(): void {
    // Closing amid unread bytes would reset, and might take the response back out of the client's hands.
    if (this.conn.isWriting || this.#pipelined.length > 0) this.#linger()
    else this.#end(DONE, 'close')
  }

  #linger(): void {
    if (this.conn.failure !== undefined) return this.#end({ code: 'CD', reason: 'client-reset' }, 'reset')
    this.#pipelined = []
    this.conn.end()
    if (this.conn.ended) return this.#end(DONE, 'close')
    this.conn.resume()
    this.#enter('linger')
  }

  #end(outcome: SessionOutcome, how: 'close' | 'reset'): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#exchange = undefined
    this.context.wheel.disarm(this)
    if (how === 'close') this.conn.close()
    else this.conn.reset()
    this.context.onSessionEnd(this)
    this.session.owner.onSessionEnd(this.session, outcome)
  }
}

const READING: ReadonlySet<Phase> = new Set<Phase>(['idle', 'head', 'body'])

const CR = 13
const LF = 10
const RECHECK_MS = 60_000

const DONE: SessionOutcome = { code: '--', reason: 'done' }
const HEAD_TOO_LONG: ErrorAnswer = { status: 431, reason: 'The head of the request is too long' }
const BODY_TOO_LONG: ErrorAnswer = { status: 413, reason: 'The body of the request is too long' }

const CLIENT_LEFT: Readonly<Partial<Record<Phase, EndCode>>> = { idle: 'CR', head: 'CR', wait: 'CH' }

/** `no Host` -> `No Host` */
function sentence(reason: string): string {
  return reason.charAt(0).toUpperCase() + reason.slice(1)
}
