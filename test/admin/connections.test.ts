import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { test } from 'tap'
import type { Test } from 'tap'
import { Connections } from '../../src/admin/connections.ts'
import { boundAddress } from '../../src/net/listen.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { closed } from '../helpers/sockets.ts'
import { rawSocket, request } from './raw.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

interface Served {
  readonly server: Server
  readonly connections: Connections
  /** Of the requests that were handled, in order; nobody has ended them. */
  readonly responses: ServerResponse[]
  readonly client: Socket
  /** What the client got. */
  readonly text: () => string
}

/** A server, and a client that sends `bytes`. */
async function serve(t: Test, bytes: string): Promise<Served> {
  const server = createServer()
  const responses: ServerResponse[] = []
  const connections = new Connections(server, {
    most: 2,
    handle: (_request, response) => responses.push(response),
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  const client = rawSocket(boundAddress(server, { kind: 'tcp', host: '127.0.0.1', port: 0 }))
  t.teardown(() => client.destroy())
  let text = ''
  client.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  client.write(bytes)
  return { server, connections, responses, client, text: () => text }
}

void test('of the requests of a connection one is handled at a time, in order', async (t) => {
  const { responses, client, text } = await serve(t, GET + GET + request('GET /'))
  for (const i of [1, 2, 3]) {
    await waitUntil(() => responses.length > 0)
    t.equal(responses.length, 1)
    responses.pop()?.end(`answer ${i}`)
  }
  await closed(client)
  t.match(text(), /answer 1.*answer 2.*answer 3$/s)
})

void test('who sends on and on without an answer is cut off, and read no further', async (t) => {
  const sent = 20_000
  const { server, connections, responses, client, text } = await serve(t, GET.repeat(sent))
  let parsed = 0
  server.on('request', () => parsed++)
  await closed(client)
  t.equal(responses.length, 1)
  t.equal(parsed, 9, 'eight, and the one that was too many')
  t.equal(text(), '')
  await waitUntil(() => connections.size === 0)
})

void test('what waits behind a request whose client has left is never handled', async (t) => {
  const { responses, client, connections } = await serve(t, GET + GET)
  await waitUntil(() => responses.length === 1)
  client.destroy()
  await waitUntil(() => connections.size === 0)
  t.equal(responses[0]?.destroyed, true)
  t.equal(responses.length, 1)
})

void test('a connection that closes answers what it has begun, and nothing more', async (t) => {
  const { responses, client, text, connections } = await serve(t, GET + GET)
  await waitUntil(() => responses.length === 1)
  connections.close()
  responses[0]?.end('the first')
  await closed(client)
  t.match(text(), /the first$/)
  t.equal(responses.length, 1)
})
