import type { Socket } from 'node:net'
import { createServer } from 'node:net'

// The backend of the memory figures: pair-backend <echo port> <flood port>
const [echoPort = 0, floodPort = 0] = process.argv.slice(2).map(Number)
const flood = Buffer.alloc(64 * 1024, 'x')

listen(echoPort, (socket) => socket.pipe(socket))
listen(floodPort, (socket) => {
  // By turns: otherwise the first sockets would take all the memory that the kernel has for TCP.
  const more = (): void => void socket.write(flood, () => socket.writable && setImmediate(more))
  more()
})

function listen(port: number, serve: (socket: Socket) => void): void {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    serve(socket)
  })
  server.listen({ port, host: '127.0.0.1', backlog: 4096 })
}
