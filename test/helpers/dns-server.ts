import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4, isIPv6 } from 'node:net'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'

export interface ServiceRecord {
  readonly target: string
  readonly port: number
  readonly priority?: number
  readonly weight?: number
}

/** IP addresses and services, of which a question gets those that it asks for, or a failure, or nothing at all. */
export type DnsAnswer =
  readonly (string | ServiceRecord)[] | 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED' | 'silence' | 'garbage'

type QuestionType = 'A' | 'AAAA' | 'SRV' | 'other'

/** A name server on UDP and TCP (RFC 1035). Everything may be changed while it runs. */
export class DnsServer implements AsyncDisposable {
  /** For every name that is not in {@link names}. */
  answer: DnsAnswer = 'SERVFAIL'
  /** By `name`, or by `name type`, which comes first: `app.test AAAA`. */
  readonly names = new Map<string, DnsAnswer>()
  /** Of all records, in seconds. */
  ttl = 0
  /** UDP answers say only that they would be too long. */
  truncates = false
  questions = 0
  readonly asked = new Set<string>()
  readonly #socket: Socket
  readonly #server: Server

  private constructor(socket: Socket, server: Server) {
    this.#socket = socket
    this.#server = server
    socket.on('message', (query, from) => {
      const response = this.#respond(query, this.truncates)
      if (response !== undefined) socket.send(response, from.port, from.address)
    })
    server.on('connection', (conn) => {
      conn.on('error', () => conn.destroy())
      let rest = Buffer.alloc(0)
      conn.on('data', (chunk) => {
        rest = Buffer.concat([rest, chunk])
        while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
          const end = 2 + rest.readUInt16BE()
          const response = this.#respond(rest.subarray(2, end), false)
          if (response !== undefined) conn.write(Buffer.concat([uint16(response.length), response]))
          rest = rest.subarray(end)
        }
      })
    })
  }

  static async start(): Promise<DnsServer> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = createSocket('udp4')
    socket.bind((server.address() as AddressInfo).port, '127.0.0.1')
    await once(socket, 'listening')
    return new DnsServer(socket, server)
  }

  /** As `dns.Resolver` wants it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  #respond(query: Buffer, truncate: boolean): Buffer | undefined {
    this.questions++
    const { name, type } = questionOf(query)
    this.asked.add(name)
    const answer = this.names.get(`${name} ${type}`) ?? this.names.get(name) ?? this.answer
    if (answer === 'silence') return undefined
    if (answer === 'garbage') return Buffer.concat([query.subarray(0, 2), Buffer.alloc(40, 0xc0)])
    if (typeof answer === 'string') return respond(query, { code: CODES[answer] })
    if (truncate) return respond(query, { code: 0, isTruncated: true })
    const records = answer.flatMap((record) => recordFor(type, record) ?? [])
    return respond(query, { code: 0, records: records.map((data) => resourceRecord(type, this.ttl, data)) })
  }
}

const HEADER_BYTES = 12
const IS_RESPONSE_WITH_RECURSION = 0x8180
const IS_TRUNCATED = 0x0200
const CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const
const TYPES: Readonly<Record<QuestionType, number>> = { A: 1, AAAA: 28, SRV: 33, other: 0 }

/** One question: labels, an empty one, type and class. */
function questionOf(query: Buffer): { readonly name: string; readonly type: QuestionType } {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const code = query.readUInt16BE(at + 1)
  const type = (['A', 'AAAA', 'SRV'] as const).find((known) => TYPES[known] === code) ?? 'other'
  return { name: labels.join('.').toLowerCase(), type }
}

function recordFor(type: QuestionType, record: string | ServiceRecord): Buffer | undefined {
  if (typeof record !== 'string') return type === 'SRV' ? serviceData(record) : undefined
  if (type === 'A' && isIPv4(record)) return Buffer.from(record.split('.').map(Number))
  return type === 'AAAA' && isIPv6(record) ? ipv6Data(record) : undefined
}

function respond(
  query: Buffer,
  { code, records = [], isTruncated = false }: { code: number; records?: Buffer[]; isTruncated?: boolean },
): Buffer {
  const question = query.subarray(HEADER_BYTES, query.indexOf(0, HEADER_BYTES) + 5)
  const header = Buffer.alloc(HEADER_BYTES)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(IS_RESPONSE_WITH_RECURSION | code | (isTruncated ? IS_TRUNCATED : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  return Buffer.concat([header, question, ...records])
}

/** A pointer to the question's name, type, class IN, time to live, length and data. */
function resourceRecord(type: QuestionType, ttl: number, data: Buffer): Buffer {
  const start = Buffer.alloc(12)
  start.writeUInt16BE(0xc000 | HEADER_BYTES, 0)
  start.writeUInt16BE(TYPES[type], 2)
  start.writeUInt16BE(1, 4)
  start.writeUInt32BE(ttl, 6)
  start.writeUInt16BE(data.length, 10)
  return Buffer.concat([start, data])
}

function serviceData({ target, port, priority = 0, weight = 0 }: ServiceRecord): Buffer {
  const labels = target.split('.').filter((label) => label !== '')
  const name = labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]))
  return Buffer.concat([uint16(priority), uint16(weight), uint16(port), ...name, Buffer.of(0)])
}

function ipv6Data(ip: string): Buffer {
  const [head = '', tail = ''] = ip.split('::')
  const missing = 8 - groupsOf(head).length - groupsOf(tail).length
  const all = [...groupsOf(head), ...Array<string>(missing).fill('0'), ...groupsOf(tail)]
  return Buffer.concat(all.map((group) => uint16(Number.parseInt(group, 16))))
}

function groupsOf(text: string): string[] {
  return text.split(':').filter((group) => group !== '')
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
