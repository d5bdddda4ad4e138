import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { Address } from '../../src/core/address.ts'

export interface RawAnswer {
  /** 0 where none came. */
  readonly status: number
  /** Names in small letters; of several the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sends `bytes` as they are, and gives what comes until the other side ends. */
export async function raw(address: Address, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = rawSocket(address)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.write(bytes)
  await closed
  return parse(Buffer.concat(chunks).toString('latin1'))
}

/** A request that asks for the connection to end. `fields` are whole lines without their ends. */
export function request(start: string, fields: readonly string[] = ['Host: 127.0.0.1'], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  return `${[`${start} HTTP/1.1`, ...fields, ...length, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`
}

export function rawSocket(address: Address): Socket {
  const socket = connect(
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
  )
  socket.on('error', () => {
    // Whoever tests hears of the close.
  })
  return socket
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [start = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  return {
    status: Number(start.split(' ')[1] ?? 0),
    headers: Object.fromEntries(headers),
    body: text.slice(end + 4),
  }
}
