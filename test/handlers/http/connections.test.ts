import tap from 'tap'
import type { Balancer } from '../../../src/control/balancer.ts'
import { ManualClock } from '../../../src/testing/manual-clock.ts'
import { waitUntil } from '../../../src/testing/wait-for.ts'
import { rawPeer } from '../../helpers/raw-peer.ts'
import { answering, get, ok, overHttp, post, recordRequests, scripted, TextClient } from './rig.ts'

overHttp(tap, 'requests of many clients share a kept connection', async (t, start) => {
  await using a = await scripted(answering(ok('hi')))
  await using lb = await start({ backends: [a.port] })
  for (let i = 0; i < 5; i++) {
    await using client = await TextClient.to(lb)
    client.write(i % 2 === 0 ? get() : post('x'))
    await client.received('\r\n\r\nhi')
  }
  t.equal(a.connections.length, 1)
})

overHttp(
  tap,
  'a kept connection is closed after four seconds, or sooner if the backend says so',
  async (t, start) => {
    const clock = new ManualClock()
    await using a = await scripted(answering(ok('hi'), ok('hi', 'Keep-Alive: timeout=2\r\n')))
    await using lb = await start({ backends: [a.port], clock })
    await using client = await TextClient.to(lb)
    client.write(get())
    t.notMatch(await client.received('\r\n\r\nhi'), /keep-alive/i, 'which is between the two of us')
    await clock.advanceAsync(3_800)
    t.equal(a.active, 1)
    client.text = ''
    client.write(get())
    t.notMatch(await client.received('\r\n\r\nhi'), /keep-alive/i)
    await clock.advanceAsync(800)
    t.equal(a.active, 1)
    await clock.advanceAsync(500)
    await waitUntil(() => a.connections[0]?.session.fin === true || a.active === 0)
    t.equal(a.connections.length, 1)
  },
)

overHttp(tap, 'a POST takes no connection that was idle for a second; a GET does', async (t, start) => {
  const clock = new ManualClock()
  await using a = await scripted(answering(ok('hi')))
  await using lb = await start({ backends: [a.port], clock })
  await using client = await TextClient.to(lb)
  const ask = async (request: string): Promise<number> => {
    client.text = ''
    client.write(request)
    await client.received('\r\n\r\nhi')
    return a.connections.length
  }
  t.equal(await ask(get()), 1)
  await clock.advanceAsync(900)
  t.equal(await ask(post('x')), 1, 'fresh')
  await clock.advanceAsync(1_000)
  t.equal(await ask(get()), 1, 'may be replayed')
  await clock.advanceAsync(1_000)
  t.equal(await ask(post('x')), 2, 'may not')
})

overHttp(tap, 'stray bytes, a FIN and a reset retire an idle connection', async (t, start) => {
  for (const spoil of ['stray', 'fin', 'reset', 'surplus'] as const) {
    await using a = await scripted(
      answering(spoil === 'surplus' ? `${ok('hi')}HTTP/1.1 200 OK\r\n` : ok('hi')),
    )
    await using lb = await start({ backends: [a.port] })
    await using client = await TextClient.to(lb)
    client.write(get())
    await client.received('\r\n\r\nhi')
    const { socket, session } = await a.connection(1)
    if (spoil === 'stray') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
    if (spoil === 'fin') socket.end()
    if (spoil === 'reset') socket.resetAndDestroy()
    await waitUntil(() => session.closed || session.fin || session.error !== undefined)
    client.text = ''
    client.write(post('x'))
    const text = await client.received('\r\n\r\nhi')
    t.notMatch(text, 'evil')
    t.equal(a.connections.length, 2, spoil)
  }
})

overHttp(tap, 'Connection: close by either side is kept between those two', async (t, start) => {
  await using a = await scripted(answering(ok('hi', 'Connection: close\r\n')))
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write(get())
  t.notMatch(await client.received('\r\n\r\nhi'), 'Connection')
  client.text = ''
  client.write(get('/', 'Connection: close\r\n'))
  t.match(await client.all(), 'Connection: close\r\n')
  t.equal(client.end, 'end')
  t.equal(a.connections.length, 2)
  t.notMatch(a.text, 'Connection')
})

overHttp(tap, 'one that queued takes over the connection that became free', async (t, start) => {
  await using a = await scripted(() => {})
  await using lb = await start({ backends: [a.port], backendMaxConnections: 1 })
  await using first = await TextClient.to(lb)
  first.write(get('/1'))
  const connection = await a.connection(1)
  await connection.received('/1')
  await using second = await TextClient.to(lb)
  second.write(post('x', '', '/2'))
  await waitUntil(() => lb.snapshot().pools[0]?.queued === 1)
  connection.socket.write(ok('one'))
  await first.received('one')
  await connection.received('/2')
  connection.socket.write(ok('two'))
  await second.received('two')
  t.equal(a.connections.length, 1)
})

/** Fills what a connection is first read into: the rest lies in the system still when the response is whole. */
const FIRST_READ_BYTES = 4096

