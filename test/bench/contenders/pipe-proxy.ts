import { connect, createServer } from 'node:net'

// The naive contender, run as a process of its own: pipe-proxy <port> <backend port>...
const [port = 0, ...backendPorts] = process.argv.slice(2).map(Number)
const options = { host: '127.0.0.1', allowHalfOpen: true, noDelay: true }
let next = 0

const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (client) => {
  const backend = connect({ ...options, port: backendPorts[next++ % backendPorts.length] ?? 0 })
  client.on('error', () => backend.destroy())
  backend.on('error', () => client.destroy())
  client.pipe(backend).pipe(client)
})
server.listen({ port, host: options.host, backlog: 4096 })
