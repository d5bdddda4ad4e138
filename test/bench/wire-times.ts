/** As the numbered load writes it into each of its requests, and every contender passes it on. */
const NUMBER = /^x-number: (\d+)\r$/im

export interface WirePorts {
  /** Where the contender listens. */
  readonly front: number
  readonly backends: readonly number[]
}

interface Segment {
  readonly atMs: number
  readonly from: number
  readonly to: number
  /** The beginning of its bytes, as characters. */
  readonly text: string
}

/** When one request passed where. */
interface Passage {
  readonly clientPort: number
  readonly askedMs: number
  /** The backend has it; what it has said of it. */
  passedOnMs: number
  answeredMs: number
}

/**
 * Milliseconds that a contender held requests and their responses: from a request's first byte to the one that goes on,
 * and from the response's to its own. What client and backend take, and wait for, is not in it. `capture`: as tcpdump
 * writes it, of requests one at a time on each connection. Those that came within `afterMs` of its begin are left out.
 */
export function heldMs(capture: Buffer, { front, backends }: WirePorts, afterMs: number): number[] {
  const byNumber = new Map<string, Passage>()
  const byBackendConn = new Map<number, Passage>()
  const byClientPort = new Map<number, Passage>()
  const held: number[] = []
  let begunMs: number | undefined
  for (const { atMs, from, to, text } of segments(capture)) {
    begunMs ??= atMs
    if (to === front) {
      const [, number] = NUMBER.exec(text) ?? []
      if (number !== undefined)
        byNumber.set(number, { clientPort: from, askedMs: atMs, passedOnMs: 0, answeredMs: 0 })
    } else if (backends.includes(to)) {
      const [, number = ''] = NUMBER.exec(text) ?? []
      const passage = byNumber.get(number)
      byNumber.delete(number)
      if (passage !== undefined) byBackendConn.set(from, Object.assign(passage, { passedOnMs: atMs }))
    } else if (backends.includes(from)) {
      const passage = byBackendConn.get(to)
      byBackendConn.delete(to)
      if (passage !== undefined)
        byClientPort.set(passage.clientPort, Object.assign(passage, { answeredMs: atMs }))
    } else if (from === front) {
      const passage = byClientPort.get(to)
      byClientPort.delete(to)
      if (passage === undefined || passage.askedMs < begunMs + afterMs) continue
      held.push(passage.passedOnMs - passage.askedMs + atMs - passage.answeredMs)
    }
  }
  return held
}

const MAGIC_US = 0xa1b2c3d4
const MAGIC_NS = 0xa1b23c4d
const FILE_HEAD = 24
const PACKET_HEAD = 16
/** Of the loopback, whose frames are like those of Ethernet. */
const LINK_HEAD = 14
const IPV4 = 0x08_00
const TCP = 6

/** Segments with bytes in them. The format: https://datatracker.ietf.org/doc/html/draft-ietf-opsawg-pcap */
function* segments(capture: Buffer): Generator<Segment, void> {
  const magic = capture.length < FILE_HEAD ? 0 : capture.readUInt32LE(0)
  if (magic !== MAGIC_US && magic !== MAGIC_NS) throw new Error('this is no capture of this machine')
  const perMs = magic === MAGIC_US ? 1e3 : 1e6
  for (let at = FILE_HEAD; at + PACKET_HEAD <= capture.length;) {
    const atMs = capture.readUInt32LE(at) * 1e3 + capture.readUInt32LE(at + 4) / perMs
    const begin = at + PACKET_HEAD
    at = begin + capture.readUInt32LE(at + 8)
    const segment = readSegment(capture.subarray(begin, at))
    if (segment !== undefined) yield { atMs, ...segment }
  }
}

function readSegment(frame: Buffer): Omit<Segment, 'atMs'> | undefined {
  if (frame.length < LINK_HEAD + 40 || frame.readUInt16BE(12) !== IPV4) return undefined
  const packet = frame.subarray(LINK_HEAD)
  if (packet[9] !== TCP) return undefined
  const ipHead = (packet.readUInt8(0) & 15) * 4
  const tcpHead = (packet.readUInt8(ipHead + 12) >> 4) * 4
  const length = packet.readUInt16BE(2) - ipHead - tcpHead
  if (length <= 0) return undefined
  const text = packet.toString('latin1', ipHead + tcpHead)
  return { from: packet.readUInt16BE(ipHead), to: packet.readUInt16BE(ipHead + 2), text }
}
