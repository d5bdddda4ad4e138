import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'

/** IPv4 addresses, or a failure, or nothing at all. */
export type DnsAnswer = readonly string[] | 'SERVFAIL' | 'silence'

const HEADER_BYTES = 12
const IS_RESPONSE_WITH_RECURSION = 0x8180
const SERVFAIL = 2

/** A name server on UDP (RFC 1035) that gives every question the same answer, for as long as it is set. */
export class DnsServer implements AsyncDisposable {
  answer: DnsAnswer = 'SERVFAIL'
  questions = 0
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (query, from) => {
      this.questions++
      if (this.answer !== 'silence') socket.send(respond(query, this.answer), from.port, from.address)
    })
  }

  static async start(): Promise<DnsServer> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new DnsServer(socket)
  }

  /** As `dns.Resolver` wants it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close()
    await once(this.#socket, 'close')
  }
}

function respond(query: Buffer, answer: readonly string[] | 'SERVFAIL'): Buffer {
  const ips = answer === 'SERVFAIL' ? [] : answer
  // One question: its name ends with an empty label, type and class follow.
  const question = query.subarray(HEADER_BYTES, query.indexOf(0, HEADER_BYTES) + 5)
  const header = Buffer.alloc(HEADER_BYTES)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(IS_RESPONSE_WITH_RECURSION | (answer === 'SERVFAIL' ? SERVFAIL : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(ips.length, 6)
  return Buffer.concat([header, question, ...ips.map(addressRecord)])
}

/** A pointer to the question's name, type A, class IN, no time to live, and the four bytes. */
function addressRecord(ip: string): Buffer {
  const start = [0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]
  return Buffer.from([...start, ...ip.split('.').map(Number)])
}
