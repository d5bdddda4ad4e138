import { Agent, createServer, request } from 'node:http'

// The contender in plain Node, run as a process of its own: http-proxy <port> <backend port>...
const [port = 0, ...backendPorts] = process.argv.slice(2).map(Number)
const host = '127.0.0.1'
const agent = new Agent({ keepAlive: true })
let next = 0

const server = createServer((incoming, response) => {
  const { method, url: path, socket } = incoming
  const headers = { ...incoming.headers, 'x-forwarded-for': socket.remoteAddress }
  const backendPort = backendPorts[next++ % backendPorts.length]
  const outgoing = request({ agent, host, port: backendPort, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  response.on('error', () => outgoing.destroy())
  incoming.pipe(outgoing)
})
server.listen({ port, host, backlog: 4096 })