for (const wait of ['behind it', 'in the queue'] as const) {
  /** One request behind another, on one connection or waiting for room. */
  const ask = async (lb: Balancer, requests: readonly string[]): Promise<string[]> => {
    const lines = wait === 'behind it' ? [requests.join('')] : requests
    const clients = await Promise.all(lines.map(() => TextClient.to(lb)))
    for (const [i, client] of clients.entries()) client.write(lines[i] as string)
    await waitUntil(
      () => clients.reduce((sum, { text }) => sum + text.split('HTTP/1.1 ').length - 1, 0) >= requests.length,
      { describe: () => clients.map(({ text }) => text).join('\n') },
    )
    for (const { socket } of clients) socket.destroy()
    return clients.map(({ text }) => text)
  }

  overHttp(tap, `surplus bytes that were not read yet answer no request ${wait}`, async (t, start) => {
    const length = FIRST_READ_BYTES - ok('x'.repeat(1_000)).length + 1_000
    const evil = ok('evil')
    await using a = await scripted((connection) =>
      answering(connection.index === 1 ? ok('x'.repeat(length)) + evil : ok('good'))(connection),
    )
    await using lb = await start({ backends: [a.port], backendMaxConnections: 1 })
    const heard = (await ask(lb, [get('/1'), get('/2')])).join('')
    t.match(heard, /good$/)
    t.notMatch(heard, 'evil')
    t.equal(a.connections.length, 2)
    t.notMatch(a.connections[0]?.text, '/2')
  })

  overHttp(tap, `a FIN that was not read yet costs no POST ${wait} its answer`, async (t, start) => {
    await using a = await scripted(({ socket }) => {
      socket.once('data', () => socket.end(ok('hi')))
    })
    await using lb = await start({ backends: [a.port], backendMaxConnections: 1 })
    const ends = recordRequests(lb)
    for (const text of await ask(lb, [post('1'), post('2'), post('3')])) t.notMatch(text, '502')
    await waitUntil(() => ends.length === 3)
    t.same(
      ends.map(({ code, tried }) => [code, tried]),
      Array.from({ length: 3 }, () => ['--', []]),
    )
    t.equal(lb.snapshot().pools[0]?.backends[0]?.requests?.failed, 0)
  })
}

overHttp(
  tap,
  'draining a backend closes its idle connections, and those in use after their response',
  async (t, start) => {
    await using a = await scripted(() => {})
    await using lb = await start({ backends: [`a=127.0.0.1:${a.port}`] })
    await using one = await TextClient.to(lb)
    await using two = await TextClient.to(lb)
    one.write(get('/1'))
    two.write(get('/2'))
    const [idle, busy] = [await a.connection(1), await a.connection(2)]
    await idle.received('GET')
    await busy.received('GET')
    idle.socket.write(ok('one'))
    await waitUntil(() => one.text.includes('one') || two.text.includes('one'))
    lb.setMode('a', 'drain')
    await waitUntil(() => idle.session.fin || idle.session.closed)
    busy.socket.write(ok('two'))
    await waitUntil(() => one.text.includes('two') || two.text.includes('two'))
    await waitUntil(() => busy.session.fin || busy.session.closed)
    t.equal(a.connections.length, 2)
  },
)

overHttp(
  tap,
  'an upgrade becomes a tunnel with the early bytes of both sides, and ends as one',
  async (t, start) => {
    await using a = await scripted((connection) => {
      connection.socket.once('data', () =>
        connection.socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nearly-b',
        ),
      )
    })
    await using lb = await start({ backends: [a.port] })
    const ends = recordRequests(lb)
    await using client = await TextClient.to(lb)
    client.write(`${get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')}early-c`)
    const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
    t.equal(await client.received('early-b'), `${head}early-b`)
    const { socket } = await a.connection(1)
    await a.connections[0]?.received('\r\n\r\nearly-c')
    client.write('GET / HTTP/1.1\r\n\r\n')
    await a.connections[0]?.received('early-cGET / HTTP/1.1\r\n\r\n')
    client.socket.end()
    await waitUntil(() => a.connections[0]?.session.fin === true)
    socket.end('bye')
    t.ok((await client.all()).endsWith('bye'), 'half-closed: the answer to the FIN still comes')
    await waitUntil(() => ends.length === 1)
    const up = 'early-cGET / HTTP/1.1\r\n\r\n'
    const down = `${head}early-bbye`
    t.match(ends[0], { status: 101, code: '--', bytesIn: up.length, bytesOut: down.length })
  },
)

overHttp(tap, 'an upgrade that is not taken, or not allowed, stays HTTP', async (t, start) => {
  await using a = await scripted(answering(ok('one'), ok('two')))
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write(
    get('/1', 'Connection: Upgrade\r\nUpgrade: websocket\r\n') +
      get(
        '/2',
        'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
      ),
  )
  await client.received('\r\n\r\ntwo')
  t.match(a.text, 'Upgrade: websocket')
  t.notMatch(a.text, /h2c|HTTP2-Settings/i)
})

