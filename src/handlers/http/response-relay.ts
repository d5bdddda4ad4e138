import { FieldKind } from '../../wire/field-kinds.ts'
import { HeadReader } from '../../wire/head-reader.ts'
import { buildResponseHead, droppedRun } from '../../wire/forwarded-response.ts'
import type { DroppedRun, RespondOptions } from '../../wire/forwarded-response.ts'
import type { ResponseHead } from '../../wire/response-head.ts'
import type { HttpExchange } from './http-exchange.ts'
import { ResponseBody } from './response-body.ts'

/**
 * The way of one response from a backend to the client. Its bytes are written as views of the memory that the backend
 * is read into: while the client does not take them, the backend is not read, and its connection is used for nothing
 * else.
 */
export class ResponseRelay {
  /** A byte of it has come. */
  hasBegun = false
  /** Its head goes, or went, to the client. */
  isSending = false
  /** It is read whole; its last bytes may still wait for the client to take them. */
  isDone = false
  /** The backend's connection can serve another request. */
  keepsAlive = false
  bytesOut = 0
  /** Those of heads among them, the interim ones included. */
  headBytesOut = 0
  /** Loop time of the last bytes that came. */
  lastActivity = 0
  readonly #exchange: HttpExchange
  /** Only for a head that comes in pieces. */
  #reader: HeadReader | undefined = undefined
  #body: ResponseBody | undefined = undefined
  /** What came behind an interim response while the client did not take that one. */
  #held: Buffer | undefined = undefined
  #isSwitching = false
  /** The client does not take what was written: it is read from the backend's memory. */
  isStalled = false

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange
  }

  /** The client has not taken an interim response. */
  get isHeldUp(): boolean {
    return this.#held !== undefined
  }

  /** More of it came. */
  read(chunk: Buffer): void {
    this.hasBegun = true
    this.lastActivity = this.#exchange.context.wheel.now
    if (this.#held !== undefined) this.#held = Buffer.concat([this.#held, chunk])
    else if (this.isSending) this.#readBody(chunk)
    else this.#readHeads(chunk)
  }

  /** The backend has sent FIN. Whether that ends the response well. */
  endedWell(): boolean {
    if (this.#body?.framing !== 'close') return false
    this.isDone = true
    return true
  }

  /** The client took all that it had been given. */
  onClientDrained(): void {
    const exchange = this.#exchange
    this.isStalled = false
    if (this.#isSwitching) return exchange.onSwitched()
    if (this.isDone) return exchange.onResponseDone()
    const held = this.#held
    this.#held = undefined
    exchange.request.kept?.conn.resume()
    if (held !== undefined) this.#readHeads(held)
  }

  #readHeads(chunk: Buffer): void {
    const { context, method } = this.#exchange
    const { responseHead: head } = context
    let offset = 0
    while (offset < chunk.length) {
      const isWhole = this.#reader?.isStarted !== true
      let end = isWhole
        ? head.read(chunk, offset, { mostBytes: context.config.maxResponseHeadBytes, method })
        : -1
      const start = end === -1 ? -1 : offset
      if (end === -1) end = this.#collectHead(chunk, offset)
      if (end === -1) return
      if (head.status === 101) return this.#switchProtocols(head, chunk, end)
      if (!head.isInterim) return this.#begin(head, chunk, { start, end })
      offset = end
      if (!this.#sendInterim(head, chunk, offset)) return
    }
  }

  /** The way of a head that comes in pieces, or is to be refused. -1: there is none to go on with. */
  #collectHead(chunk: Buffer, offset: number): number {
    const { context, method } = this.#exchange
    const reader = (this.#reader ??= new HeadReader(context.config.maxResponseHeadBytes))
    const read = reader.read(chunk, offset)
    if (read === undefined) return -1
    if (typeof read === 'string') {
      this.#exchange.onBadResponse('The head of the response is malformed')
      return -1
    }
    const refusal = context.responseHead.parse(read.text, method)
    if (refusal === undefined) return read.end
    this.#exchange.onBadResponse(`The response is malformed: ${refusal.reason}`)
    return -1
  }

  /** False: what is behind it waits. */
  #sendInterim(head: ResponseHead, chunk: Buffer, end: number): boolean {
    const { session, version } = this.#exchange
    // RFC 9110, section 15.2: HTTP/1.0 knows no interim responses.
    if (version === 10) return true
    const text = buildResponseHead(head, this.#options({ connection: undefined, lines: '' }))
    this.bytesOut += text.length
    this.headBytesOut += text.length
    if (session.conn.writeText(text)) return true
    this.#held = Buffer.from(chunk.subarray(end))
    this.#onStalled()
    return false
  }

  /** The response proper: its head, and what came of its body with it. */
  #begin(head: ResponseHead, chunk: Buffer, at: { start: number; end: number }): void {
    const exchange = this.#exchange
    const { session, version, context, route } = exchange
    let bodyEnd = wholeBodyEnd(head, chunk, at.end)
    const isWhole = bodyEnd !== -1
    if (!isWhole) {
      this.#body = new ResponseBody(head, { dechunks: version === 10 && head.framing === 'chunked' })
      bodyEnd = this.#body.read(chunk, at.end)
      if (bodyEnd === -1) return exchange.onBadResponse('The response is malformed: a bad chunk')
      if (this.#body.framing === 'close' || this.#body.dechunks) session.isLast = true
    }
    this.isDone = isWhole || this.#body?.isDone === true
    this.isSending = true
    this.keepsAlive = head.keepAlive && bodyEnd === chunk.length
    const lines = exchange.onResponse(head)
    const isPlain =
      version === 11 &&
      !session.isLast &&
      at.start !== -1 &&
      lines === '' &&
      context.config.via === undefined &&
      route?.response === undefined
    const run = isPlain ? droppedRun(head) : undefined
    const isTaken =
      run === undefined
        ? this.#writeBuilt(
            head,
            lines,
            this.#body?.pieces(chunk, at.end, bodyEnd) ?? [chunk.subarray(at.end, bodyEnd)],
          )
        : this.#writeView(chunk, at, run, bodyEnd)
    if (!isTaken || !this.isDone) session.onResponding()
    this.#afterWrite(isTaken, exchange.answeredAt)
  }

  /** The head as it came, but for one run of lines that is cut out in place: no head is built. */
  #writeView(
    chunk: Buffer,
    { start, end: headEnd }: { start: number; end: number },
    run: DroppedRun,
    end: number,
  ): boolean {
    const cut = run.end - run.start
    const { conn } = this.#exchange.session
    this.bytesOut += end - start - cut
    this.headBytesOut += headEnd - start - cut
    if (this.isDone && end - start <= MOST_BYTES_SOON) {
      const rest = chunk.toString('latin1', start + run.end, end)
      return conn.writeTextSoon(cut === 0 ? rest : chunk.toString('latin1', start, start + run.start) + rest)
    }
    if (cut > 0) chunk.copyWithin(start + cut, start, start + run.start)
    const isAll = start + cut === 0 && end === chunk.length
    return conn.write(isAll ? chunk : chunk.subarray(start + cut, end))
  }

  #writeBuilt(head: ResponseHead, lines: string, body: readonly Buffer[]): boolean {
    const { session, version } = this.#exchange
    const connection = session.isLast ? 'close' : version === 10 ? 'keep-alive' : undefined
    const text = buildResponseHead(head, this.#options({ connection, lines }))
    const all = Buffer.concat([Buffer.from(text, 'latin1'), ...body])
    this.bytesOut += all.length
    this.headBytesOut += text.length
    return session.conn.write(all)
  }

  #options({ connection, lines }: Pick<RespondOptions, 'connection' | 'lines'>): RespondOptions {
    const { context, route } = this.#exchange
    return {
      connection,
      // The answer to HEAD has no body, and may all the same tell how it would be framed.
      dechunked: this.#exchange.version === 10,
      via: context.config.via,
      lines,
      changes: route?.response,
    }
  }

  #readBody(chunk: Buffer): void {
    const body = this.#body
    if (body === undefined) {
      // It came whole with its head: these bytes belong to nothing.
      this.keepsAlive = false
      return
    }
    const end = body.read(chunk, 0)
    if (end === -1) return this.#exchange.cut({ code: 'SD', reason: 'backend-malformed' })
    if (end < chunk.length) this.keepsAlive = false
    this.isDone = body.isDone
    const pieces = body.pieces(chunk, 0, end)
    const part = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
    this.bytesOut += part.length
    this.#afterWrite(part.length === 0 || this.#exchange.session.conn.write(part))
  }

  /** `now`: the clock's time, where it has been read already. */
  #afterWrite(isTaken: boolean, now?: number): void {
    if (!isTaken) this.#onStalled()
    else if (this.isDone) this.#exchange.onResponseDone(now)
  }

  #onStalled(): void {
    const { session } = this.#exchange
    if (session.conn.failure !== undefined) session.onBroken()
    else this.#stall()
  }

  #stall(): void {
    this.isStalled = true
    this.#exchange.request.kept?.conn.pause()
  }

  #switchProtocols(head: ResponseHead, chunk: Buffer, end: number): void {
    const exchange = this.#exchange
    if (exchange.upgrade === undefined || !switchesTo(head, exchange.upgrade)) {
      return exchange.onBadResponse('The backend changed to a protocol that nobody asked for')
    }
    this.isSending = true
    this.#isSwitching = true
    const text = buildResponseHead(
      head,
      this.#options({ connection: undefined, lines: exchange.onResponse(head) }),
    )
    exchange.request.kept?.conn.pause()
    const all = Buffer.concat([Buffer.from(text, 'latin1'), chunk.subarray(end)])
    this.bytesOut += all.length
    this.headBytesOut += text.length
    if (exchange.session.conn.write(all)) exchange.onSwitched()
    else this.#onStalled()
  }
}

/** RFC 9110, section 7.8: the answer names the protocol, and it is one that was asked for. */
function switchesTo({ fields }: ResponseHead, protocol: string): boolean {
  let named = ''
  for (let i = 0; i < fields.count; i++) {
    if (fields.kindAt(i) === FieldKind.upgrade) named += fields.value(i)
  }
  return named.toLowerCase() === protocol.toLowerCase()
}

/** A whole response of up to so many bytes may wait for the end of the turn, in a copy of its own. */
const MOST_BYTES_SOON = 4 * 1024

/** Where in `chunk` the body ends that begins at `start`; -1 where it takes more than a look to say. */
function wholeBodyEnd(head: ResponseHead, chunk: Buffer, start: number): number {
  if (head.framing === 'none') return start
  return head.framing === 'length' && head.contentLength <= chunk.length - start
    ? start + head.contentLength
    : -1
}
