import type { Conn, ConnSink } from '../../../src/net/conn.ts'
import { loadIo } from '../../../src/net/io.ts'
import { percentile } from '../stats.ts'

// The latency load: paced-requests <port> <requests per second> <warm-up ms> <measured ms>
//
// An open loop: requests leave by the clock, whether or not earlier ones were answered, so every contender gets
// the same load. (A closed loop such as wrk's gives a fast contender more to do, and then compares answers under
// different loads.) Node's timers tick once a millisecond, so two or so requests leave together, on different
// connections; that is the same for all, and the direct figure that is subtracted has it too. The connections are
// those of the balancer's own `net`: through `net.Socket` this load would take longer over a request than the
// contenders do, and none of them would ever be at half of what it can do.
const [port = 0, ratePerSecond = 0, warmUpMs = 0, measureMs = 0] = process.argv.slice(2).map(Number)

const CONNECTIONS = 512
/** For the last answers; what has not come by then is lost. */
const GRACE_MS = 1_000

const io = await loadIo()

class Lane implements ConnSink {
  readonly conn: Conn
  sentAt = 0
  isFree = true
  /** Bytes of the present answer that have arrived. */
  received = 0
  #onFirst: ((lane: Lane) => void) | undefined

  constructor(conn: Conn) {
    this.conn = conn
    conn.sink = this
  }

  /** Sends the first request; `onFirst` is called when its answer is here. */
  begin(onFirst: (lane: Lane) => void): void {
    this.#onFirst = onFirst
    this.conn.start()
    this.conn.write(nextRequest())
  }

  onData(_conn: Conn, chunk: Buffer): void {
    const onFirst = this.#onFirst
    if (onFirst === undefined) return receive(this, chunk.length)
    this.#onFirst = undefined
    answerBytes = chunk.length
    onFirst(this)
  }

  onEnd(): void {
    closed++
  }

  onDrain(): void {
    // A request is too short not to be taken at once.
  }

  onBroken(): void {
    closed++
  }
}

/** Made at once: where it grew, what is measured would hold the growing, too. */
const samples = new Float64Array(Math.ceil(((measureMs + GRACE_MS) / 1000) * ratePerSecond) + CONNECTIONS)
let taken = 0
/** Requests that found every connection busy: the contender does not keep up. */
let dropped = 0
/** Connections that were closed under us: with keep-alive nobody has a reason to. */
let closed = 0
let answerBytes = 0
let startedAt = 0
let sent = 0
let made = 0

const lanes: Lane[] = []
for (let i = 0; i < CONNECTIONS; i++) lanes.push(await openLane())
run()

/** Connects, and sends one request to learn how long an answer is. */
function openLane(): Promise<Lane> {
  return new Promise((resolve, reject) => {
    io.connect(
      { kind: 'ip', ip: '127.0.0.1', port },
      {
        onConnect(conn, failure) {
          if (failure !== undefined) return reject(new Error(failure))
          new Lane(conn).begin(resolve)
        },
      },
    )
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
  const request = nextRequest()
  lane.sentAt = performance.now()
  lane.conn.write(request)
}

/** Each has a number, by which it is known in a capture of the packets on both sides of the contender. */
function nextRequest(): Buffer {
  return Buffer.from(`GET / HTTP/1.1\r\nHost: bench\r\nX-Number: ${made++}\r\n\r\n`, 'latin1')
}

function receive(lane: Lane, bytes: number): void {
  lane.received += bytes
  if (lane.received < answerBytes) return
  lane.received = 0
  lane.isFree = true
  const now = performance.now()
  if (lane.sentAt - startedAt >= warmUpMs) samples[taken++] = now - lane.sentAt
}

function report(): void {
  const all = [...samples.subarray(0, taken)]
  const p50Ms = percentile(all, 50)
  const p99Ms = percentile(all, 99)
  const lost = closed + lanes.filter(({ isFree }) => !isFree).length
  process.stdout.write(JSON.stringify({ p50Ms, p99Ms, answered: taken, dropped, lost }))
  // Closing the sockets first would only show up as an error of the contender.
  process.exit(0)
}
