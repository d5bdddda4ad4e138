import t from 'tap'
import { heldMs } from './bench/wire-times.ts'

const FRONT = 8080
const PORTS = { front: FRONT, backends: [3001, 3002] }
const BEGUN_MS = 1_700_000_000_000

type Packet = readonly [atMs: number, from: number, to: number, text: string]

void t.test('what a contender held is the time of both ways, without the backend', (test) => {
  const capture = captured(exchange(get(7), [0, 0.2, 5, 5.3]))
  test.same(rounded(heldMs(capture, PORTS, 0)), [0.5])
  test.end()
})

void t.test('requests on several connections are told apart by their numbers, in whatever order', (test) => {
  const capture = captured([
    [0, 50_001, FRONT, get(1)],
    [0.1, 50_002, FRONT, get(2)],
    [0.2, 40_002, 3002, get(2)],
    [0.4, 40_001, 3001, get(1)],
    [1, 3001, 40_001, 'one'],
    [1.1, 3002, 40_002, 'two'],
    [1.2, FRONT, 50_002, 'two'],
    [1.6, FRONT, 50_001, 'one'],
    // The connection of the first, used again by the second's client.
    [2, 50_002, FRONT, get(3)],
    [2.7, 40_001, 3001, get(3)],
    [3, 3001, 40_001, 'three'],
    [3.1, 3001, 40_001, 'of which more comes'],
    [3.3, FRONT, 50_002, 'three'],
    [3.4, FRONT, 50_002, 'of which more comes'],
  ])
  test.same(rounded(heldMs(capture, PORTS, 0)), [0.2, 1, 1])
  test.end()
})

void t.test('those of the warm-up, without a number, or without an answer do not count', (test) => {
  const capture = captured([
    ...exchange(get(1), [0, 0.1, 0.2, 0.3]),
    ...exchange('GET / HTTP/1.1\r\n\r\n', [10, 10.1, 10.2, 10.3]),
    ...exchange(get(2), [20, 20.1, 20.2, 20.3]).slice(0, 2),
  ])
  test.same(heldMs(capture, PORTS, 5), [])
  test.end()
})

void t.test('a capture that was cut off is read as far as it goes; what is none is refused', (test) => {
  const whole = captured(exchange(get(1), [0, 0.5, 1, 1.5]))
  test.same(rounded(heldMs(whole, PORTS, 0)), [1])
  test.same(heldMs(whole.subarray(0, -150), PORTS, 0), [])
  test.throws(() => heldMs(Buffer.from('no'), PORTS, 0), /no capture/)
  test.throws(() => heldMs(Buffer.alloc(100), PORTS, 0), /no capture/)
  test.end()
})

function get(number: number): string {
  return `GET / HTTP/1.1\r\nHost: bench\r\nX-Number: ${number}\r\n\r\n`
}

/** A request and its response, on one connection each. */
function exchange(
  request: string,
  [asked, passedOn, answered, handedOn]: readonly [number, number, number, number],
): Packet[] {
  return [
    [asked, 50_001, FRONT, request],
    [passedOn, 40_001, 3001, request],
    [answered, 3001, 40_001, 'HTTP/1.1 200 OK\r\n\r\n'],
    [handedOn, FRONT, 50_001, 'HTTP/1.1 200 OK\r\n\r\n'],
  ]
}

function rounded(values: readonly number[]): number[] {
  return values.map((value) => Math.round(value * 100) / 100)
}

/** As tcpdump writes it, with an acknowledgement behind each segment. */
function captured(packets: readonly Packet[]): Buffer {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4)
  const records = packets.flatMap(([atMs, from, to, text]) => [
    record(atMs, frame(from, to, text)),
    record(atMs, frame(to, from, '')),
  ])
  return Buffer.concat([head, ...records])
}

function record(atMs: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(16)
  const us = Math.round((BEGUN_MS + atMs) * 1e3)
  head.writeUInt32LE(Math.floor(us / 1e6), 0)
  head.writeUInt32LE(us % 1e6, 4)
  head.writeUInt32LE(bytes.length, 8)
  head.writeUInt32LE(bytes.length, 12)
  return Buffer.concat([head, bytes])
}

function frame(from: number, to: number, text: string): Buffer {
  const head = Buffer.alloc(14 + 20 + 32)
  head.writeUInt16BE(0x08_00, 12)
  head.writeUInt8(0x45, 14)
  head.writeUInt16BE(20 + 32 + text.length, 16)
  head.writeUInt8(6, 23)
  head.writeUInt16BE(from, 34)
  head.writeUInt16BE(to, 36)
  // A TCP head with twelve bytes of options, as Linux sends it.
  head.writeUInt8(8 << 4, 46)
  return Buffer.concat([head, Buffer.from(text, 'latin1')])
}
