import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'

// The clients of the memory figures: pairs <port> <count> idle|stalled hold|close
//
// Idle: connected, one small exchange done. Stalled: connected to a backend that floods, and never reading.
// Prints `ready` when all are so; with `close` it ends then, with `hold` it keeps them until it is killed.
const [port = '0', count = '0', kind = 'idle', then = 'close'] = process.argv.slice(2)

const AT_ONCE = 64

const opened: Promise<void>[] = []
for (let i = 0; i < Number(count); i++) {
  opened.push(kind === 'idle' ? openIdle() : openStalled())
  if (opened.length % AT_ONCE === 0) await Promise.all(opened)
}
await Promise.all(opened)
process.stdout.write('ready\n')
if (then === 'close') process.exit(0)
// Sockets that do not read do not keep a process alive.
setInterval(() => undefined, 1 << 30)

async function openIdle(): Promise<void> {
  const socket = open()
  socket.write('x'.repeat(64))
  await once(socket, 'data')
}

async function openStalled(): Promise<void> {
  const socket = open()
  // Paused before it is connected, it never reads.
  socket.pause()
  await once(socket, 'connect')
}

function open(): Socket {
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('a connection was closed')))
  return socket
}

function fail(error: Error): void {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
