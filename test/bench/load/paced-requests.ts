import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { percentile } from '../stats.ts'

// The latency load: paced-requests <port> <requests per second> <warm-up ms> <measured ms>
//
// An open loop: requests leave by the clock, whether or not earlier ones were answered, so every contender gets
// the same load. (A closed loop such as wrk's gives a fast contender more to do, and then compares answers under
// different loads.) Node's timers tick once a millisecond, so two or so requests leave together, on different
// connections; that is the same for all, and the direct figure that is subtracted has it too.
const [port = 0, ratePerSecond = 0, warmUpMs = 0, measureMs = 0] = process.argv.slice(2).map(Number)

const CONNECTIONS = 128
/** For the last answers; what has not come by then is lost. */
const GRACE_MS = 1_000
const request = Buffer.from('GET / HTTP/1.1\r\nHost: bench\r\n\r\n')

class Lane {
  readonly socket: Socket
  sentAt = 0
  isFree = true
  /** Bytes of the present answer that have arrived. */
  received = 0

  constructor(socket: Socket) {
    this.socket = socket
  }
}

const samples: number[] = []
/** Requests that found every connection busy: the contender does not keep up. */
let dropped = 0
/** Connections that were closed under us: with keep-alive nobody has a reason to. */
let closed = 0
let answerBytes = 0
let startedAt = 0
let sent = 0

const lanes: Lane[] = []
for (let i = 0; i < CONNECTIONS; i++) lanes.push(await openLane())
run()

/** Connects, and sends one request to learn how long an answer is. */
function openLane(): Promise<Lane> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(request))
    socket.once('error', reject)
    socket.on('error', () => undefined) // Its close counts.
    socket.once('close', () => {
      closed++
      reject(new Error('a connection was closed'))
    })
    socket.once('data', (answer: Buffer) => {
      answerBytes = answer.length
      const lane = new Lane(socket)
      socket.on('data', (chunk: Buffer) => receive(lane, chunk))
      resolve(lane)
    })
  })
}

function run(): void {
  startedAt = performance.now()
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedAt
    const due = Math.floor((elapsedMs * ratePerSecond) / 1000)
    while (sent < due) send(lanes[sent++ % CONNECTIONS] as Lane)
    if (elapsedMs < warmUpMs + measureMs) return
    clearInterval(timer)
    setTimeout(report, GRACE_MS)
  }, 1)
}

function send(lane: Lane): void {
  if (!lane.isFree) {
    dropped++
    return
  }
  lane.isFree = false
  lane.sentAt = performance.now()
  lane.socket.write(request)
}

function receive(lane: Lane, chunk: Buffer): void {
  lane.received += chunk.length
  if (lane.received < answerBytes) return
  lane.received = 0
  lane.isFree = true
  const now = performance.now()
  if (lane.sentAt - startedAt >= warmUpMs) samples.push(now - lane.sentAt)
}

function report(): void {
  const p50Ms = percentile(samples, 50)
  const p99Ms = percentile(samples, 99)
  const lost = closed + lanes.filter(({ isFree }) => !isFree).length
  process.stdout.write(JSON.stringify({ p50Ms, p99Ms, answered: samples.length, dropped, lost }))
  // Closing the sockets first would only show up as an error of the contender.
  process.exit(0)
}
