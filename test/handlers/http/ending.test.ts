import { execFileSync } from 'node:child_process'
import tap from 'tap'
import { EarlyBytes } from '../../../src/handlers/early-bytes.ts'
import { HeldBytes } from '../../../src/handlers/http/held-bytes.ts'
import { RequestBody } from '../../../src/handlers/http/request-body.ts'
import type { Conn } from '../../../src/net/conn.ts'
import { ManualClock } from '../../../src/testing/manual-clock.ts'
import { waitUntil } from '../../../src/testing/wait-for.ts'
import { queuedIn, recordEnds } from '../../faults/rig.ts'
import { answering, get, ok, overHttp, post, recordRequests, scripted, TextClient } from './rig.ts'

overHttp(
  tap,
  'a connection that waited for a slow client serves the next request as any other',
  async (t, start) => {
    const body = 'x'.repeat(3_500)
    await using a = await scripted((connection) => {
      let answered = 0
      connection.socket.on('data', () => {
        while (answered < connection.heads) {
          answered++
          connection.socket.write(ok(body))
        }
      })
    })
    await using lb = await start({ backends: [a.port], responseTimeout: 2_000 })
    const ends = recordRequests(lb)
    await using slow = await TextClient.to(lb)
    slow.socket.pause()
    const count = 6_000
    slow.write(get('/slow').repeat(count))
    let before = -1
    let looks = 0
    await waitUntil(
      () => {
        looks = ends.length === before ? looks + 1 : 0
        before = ends.length
        return looks > 80
      },
      { timeoutMs: 20_000 },
    )
    t.ok(ends.length < count, `${ends.length} of ${count} were taken`)
    slow.socket.resume()
    await waitUntil(() => ends.length === count, { timeoutMs: 20_000 })
    t.same(
      ends.filter(({ code, status }) => code !== '--' || status !== 200),
      [],
      'none of them hangs',
    )
  },
)

overHttp(tap, 'a session that is ended from within its last event ends once', async (t, start) => {
  await using a = await scripted(answering('HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n'))
  await using lb = await start({ backends: [{ id: 'a', address: a.port }], keepAliveTimeout: 200 })
  const ends = recordEnds(lb)
  lb.once('request:end', () => lb.removeBackend('a', { close: true }))
  await using client = await TextClient.to(lb)
  client.write(get())
  await waitUntil(() => ends.length > 0)
  // A second end would come with the keep-alive timeout, which another session waits for in full.
  await using other = await TextClient.to(lb)
  other.write(get())
  await other.received('503')
  await waitUntil(() => ends.length >= 2)
  t.same(new Set(ends.map(({ id }) => id)).size, ends.length, 'one end a session')
  t.match(ends[0], { code: 'KD', reason: 'backend-removed' })
})

