import type { Conn, ConnSink } from '../../src/net/conn.ts'

/** What a relay sees of a conn; the test plays the far side. It writes down what it was told. */
export class FakeConn {
  remoteAddress = '192.0.2.1'
  remotePort = 50_000
  sink: ConnSink | undefined = undefined
  bytesRead = 0
  bytesWritten = 0
  failure: string | undefined = undefined
  ended = false
  closed = false
  isWriting = false
  /** Whether the system takes what is written at once. */
  takes = true
  isReading = false
  readonly log: string[] = []

  start(): void {
    this.isReading = true
  }

  pause(): void {
    this.isReading = false
  }

  resume(): void {
    this.isReading = true
  }

  write(chunk: Buffer): boolean {
    if (this.failure !== undefined) return false
    this.log.push(`write ${chunk.toString()}`)
    this.bytesWritten += chunk.length
    this.isWriting = !this.takes
    return this.takes
  }

  writeText(text: string): boolean {
    return this.write(Buffer.from(text, 'latin1'))
  }

  end(): void {
    this.log.push('end')
  }

  close(): void {
    this.closed = true
    this.log.push('close')
  }

  reset(): void {
    this.closed = true
    this.log.push('reset')
  }

  keepAlive(): void {
    this.log.push('keepAlive')
  }

  trim(): void {
    this.log.push('trim')
  }

  says(text: string): void {
    const chunk = Buffer.from(text)
    this.bytesRead += chunk.length
    this.sink?.onData(this.asConn, chunk)
  }

  ends(): void {
    this.ended = true
    this.sink?.onEnd(this.asConn)
  }

  breaks(code = 'ECONNRESET'): void {
    this.failure = code
    this.sink?.onBroken(this.asConn)
  }

  drains(): void {
    this.isWriting = false
    this.takes = true
    this.sink?.onDrain(this.asConn)
  }

  writeFails(code = 'EPIPE'): void {
    this.failure = code
    this.isWriting = false
    this.sink?.onDrain(this.asConn)
  }

  get asConn(): Conn {
    return this as unknown as Conn
  }
}
