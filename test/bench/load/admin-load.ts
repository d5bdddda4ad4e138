import { once } from 'node:events'
import type { NetConnectOpts, Socket } from 'node:net'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { SIEGE_STANDS } from '../contenders/siege-stands.ts'

// Everything that the admin side may have to bear at once:
// admin-load <port> <admin host> <admin port> <sessions> [<HAProxy's socket>]
const [, , port = '', adminHost = '', adminPort = '', sessions = '', haproxySocket] = process.argv
const isHaproxy = haproxySocket !== undefined
const listener = { host: '127.0.0.1', port: Number(port) }
const admin = { host: adminHost, port: Number(adminPort) }
/** Of everything. */
const STATUS = isHaproxy ? '/stats;csv' : '/api/v1/status'

const SLOW_CLIENTS = 500
const EVENT_STREAMS = 500
const SCRAPE_EVERY_MS = 100
const SNAPSHOT_EVERY_MS = 1_000
const ABOUT_A_SECOND_MS = 1_000
const A_MINUTE_MS = 60_000
/**
 * The first answers are the most expensive ones, and of what is asked for once a second V8 compiles something for two
 * minutes and more. HAProxy is compiled already.
 */
const SETTLING_MS = isHaproxy ? 60_000 : 180_000

for (let i = 0; i < Number(sessions); i++) {
  const socket = open(listener)
  socket.write('GET / HTTP/1.1\r\nHost: bench\r\n\r\n')
  socket.resume()
  // Not faster than they are accepted.
  if (i % 100 === 99) await once(socket, 'data')
}
if (!isHaproxy) for (let i = 0; i < EVENT_STREAMS; i++) void keepUnread()
for (let i = 0; i < SLOW_CLIENTS; i++) void keepSlow()
// As Prometheus does.
setInterval(() => ask('/metrics', 'Accept-Encoding: gzip\r\n'), SCRAPE_EVERY_MS)
setInterval(() => ask(STATUS), SNAPSHOT_EVERY_MS)
setInterval(listSessions, SNAPSHOT_EVERY_MS)
await delay(SETTLING_MS)
process.stdout.write(`${SIEGE_STANDS}\n`)

function open(to: NetConnectOpts): Socket {
  const socket = connect(to)
  socket.on('error', () => undefined) // Being turned away is what many of these are here for.
  return socket
}

function ask(path: string, fields = ''): void {
  const socket = open(admin)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}Connection: close\r\n\r\n`)
  socket.resume()
}

function listSessions(): void {
  if (haproxySocket === undefined) return ask('/api/v1/sessions?most=10000')
  const socket = open({ path: haproxySocket })
  socket.end('show sess\n')
  socket.resume()
}

/** A thousand clients do not keep step with each other. */
function aboutASecond(): number {
  return (0.5 + Math.random()) * ABOUT_A_SECOND_MS
}

/** An event stream that nobody reads, opened again whenever it is cut off. */
async function keepUnread(): Promise<void> {
  await delay(Math.random() * ABOUT_A_SECOND_MS)
  for (;;) {
    const socket = open(admin)
    socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
    socket.pause()
    await gone(socket, A_MINUTE_MS)
  }
}

/** A request that comes byte by byte. */
async function keepSlow(): Promise<void> {
  await delay(Math.random() * ABOUT_A_SECOND_MS)
  for (;;) {
    const socket = open(admin)
    socket.resume()
    for (const byte of `GET ${STATUS} HTTP/1.1\r\nHost: localhost\r\n\r\n`) {
      if (socket.destroyed) break
      socket.write(byte)
      await delay(aboutASecond())
    }
    await gone(socket, 0)
  }
}

/** Ends it after so long, if it is not cut off before. */
async function gone(socket: Socket, afterMs: number): Promise<void> {
  const closed = socket.destroyed ? Promise.resolve() : once(socket, 'close').catch(() => undefined)
  await Promise.race([closed, delay(afterMs)])
  socket.destroy()
  await delay(aboutASecond())
}