overHttp(
  tap,
  'F17: requests behind the one whose response ends with the connection take nothing of that response away',
  async (t, start) => {
    const body = 'x'.repeat(200_000)
    await using a = await scripted((connection) => {
      connection.socket.once('data', () => connection.socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`))
    })
    await using lb = await start({ backends: [a.port] })
    await using client = await TextClient.to(lb)
    // The client cannot know by then that nobody will read it.
    lb.once('request:end', () => client.write(get('/next')))
    client.write(get())
    t.ok((await client.all()).endsWith(`\r\nConnection: close\r\n\r\n${body}`), 'it comes whole')
    t.equal(client.end, 'end', 'and a reset does not make it look cut')
    client.socket.end()
    await waitUntil(() => lb.sessionCount === 0)
    t.same(lb.snapshot().listeners[0]?.requests?.ends, { '--': 1 })
  },
)

overHttp(tap, 'F9: a client that leaves is told apart by when it left', async (t, start) => {
  await using a = await scripted((connection) => {
    connection.socket.on('data', () => {
      if (connection.text.includes('/part'))
        connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')
    })
  })
  await using lb = await start({ backends: [{ id: 'a', address: a.port, maxConnections: 1 }] })
  const ends = recordRequests(lb)
  await using amid = await TextClient.to(lb)
  amid.write(get('/part'))
  await amid.received('abc')
  await using queued = await TextClient.to(lb)
  queued.write(get('/queued'))
  await waitUntil(() => queuedIn(lb) === 1)
  queued.socket.resetAndDestroy()
  await waitUntil(() => ends.length === 1)
  amid.socket.resetAndDestroy()
  await waitUntil(() => ends.length === 2)
  await using waiting = await TextClient.to(lb)
  waiting.write(get('/waits'))
  await waitUntil(() => a.connections.some(({ text }) => text.includes('/waits')))
  waiting.socket.resetAndDestroy()
  await waitUntil(() => ends.length === 3)
  t.same(
    ends.map(({ path, code }) => [path, code]),
    [
      ['/queued', 'CQ'],
      ['/part', 'CD'],
      ['/waits', 'CH'],
    ],
  )
})

void tap.test('a client that sends byte by byte makes us hold no more than our bound', (t) => {
  const byte = Buffer.from('x')
  const most = 64 * 1024
  const client = { isPaused: false, pause: () => void (client.isPaused = true) }
  const early = new EarlyBytes()
  while (!client.isPaused) early.add(client as unknown as Conn, byte)
  const held = new HeldBytes()
  while (!held.isFull) held.add(Buffer.from(byte))
  const body = new RequestBody({ isReplayable: true })
  let parts = 0
  for (; !body.isFull; parts++) body.hold(byte)
  t.ok(early.chunks.length <= most / 100, `${early.chunks.length} chunks`)
  t.ok(held.take().length <= most / 100)
  t.ok(parts <= most / 100)
  t.end()
})

/** No socket's buffers hold so much. */
const MORE_THAN_IS_TAKEN = 12_000_000

for (const [what, body, options] of [
  ['malformed', 'ZZZ\r\n', {}],
  ['too long', '5\r\nabcde\r\n', { maxBodySize: 4 }],
] as const) {
  overHttp(
    tap,
    `a body that is ${what} goes to no backend, however slowly its answer is taken`,
    async (t, start) => {
      const pages = t.testdir({
        '400.txt': 'x'.repeat(MORE_THAN_IS_TAKEN),
        '413.txt': 'x'.repeat(MORE_THAN_IS_TAKEN),
      })
      await using a = await scripted(() => {})
      await using lb = await start({ backends: [a.port], errorPages: pages, ...options })
      const ends = recordRequests(lb)
      await using client = await TextClient.to(lb)
      client.socket.pause()
      client.write(`PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
      await waitUntil(() => ends.length === 1)
      t.match(ends[0], { code: 'PR', backend: undefined })
      // One that goes to a backend has been there by then.
      await using other = await TextClient.to(lb)
      other.write(get('/other'))
      await waitUntil(() => a.text.includes('/other'))
      t.notMatch(a.text, 'PUT')
      t.equal(lb.snapshot().pools[0]?.backends[0]?.active, 1)
      client.socket.resume()
      t.equal((await client.all()).length, ends[0]?.bytesOut)
    },
  )
}

overHttp(tap, 'a client that resets before anyone saw its address is forwarded nowhere', async (t, start) => {
  for (const isLogged of [false, true]) {
    await using a = await scripted(answering(ok('hi')))
    await using lb = await start({ backends: [a.port] })
    const ends = isLogged ? recordEnds(lb) : []
    sendAndReset(lb.port, post('abc', '', '/hidden'))
    await waitUntil(() => lb.snapshot().listeners[0]?.ends.CR === 1)
    await using client = await TextClient.to(lb)
    client.write(get('/seen'))
    await client.received('hi')
    t.notMatch(a.text, '/hidden')
    t.match(a.text, 'X-Forwarded-For: 127.0.0.1\r\n')
    if (isLogged) t.match(ends, [{ client: '-', reason: 'client-reset' }])
  }
})

/** Connects, sends and resets while this process stands still, so that it accepts a connection that is over. */
function sendAndReset(port: number, text: string): void {
  const script = `
import socket, struct, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
s.connect(('127.0.0.1', int(sys.argv[1])))
s.sendall(sys.argv[2].encode())
s.close()`
  execFileSync('python3', ['-c', script, String(port), text])
}

overHttp(
  tap,
  'an answer that stops is cut after the idle time, which may be shorter than the wait for it',
  async (t, start) => {
    const clock = new ManualClock()
    await using a = await scripted(({ socket }) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
    })
    await using lb = await start({ backends: [a.port], clock, idleTimeout: 1_000, responseTimeout: 30_000 })
    const ends = recordRequests(lb)
    await using client = await TextClient.to(lb)
    client.write(get())
    await client.received('half')
    await clock.advanceAsync(800)
    t.equal(client.end, undefined)
    await clock.advanceAsync(1_000)
    await client.all()
    t.match(ends, [{ code: 'sD', status: 200 }])
    t.equal(
      lb.snapshot().pools[0]?.backends[0]?.requests?.failed,
      1,
      'no whole answer, by the backend’s fault',
    )
  },
)

overHttp(
  tap,
  'a client that leaves the queue leaves behind what was tried for it, and how long it waited',
  async (t, start) => {
    const clock = new ManualClock()
    await using a = await scripted(() => {})
    await using lb = await start({
      clock,
      balance: 'first',
      queueTimeout: 20_000,
      backends: [
        { id: 'refuses', address: 1 },
        { id: 'full', address: a.port, maxConnections: 1 },
      ],
    })
    const requests = recordRequests(lb)
    const sessions = recordEnds(lb)
    await using first = await TextClient.to(lb)
    first.write(get('/1'))
    await waitUntil(() => a.text.includes('/1'))
    await using second = await TextClient.to(lb)
    second.write(get('/2'))
    await waitUntil(() => queuedIn(lb) === 1)
    await clock.advanceAsync(2_000)
    second.socket.resetAndDestroy()
    await waitUntil(() => sessions.length === 1)
    const tried = [{ backend: 'refuses', reason: 'ECONNREFUSED' }]
    t.match(requests, [{ path: '/2', code: 'CQ', tried, queueMs: 2_000 }])
    t.match(sessions, [{ code: 'CQ', tried, queueMs: 2_000 }])
  },
)
