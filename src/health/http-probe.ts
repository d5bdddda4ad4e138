import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { HttpCheckConfig } from '../config/schema.ts'
import type { Address } from '../core/address.ts'
import { formatHostPort } from '../core/address.ts'
import type { CheckCode } from '../core/backend.ts'
import type { Probe } from '../core/probe.ts'
import type { Attempt, Report } from './attempt.ts'
import { runAttempt } from './attempt.ts'
import { HttpAnswer } from './http-answer.ts'
import { serverName, socketOptions } from './tcp-probe.ts'
import type { TcpProbeOptions } from './tcp-probe.ts'

/** How it dials: as a probe that does no more than that. */
export type HttpProbeOptions = TcpProbeOptions

/**
 * A probe that sends one GET on a connection of its own. It passes (`L7OK`) on a status within `expect` and, if a
 * text is asked for, a body whose first 64 KiB hold it, its chunks' framing taken off. Another status is `L7STS`;
 * what is no HTTP, or not strictly so, breaks off within what we read, or lacks the text is `L7RSP`. No redirect is
 * followed.
 */
export function httpProbe(check: HttpCheckConfig, options: HttpProbeOptions = {}): Probe {
  return (address, signal) =>
    runAttempt(signal, (report) => new HttpAttempt({ check, address, report, options }))
}

type Stage = 'connecting' | 'handshake' | 'exchange'

class HttpAttempt implements Attempt {
  readonly connection: Socket
  readonly #report: Report
  readonly #answer: HttpAnswer
  #stage: Stage = 'connecting'

  constructor(input: {
    check: HttpCheckConfig
    address: Address
    report: Report
    options: HttpProbeOptions
  }) {
    const { check, address, report, options } = input
    this.#report = report
    this.#answer = new HttpAnswer(check)
    const head = requestHead(address, check) // It may throw, which would leave a socket behind.
    this.connection = this.#open(address, options)
    this.#listen(this.connection)
    this.connection.write(head, 'latin1')
  }

  timeout(): { code: CheckCode; text: string } {
    return TIMEOUTS[this.#stage]
  }

  #open(address: Address, options: HttpProbeOptions): Socket {
    const onError = (error: Error): void => this.#report.error(ERRORS[this.#stage], error)
    if (options.transport !== 'tls') {
      return connect(socketOptions(address, options))
        .on('error', onError)
        .on('connect', () => this.#enter('exchange'))
    }
    return connectTls({ ...socketOptions(address, options), ...serverName(address), ...options.tls })
      .on('error', onError)
      .on('connect', () => this.#enter('handshake'))
      .on('secureConnect', () => this.#enter('exchange'))
  }

  #listen(socket: Socket): void {
    socket.on('data', (bytes: Buffer) => {
      const result = this.#answer.read(bytes)
      if (result !== undefined) this.#report.result(result)
    })
    socket.on('end', () => {
      // An end within the handshake comes with an error of its own, which tells more.
      if (this.#stage === 'exchange') this.#report.result(this.#answer.end())
    })
    socket.on('close', () => this.#report.error(ERRORS[this.#stage], new Error('closed without a response')))
  }

  #enter(stage: Stage): void {
    this.#stage = stage
  }
}

/** Throws a `RangeError` for a value that cannot be sent as it is. */
function requestHead(address: Address, check: HttpCheckConfig): string {
  let head = `GET ${check.path} HTTP/1.1\r\n`
  for (const [name, value] of headersFor(address, check)) {
    if (!SENDABLE.test(value))
      throw new RangeError(`the value of ${name} holds characters that no header may hold`)
    head += `${name}: ${value}\r\n`
  }
  return `${head}\r\n`
}

/**
 * Our names last: nothing configured may keep a connection open or announce a body, for none comes, and the check's
 * own `host` wins over a header.
 */
function headersFor(address: Address, check: HttpCheckConfig): ReadonlyMap<string, string> {
  const headers = new Map([
    ['host', hostFor(address)],
    ['user-agent', 'fairlead-check'],
  ])
  for (const [name, value] of Object.entries(check.headers)) headers.set(name.toLowerCase(), value)
  if (check.host !== undefined) headers.set('host', check.host)
  headers.delete('content-length')
  headers.delete('transfer-encoding')
  headers.set('connection', 'close')
  return headers
}

function hostFor(address: Address): string {
  return address.kind === 'unix' ? 'localhost' : formatHostPort(address.name ?? address.host, address.port)
}

/** One byte a character: one above 255 would be cut to a byte, and `č` become a CR. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/

const ERRORS: Record<Stage, CheckCode> = { connecting: 'L4CON', handshake: 'L6RSP', exchange: 'L7RSP' }

const TIMEOUTS: Record<Stage, { code: CheckCode; text: string }> = {
  connecting: { code: 'L4TOUT', text: 'no connection in time' },
  handshake: { code: 'L6TOUT', text: 'no TLS handshake in time' },
  exchange: { code: 'L7TOUT', text: 'no complete response in time' },
}
