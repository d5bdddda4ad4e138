import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'

// The backend that speaks all of HTTP: http-backend <port>... It takes uploads to their end before it answers, which
// nginx does not do without a file or a backend of its own, and answers chunked.
const files: Readonly<Record<string, Buffer>> = {
  '/100k': Buffer.alloc(100_000, 'x'),
  '/10m': Buffer.alloc(10_000_000, 'x'),
}
const hello = Buffer.from('hello from the backend\n')
const piece = Buffer.alloc(10_000, 'x')
const PIECES = 10

for (const port of process.argv.slice(2).map(Number)) {
  createServer({ noDelay: true, requestTimeout: 0, keepAliveTimeout: 0 }, serve).listen({
    port,
    host: '127.0.0.1',
    backlog: 4096,
  })
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  if (request.method === 'GET') return answer(request, response)
  request.on('end', () => response.end(hello))
}

function answer({ url = '/' }: IncomingMessage, response: ServerResponse): void {
  if (url !== '/chunked') return void response.end(files[url] ?? hello)
  for (let i = 0; i < PIECES; i++) response.write(piece)
  response.end()
}
