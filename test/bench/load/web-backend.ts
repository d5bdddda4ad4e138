import type { Socket } from 'node:net'
import { createServer } from 'node:net'

// The web backend where nginx is missing: web-backend <port>... It answers whatever arrives, without parsing it,
// so that it costs less than any contender and never holds one up. (The load sends small heads, each in one
// piece, and no pipelines.)
const body = 'hello from the backend\n'
const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n`
const answer = Buffer.from(`${head}\r\n${body}`)
const lastAnswer = Buffer.from(`${head}Connection: close\r\n\r\n${body}`)

for (const port of process.argv.slice(2).map(Number)) {
  createServer({ noDelay: true }, serve).listen({ port, host: '127.0.0.1', backlog: 4096 })
}

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.on('data', (request: Buffer) => {
    if (request.includes('Connection: close')) socket.end(lastAnswer)
    else socket.write(answer)
  })
}
