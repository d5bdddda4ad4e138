import tap from 'tap'
import { deterministicBytes } from '../../../src/testing/deterministic-bytes.ts'
import { ManualClock } from '../../../src/testing/manual-clock.ts'
import { waitUntil } from '../../../src/testing/wait-for.ts'
import { rawPeer } from '../../helpers/raw-peer.ts'
import { sha256 } from '../../helpers/sockets.ts'
import { answering, get, ok, overHttp, recordRequests, scripted, TextClient } from './rig.ts'

overHttp(
  tap,
  'answers of ours wait for a client that does not read, one behind the other',
  async (t, start) => {
    const count = 20_000
    await using lb = await start({ backends: [] })
    await using client = await TextClient.to(lb)
    client.socket.pause()
    const ends = recordRequests(lb)
    client.write(get('/', 'Accept: text/html\r\n').repeat(count))
    client.socket.end()
    let before = 0
    let looks = 0
    // Until nothing has moved for a while: both sides' buffers are full.
    await waitUntil(() => {
      looks = ends.length > 1_000 && ends.length === before ? looks + 1 : 0
      before = ends.length
      return looks > 80
    })
    t.ok(ends.length < count, 'no more is answered than is taken')
    client.socket.resume()
    const text = await client.all()
    t.equal(client.end, 'end')
    const ids = [...text.matchAll(/\nX-Request-Id: (\w+)\r/g)].map(([, id]) => id)
    t.equal(ids.length, count)
    t.strictSame(
      ids,
      ends.map(({ requestId }) => requestId),
      'each whole, in order',
    )
  },
)

overHttp(tap, 'a head that is too long is told the same however it is split', async (t, start) => {
  await using a = await scripted(() => {})
  await using lb = await start({ backends: [a.port] })
  const tooLong: [string, string][] = [
    [`GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, '414'],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, '431'],
    [`GET / HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(101)}\r\n`, '431'],
  ]
  for (const [head, status] of tooLong) {
    for (const pieces of [1, 2, 5]) {
      await using client = await TextClient.to(lb)
      const size = Math.ceil(head.length / pieces)
      for (let at = 0; at < head.length; at += size) {
        client.write(head.slice(at, at + size))
        await new Promise((resolve) => setImmediate(resolve))
      }
      t.match(await client.all(), new RegExp(`^HTTP/1.1 ${status} [^]*Connection: close\r\n`))
    }
  }
  t.equal(a.connections.length, 0)
})

overHttp(
  tap,
  'a client that sends on after a refusal reads why, and is dropped after a while',
  async (t, start) => {
    const clock = new ManualClock()
    await using lb = await start({ backends: [], clock })
    await using client = await TextClient.to(lb)
    client.write(`BAD\r\n\r\n${'x'.repeat(100_000)}`)
    t.match(await client.all(), /^HTTP\/1.1 400 /)
    client.write('y'.repeat(100_000))
    await clock.advanceAsync(5_500)
    await waitUntil(() => lb.snapshot().listeners[0]?.active === 0)
    t.equal(client.end, 'end')
  },
)

overHttp(tap, 'a client that stops reading a response is cut after the idle time', async (t, start) => {
  const clock = new ManualClock()
  await using peer = await rawPeer()
  await using a = await scripted((connection) => {
    connection.socket.once('data', () => {
      connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
      connection.socket.write(Buffer.alloc(20_000_000))
    })
  })
  await using lb = await start({ backends: [a.port], clock, idleTimeout: '30s' })
  const ends = recordRequests(lb)
  await using client = await peer.connect({ port: lb.port, receiveBufferBytes: 8_192 })
  await client.sendText(get())
  let sent = -1
  await waitUntil(() => {
    const before = sent
    sent = a.connections[0]?.socket.bytesWritten ?? -1
    return sent > 0 && sent === before && (lb.snapshot().pools[0]?.backends[0]?.bytesToClient ?? 0) > 0
  })
  await clock.advanceAsync(61_000)
  await waitUntil(() => ends.length === 1)
  t.match(ends[0], { code: 'cD', reason: 'idle-timeout' })
  t.equal(await client.hangup(), 'rst')
})

overHttp(
  tap,
  'no bytes are ever mixed up between slow and fast readers of many connections',
  async (t, start) => {
    await using a = await scripted((connection) => {
      let answered = 0
      connection.socket.on('data', () => {
        for (const [, seed] of [...connection.text.matchAll(/GET \/(\d+) HTTP[^]*?\r\n\r\n/g)].slice(
          answered,
        )) {
          answered++
          const body = bodyOf(Number(seed))
          connection.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
          connection.socket.write(body)
        }
      })
    })
    await using lb = await start({ backends: [a.port] })
    const clients = await Promise.all(Array.from({ length: 24 }, () => TextClient.to(lb)))
    clients.forEach(({ socket }, i) => {
      if (i % 2 === 0) socket.pause()
    })
    for (const [i, client] of clients.entries())
      for (let round = 0; round < 4; round++) client.write(get(`/${i + round}`))
    // The fast ones are done, some slow ones leave amid their first response, and the rest begin to read.
    await waitUntil(() => clients.every(({ text }, i) => i % 2 === 0 || text.length > 150_000))
    for (const [i, { socket }] of clients.entries()) {
      if (i % 4 === 0) socket.resetAndDestroy()
      else socket.resume()
    }
    for (const [i, client] of clients.entries()) {
      if (i % 4 === 0) continue
      const bodies = Array.from({ length: 4 }, (_, round) => bodyOf(i + round))
      const expected = bodies
        .map((body) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`)
        .join('')
      await waitUntil(() => client.text.length >= expected.length, { timeoutMs: 20_000 })
      t.equal(sha256(Buffer.from(client.text, 'latin1')), sha256(Buffer.from(expected, 'latin1')))
      client.socket.end()
    }
  },
)

overHttp(tap, 'a client that half-closes amid its pipelined requests gets every answer', async (t, start) => {
  await using a = await scripted(answering(ok('one'), ok('two'), ok('three')))
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write(get('/1') + get('/2') + get('/3') + 'GET /unfinished')
  client.socket.end()
  t.match(await client.all(), /one[^]*two[^]*three$/)
})

function bodyOf(seed: number): Buffer {
  return Buffer.from(deterministicBytes(seed, 50_000 + seed * 7_000))
}