overHttp(tap, 'a protocol change that nobody asked for is a 502', async (t, start) => {
  await using a = await scripted(answering('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'))
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write(get())
  await client.received('HTTP/1.1 502 Bad Gateway')
})

overHttp(tap, 'a drain answers what is under way and on its way, and closes the rest', async (t, start) => {
  await using a = await scripted((connection) => {
    connection.socket.on('data', () => {
      if (connection.text.includes('/late')) connection.socket.write(ok('late'))
    })
  })
  await using lb = await start({ backends: [a.port] })
  await using busy = await TextClient.to(lb)
  await using idle = await TextClient.to(lb)
  await using late = await TextClient.to(lb)
  busy.write(get('/busy'))
  const connection = await a.connection(1)
  await connection.received('/busy')
  await waitUntil(() => lb.snapshot().listeners[0]?.active === 3)
  const drained = lb.drain({ timeoutMs: 5_000 })
  late.write(get('/late'))
  t.match(await late.all(), /Connection: close\r\n[^]*late$/, 'not lost')
  t.equal(await idle.all(), '')
  t.equal(idle.end, 'end')
  connection.socket.write(ok('done'))
  t.match(await busy.all(), /Connection: close\r\n[^]*done$/)
  t.strictSame(await drained, { cut: 0 })
})

overHttp(tap, 'slow heads and bodies are answered 408, silence is closed', async (t, start) => {
  const clock = new ManualClock()
  await using a = await scripted(() => {})
  await using lb = await start({ backends: [a.port], clock })
  await using silent = await TextClient.to(lb)
  await using head = await TextClient.to(lb)
  await using body = await TextClient.to(lb)
  head.write('GET / HTTP/1.1\r\nHost')
  body.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
  await waitUntil(() => a.connections[0]?.text.endsWith('half') === true)
  await waitUntil(() => lb.snapshot().listeners[0]?.active === 3)
  await clock.advanceAsync(9_500)
  t.equal(silent.end, undefined)
  await clock.advanceAsync(800)
  t.equal(await silent.all(), '')
  t.match(await head.all(), /^HTTP\/1.1 408 [^]*Connection: close\r\n/)
  t.equal(body.text, '')
  await clock.advanceAsync(20_000)
  t.match(await body.all(), /^HTTP\/1.1 408 /)
  head.socket.end()
  body.socket.end()
})

overHttp(
  tap,
  'a backend that takes an upload slowly has the time to answer, not the client’s time to send',
  async (t, start) => {
    const clock = new ManualClock()
    await using a = await scripted(({ socket }) => void socket.pause())
    await using lb = await start({ backends: [a.port], clock })
    const body = 'x'.repeat(20_000_000)
    await using client = await TextClient.to(lb)
    client.write(post(body, '', '/slow'))
    const { socket } = await a.connection(1)
    const sent = (): number => lb.snapshot().pools[0]?.backends[0]?.bytesToBackend ?? 0
    /** Until the backend's side is full. */
    const stuck = async (from: number): Promise<number> => {
      let last = -1
      await waitUntil(() => {
        const before = last
        last = sent()
        return last > from && last === before
      })
      return last
    }
    const first = await stuck(0)
    await clock.advanceAsync(50_000)
    t.equal(client.text, '', 'the client is not to blame')
    socket.resume()
    await waitUntil(() => sent() > first)
    socket.pause()
    await stuck(first)
    await clock.advanceAsync(55_000)
    t.equal(client.text, '', 'the time counts from the last bytes that it took')
    await clock.advanceAsync(10_000)
    t.match(await client.all(), /^HTTP\/1\.1 504 /)
    socket.destroy()
  },
)

overHttp(
  tap,
  'a backend that does not answer costs 504, and the connection, but not the client',
  async (t, start) => {
    const clock = new ManualClock()
    await using a = await scripted(() => {})
    await using b = await scripted(answering(ok('b')))
    await using lb = await start({ backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`], clock })
    const ends = recordRequests(lb)
    await using client = await TextClient.to(lb)
    client.write(get())
    const hung = await a.connection(1)
    await hung.received('GET')
    await clock.advanceAsync(59_000)
    t.equal(client.text, '')
    await clock.advanceAsync(1_500)
    await client.received('HTTP/1.1 504 Gateway Timeout')
    await waitUntil(() => hung.session.closed)
    t.match(ends[0], { code: 'sH', status: 504, backend: 'a' })
    client.text = ''
    client.write(get())
    await client.received('\r\n\r\nb')
  },
)

overHttp(tap, 'clients that reset while they wait free their place', async (t, start) => {
  await using peer = await rawPeer()
  await using a = await scripted(() => {})
  await using lb = await start({ backends: [a.port] })
  const ends = recordRequests(lb)
  await using client = await peer.connect({ port: lb.port })
  await client.sendText(get())
  const { session } = await a.connection(1)
  await a.connections[0]?.received('GET')
  await client.reset()
  await waitUntil(() => session.closed || session.error !== undefined)
  await waitUntil(() => ends.length === 1)
  t.match(ends[0], { code: 'CH', status: 0 })
})
