import type { Session } from './session.ts'

/**
 * Who hears what happens on a {@link Conn}. One sink serves both ends of a relay; the conn tells which one speaks.
 */
export interface ConnSink {
  /** For whom it listens, where that is one session. Only faults on purpose ask. */
  readonly servedSession?: Session
  /**
   * Bytes arrived. `chunk` belongs to the conn: it is valid until this returns or, where it was given to a
   * `write` that returned false, until that conn drains; the sink pauses this conn until then. Copy what must
   * live longer.
   */
  onData(conn: Conn, chunk: Buffer): void
  /** The far side sent FIN, proven to be none of a reset in disguise. Called once; nothing is read after it. */
  onEnd(conn: Conn): void
  /** The write that returned false has finished, or has failed: then `conn.failure` says why. */
  onDrain(conn: Conn): void
  /** Reading failed: a reset, a keep-alive that found nobody, ... `conn.failure` holds the code. Called once. */
  onBroken(conn: Conn): void
}

/**
 * One end of a connection: a stream socket reduced to what a balancer does with it. It exists twice, over
 * Node's handles (fast) and over `net.Socket` (public API); one contract suite runs over both.
 *
 * Its methods never throw and never call the sink synchronously, but `resume` and `start`, after which data
 * may come at any time. After `close` or `reset` the sink hears nothing more.
 */
export abstract class Conn {
  /** Set before `start`. */
  sink: ConnSink = nobody
  bytesRead = 0
  bytesWritten = 0
  /** The error code that broke this conn for good, such as `ECONNRESET`. */
  failure: string | undefined = undefined
  /** The far side's FIN was read. */
  ended = false
  /** Closed or reset by us: no longer in use. */
  closed = false

  /**
   * The far side's IP address; `''` on a unix socket, and where it is lost. Ask soon if you ask at all: after a reset
   * the system has forgotten it.
   */
  abstract get remoteAddress(): string
  /** The far side's port; 0 on a unix socket. */
  abstract get remotePort(): number
  /** A TCP client that has no address: it had reset by the time that the system was asked who it is. */
  abstract get isPeerLost(): boolean
  /** A write is on its way that returned false, or waits for the end of the turn. */
  abstract get isWriting(): boolean
  /** Begins to read, or goes on where it has begun. */
  abstract start(): void
  abstract pause(): void
  abstract resume(): void
  /**
   * True: the system took every byte, and `chunk` may be used again. False: it did not; keep `chunk` untouched
   * and write nothing more until `onDrain`; or the conn is broken, and `failure` says so at once.
   */
  abstract write(chunk: Buffer): boolean
  /** {@link write} for several chunks with one system call; all of them are kept untouched until `onDrain`. */
  abstract writeAll(chunks: readonly Buffer[]): boolean
  /** {@link write} for a text of one character a byte (Latin-1), such as an HTTP head; it is copied if need be. */
  abstract writeText(text: string): boolean
  /**
   * {@link writeText} for a message that is short and whole. It may wait for the end of the loop's turn, to go out
   * together with those of other conns, which is cheaper. What becomes of it then shows as it does for a write that
   * returned false: by `isWriting`, and by `onDrain` where it takes its time or fails. A reset loses it.
   */
  writeTextSoon(text: string): boolean {
    return this.writeText(text)
  }
  /** Sends FIN after all that was written; reading goes on. */
  abstract end(): void
  /** Closes; where the far side has ended as well and all was written, that is a clean end, and sends our FIN. */
  abstract close(): void
  /**
   * Closes so that the far side sees a reset, never a clean end. Unsent bytes are lost. Unix sockets and TLS know
   * no reset: there it is as near as the platform gets.
   */
  abstract reset(): void
  /** TCP keep-alive from 60 s of silence; does nothing on unix sockets. */
  abstract keepAlive(): void
  /** Gives back memory that the last burst of data took; called when nothing came for a while. */
  abstract trim(): void
}

/** Seconds of silence after which the system begins to probe whether the far side still exists. */
export const KEEP_ALIVE_SECONDS = 60

const nobody: ConnSink = {
  onData() {
    throw new Error('a conn was started before it had a sink')
  },
  onEnd() {},
  onDrain() {},
  onBroken() {},
}
