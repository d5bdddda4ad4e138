import { isIP } from 'node:net'
import type { Address, TcpAddress } from '../core/address.ts'
import type { BackendTransport } from '../core/backend.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import { WheelEntry } from '../core/timer-wheel.ts'
import type { Conn } from './conn.ts'
import type { Endpoint, Io, IpEndpoint } from './io.ts'
import type { Resolver } from './resolver.ts'
import type { Session } from './session.ts'
import { connectTls } from './socket-io.ts'
import type { TlsVerification } from './socket-io.ts'

export interface DialTarget {
  readonly address: Address
  readonly transport: BackendTransport
  /** Which backend that is. Only faults on purpose ask. */
  readonly id?: string
  readonly pool?: string
}

/** Who waits for a dial. One of the two is called, once, never synchronously; neither after `cancel`. */
export interface DialSink {
  /** For whom, where that is a session. Only faults on purpose ask. */
  readonly session?: Session
  /** Owns `conn` from here on. */
  onDialed(conn: Conn): void
  /** `reason`: the system's error code, or `timeout`. */
  onDialFailed(reason: string): void
}

/** What the one who dials may do with an attempt under way. */
export type DialAttempt = Pick<Dial, 'cancel'>

/** Dials backends: one attempt each, over all addresses of a name. */
export class Dialer {
  readonly io: Io
  readonly resolver: Resolver
  readonly wheel: TimerWheel

  constructor(options: { io: Io; resolver: Resolver; wheel: TimerWheel }) {
    this.io = options.io
    this.resolver = options.resolver
    this.wheel = options.wheel
  }

  /** `timeoutMs` bounds the whole attempt, resolving and all addresses included; 0 = never. */
  dial(target: DialTarget, timeoutMs: number, sink: DialSink, tls?: TlsVerification): DialAttempt {
    const dial = new Dial(this, target, { timeoutMs, sink, tls })
    dial.begin()
    return dial
  }
}

/** One attempt under way. */
export class Dial extends WheelEntry {
  readonly #dialer: Dialer
  readonly #target: DialTarget
  readonly #sink: DialSink
  readonly #timeoutMs: number
  readonly #tls: TlsVerification | undefined
  readonly #startedAt: number
  #ips: readonly string[] = []
  #next = 0
  #conn: Conn | undefined = undefined
  #settled = false

  constructor(
    dialer: Dialer,
    target: DialTarget,
    how: { timeoutMs: number; sink: DialSink; tls: TlsVerification | undefined },
  ) {
    super()
    this.#dialer = dialer
    this.#target = target
    this.#timeoutMs = how.timeoutMs
    this.#sink = how.sink
    this.#tls = how.tls
    this.#startedAt = dialer.wheel.now
  }

  begin(): void {
    const { address } = this.#target
    if (address.kind === 'unix') return this.#connect(address, this.#timeoutMs)
    if (isIP(address.host) !== 0) return this.#connect(ipEndpoint(address.host, address), this.#timeoutMs)
    const ips = this.#dialer.resolver.cached(address.host)
    if (ips !== undefined) return this.#useIps(ips)
    if (this.#timeoutMs > 0) this.#dialer.wheel.arm(this, this.#timeoutMs)
    this.#dialer.resolver.resolve(address.host, (found, failure) => {
      if (this.#settled) return
      if (found === undefined) this.#fail(failure ?? 'ENOTFOUND')
      else this.#useIps(found)
    })
  }

  /** Calls it off; the sink hears nothing more. */
  cancel(): void {
    if (this.#settled) return
    this.#settle()
    this.#conn?.close()
  }

  /** The wheel: this address took too long. */
  expire(): void {
    this.#conn?.close()
    this.#tryNext('timeout')
  }

  /** The I/O: connected, or not. */
  onConnect(conn: Conn, failure: string | undefined): void {
    if (failure !== undefined) return this.#tryNext(failure)
    this.#settle()
    this.#sink.onDialed(conn)
  }

  #useIps(ips: readonly string[]): void {
    this.#ips = ips
    this.#tryNext('ENOTFOUND')
  }

  #tryNext(lastFailure: string): void {
    const { address } = this.#target
    const ip = this.#ips[this.#next]
    if (ip === undefined || address.kind === 'unix') return this.#fail(lastFailure)
    const left = this.#timeoutMs - (this.#dialer.wheel.now - this.#startedAt)
    if (this.#timeoutMs > 0 && left <= 0) return this.#fail('timeout')
    // An even share of what is left, so that one silent address leaves time for the others.
    const share = this.#timeoutMs === 0 ? 0 : left / (this.#ips.length - this.#next)
    this.#next++
    this.#connect(ipEndpoint(ip, address), share)
  }

  #connect(endpoint: Endpoint, timeoutMs: number): void {
    const { io, wheel } = this.#dialer
    if (timeoutMs > 0) wheel.arm(this, timeoutMs)
    const { address, transport } = this.#target
    this.#conn =
      transport === 'tls' && endpoint.kind === 'ip' && address.kind === 'tcp'
        ? connectTls(endpoint, address.name ?? address.host, this, this.#tls)
        : io.connect(endpoint, this)
  }

  #fail(reason: string): void {
    this.#settle()
    this.#sink.onDialFailed(reason)
  }

  #settle(): void {
    this.#settled = true
    this.#dialer.wheel.disarm(this)
  }
}

function ipEndpoint(ip: string, { port }: TcpAddress): IpEndpoint {
  return { kind: 'ip', ip, port }
}
