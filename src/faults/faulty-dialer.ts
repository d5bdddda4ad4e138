import { WheelEntry } from '../core/timer-wheel.ts'
import type { Conn } from '../net/conn.ts'
import { Dialer } from '../net/dial.ts'
import type { DialAttempt, DialSink, DialTarget } from '../net/dial.ts'
import type { Io } from '../net/io.ts'
import type { Resolver } from '../net/resolver.ts'
import type { TlsVerification } from '../net/socket-io.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import type { ActiveFault } from './active-fault.ts'
import type { FaultBoard } from './fault-board.ts'
import { FaultyConn } from './faulty-conn.ts'
import type { Subject } from './subject.ts'

/** Dials backends where no fault forbids it, and hands over connections on which faults may sit. */
export class FaultyDialer extends Dialer {
  readonly board: FaultBoard

  constructor(options: { io: Io; resolver: Resolver; wheel: TimerWheel; board: FaultBoard }) {
    super(options)
    this.board = options.board
  }

  override dial(target: DialTarget, timeoutMs: number, sink: DialSink, tls?: TlsVerification): DialAttempt {
    const { board } = this
    const { session } = sink
    const subject: Subject = {
      side: 'backend',
      listener: session?.owner.name,
      pool: target.pool,
      backend: target.id,
      session,
      key: session?.id ?? board.nextKey(),
    }
    const dialOn = (leftMs: number): DialAttempt =>
      super.dial(target, leftMs, new FaultySink(sink, subject, board), tls)
    const fault = board.strikeConnect(subject)
    if (fault === undefined) return dialOn(timeoutMs)
    if (fault.type === 'refuse') return new RefusedDial(sink)
    return new StuckDial(this, { fault, timeoutMs, sink, dialOn })
  }
}

/** Wraps the connection on its way to who dialled. */
class FaultySink implements DialSink {
  readonly #sink: DialSink
  readonly #subject: Subject
  readonly #board: FaultBoard

  constructor(sink: DialSink, subject: Subject, board: FaultBoard) {
    this.#sink = sink
    this.#subject = subject
    this.#board = board
  }

  onDialed(conn: Conn): void {
    this.#sink.onDialed(new FaultyConn(conn, this.#subject, this.#board))
  }

  onDialFailed(reason: string): void {
    this.#sink.onDialFailed(reason)
  }
}

class RefusedDial implements DialAttempt {
  readonly #immediate: NodeJS.Immediate

  constructor(sink: DialSink) {
    this.#immediate = setImmediate(() => sink.onDialFailed('ECONNREFUSED'))
  }

  cancel(): void {
    clearImmediate(this.#immediate)
  }
}

/** A connect that never completes; once its fault is removed, it goes on with the time that is left. */
class StuckDial extends WheelEntry implements DialAttempt {
  readonly #dialer: FaultyDialer
  readonly #fault: ActiveFault
  readonly #timeoutMs: number
  readonly #sink: DialSink
  readonly #dialOn: (leftMs: number) => DialAttempt
  readonly #startedAt: number
  #going: DialAttempt | undefined = undefined

  constructor(
    dialer: FaultyDialer,
    how: {
      fault: ActiveFault
      timeoutMs: number
      sink: DialSink
      dialOn: (leftMs: number) => DialAttempt
    },
  ) {
    super()
    this.#dialer = dialer
    this.#fault = how.fault
    this.#timeoutMs = how.timeoutMs
    this.#sink = how.sink
    this.#dialOn = how.dialOn
    this.#startedAt = dialer.wheel.now
    if (this.#timeoutMs > 0) dialer.wheel.arm(this, this.#timeoutMs)
    dialer.board.whenRemoved(how.fault, this.#goOn)
  }

  cancel(): void {
    this.#leave()
    this.#going?.cancel()
  }

  expire(): void {
    this.#leave()
    this.#sink.onDialFailed('timeout')
  }

  readonly #goOn = (): void => {
    this.#leave()
    const passed = this.#dialer.wheel.now - this.#startedAt
    // 0 would mean for ever.
    this.#going = this.#dialOn(this.#timeoutMs === 0 ? 0 : Math.max(1, this.#timeoutMs - passed))
  }

  #leave(): void {
    this.#dialer.wheel.disarm(this)
    this.#dialer.board.notWhenRemoved(this.#fault, this.#goOn)
  }
}
