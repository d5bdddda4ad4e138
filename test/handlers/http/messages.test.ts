import tap from 'tap'
import { deterministicBytes } from '../../../src/testing/deterministic-bytes.ts'
import { httpBackend } from '../../../src/testing/http-backend.ts'
import { waitUntil } from '../../../src/testing/wait-for.ts'
import { rawPeer } from '../../helpers/raw-peer.ts'
import { sha256 } from '../../helpers/sockets.ts'
import { answering, get, ok, overHttp, post, recordRequests, scripted, TextClient } from './rig.ts'

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

overHttp(tap, 'chunked bodies and trailers pass both ways byte for byte', async (t, start) => {
  const body = '4;x="a\\"b"\r\nwiki\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n'
  await using a = await scripted((connection) => {
    connection.socket.on('data', () => {
      if (connection.text.endsWith('0\r\nX-Sum: 1\r\n\r\n')) connection.socket.write(`${CHUNKED}${body}`)
    })
  })
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
  t.equal(await client.received('X-Sum: 1\r\n\r\n'), `${CHUNKED}${body}`)
  t.ok(a.text.endsWith(`\r\n\r\n${body}`))
})

overHttp(tap, 'a response to HEAD, 204 and 304 have no body whatever their length says', async (t, start) => {
  const answers = [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n',
    ok('last'),
  ]
  await using a = await scripted(answering(...answers))
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n' + get('/1') + get('/2') + get('/3'))
  t.equal(await client.received('\r\n\r\nlast'), answers.join(''))
  t.equal(a.connections.length, 1, 'over one connection')
})

overHttp(
  tap,
  'a hundred pipelined requests of mixed sizes are answered in order, also before a FIN',
  async (t, start) => {
    await using a = await httpBackend({ name: 'a' })
    await using b = await httpBackend({ name: 'b' })
    await using lb = await start({ backends: [a.port, b.port] })
    await using client = await TextClient.to(lb)
    let all = ''
    for (let i = 0; i < 100; i++)
      all += i % 3 === 0 ? post('x'.repeat(i * 50), '', `/r${i}.`) : get(`/r${i}.`)
    client.write(all)
    client.socket.end()
    const text = await client.all()
    const paths = [...text.matchAll(/\n(?:GET|POST) \/r(\d+)\. HTTP/g)].map(([, i]) => Number(i))
    t.strictSame(
      paths,
      Array.from({ length: 100 }, (_, i) => i),
    )
    t.equal(client.end, 'end')
    const sizes = [...a.requests, ...b.requests].map(({ url, bodyBytes }) => ({
      i: Number(url.slice(2, -1)),
      bodyBytes,
    }))
    t.ok(sizes.every(({ i, bodyBytes }) => bodyBytes === (i % 3 === 0 ? i * 50 : 0)))
  },
)

overHttp(tap, 'requests split at any place give the same answers', async (t, start) => {
  await using a = await httpBackend({ name: 'a' })
  await using lb = await start({ backends: [a.port] })
  const stream = `\r\n${post('hello', '', '/p')}POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${get('/g')}`
  const byHash = new Set<string>()
  for (let at = 1; at < stream.length; at += 3) {
    await using client = await TextClient.to(lb)
    client.write(stream.slice(0, at))
    await waitUntil(() => client.socket.writableLength === 0)
    client.write(stream.slice(at))
    await client.received('GET /g HTTP')
    byHash.add(
      a.requests
        .slice(-3)
        .map(({ method, url, bodySha256 }) => `${method} ${url} ${bodySha256}`)
        .join(),
    )
  }
  t.equal(byHash.size, 1, [...byHash].join('; '))
})

overHttp(tap, '100 Continue comes from the backend, before the body is sent', async (t, start) => {
  await using a = await scripted((connection) => {
    connection.socket.once('data', () => {
      connection.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      connection.socket.once('data', () => connection.socket.write(ok('thanks')))
    })
  })
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
  t.equal(await client.received('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  client.write('body')
  t.match(await client.received('thanks'), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/)
})

overHttp(tap, 'an HTTP/1.0 client gets no chunks and no interim response', async (t, start) => {
  await using a = await scripted((connection) => {
    connection.socket.once('data', () => {
      connection.socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')
      connection.socket.write(`${CHUNKED}4\r\nwiki\r\n5\r\npedia\r\n0\r\nX-Sum: 1\r\n\r\n`)
    })
  })
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  t.equal(await client.all(), 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwikipedia')
  t.equal(client.end, 'end')
})

overHttp(
  tap,
  'an HTTP/1.0 client keeps its connection where it asks and the length is known',
  async (t, start) => {
    await using a = await scripted(answering(ok('one'), ok('two')))
    await using lb = await start({ backends: [a.port] })
    await using client = await TextClient.to(lb)
    client.write('GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n')
    t.match(await client.received('one'), 'Connection: keep-alive\r\n')
    client.write('GET / HTTP/1.0\r\n\r\n')
    t.match(await client.all(), /Connection: close\r\n\r\ntwo$/)
  },
)

overHttp(
  tap,
  'a body that ends with the connection is delivered whole and ends cleanly',
  async (t, start) => {
    const body = Buffer.from(deterministicBytes(7, 300_000)).toString('latin1')
    await using a = await scripted((connection) => {
      connection.socket.once('data', () => connection.socket.end(`HTTP/1.0 200 OK\r\n\r\n${body}`, 'latin1'))
    })
    await using lb = await start({ backends: [a.port] })
    await using client = await TextClient.to(lb)
    client.write(get())
    const text = await client.all()
    t.ok(text.startsWith('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'))
    t.equal(
      sha256(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1')),
      sha256(Buffer.from(body, 'latin1')),
    )
    t.equal(client.end, 'end')
  },
)

overHttp(tap, 'a response that breaks off reaches the client, and ends in a reset', async (t, start) => {
  await using peer = await rawPeer()
  for (const how of ['end', 'resetAndDestroy'] as const) {
    for (const head of ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', CHUNKED]) {
      await using a = await scripted((connection) => {
        connection.socket.once('data', () => {
          connection.socket.write(`${head}7\r\npartial`, () => {
            if (how === 'end') connection.socket.end()
          })
        })
      })
      await using lb = await start({ backends: [a.port] })
      const ends = recordRequests(lb)
      await using client = await peer.connect({ port: lb.port })
      await client.sendText(get())
      const whole = `${head}7\r\npartial`
      t.equal(await client.readText(whole.length), whole)
      if (how === 'resetAndDestroy') a.connections[0]?.socket.resetAndDestroy()
      t.equal(await client.hangup(), 'rst', `${how} amid ${head}`)
      t.equal(ends[0]?.code, 'SD')
    }
  }
})

overHttp(
  tap,
  'a malformed chunk from the backend is a 502, or ends in a reset once the response has begun',
  async (t, start) => {
    await using peer = await rawPeer()
    const begun = `${CHUNKED}4\r\nwiki\r\n`
    await using a = await scripted((connection) => {
      connection.socket.once('data', () => connection.socket.write(begun))
    })
    await using b = await scripted(answering(`${begun}zz\r\n`))
    await using lb = await start({ backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`] })
    await using client = await peer.connect({ port: lb.port })
    await client.sendText(get())
    t.equal(await client.readText(begun.length), begun)
    a.connections[0]?.socket.write('zz\r\n')
    t.equal(await client.hangup(), 'rst')
    await using other = await TextClient.to(lb)
    other.write(get())
    await other.received('HTTP/1.1 502 Bad Gateway')
  },
)

overHttp(tap, 'a cut upload reaches the backend as a reset', async (t, start) => {
  await using peer = await rawPeer()
  await using server = await peer.listen()
  await using lb = await start({ backends: [server.port] })
  const ends = recordRequests(lb)
  await using client = await TextClient.to(lb)
  client.write('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf')
  await using backend = await server.accept()
  client.socket.end()
  t.equal((await backend.readToEnd()).end, 'rst')
  await waitUntil(() => ends.length === 1)
  t.equal(ends[0]?.code, 'CD')
})

overHttp(tap, 'an answer amid an upload is delivered whole, and ends the connection', async (t, start) => {
  const answer = `HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 8\r\n\r\ntoo much`
  await using a = await scripted((connection) => {
    connection.socket.once('data', () => connection.socket.write(answer))
  })
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(1_000_000)}`)
  const text = await client.received('too much')
  t.match(text, 'Connection: close\r\n')
  client.write('x'.repeat(100_000))
  await waitUntil(() => client.end !== undefined)
  t.equal(client.end, 'end', 'the client, which still sends, is not reset before it has read')
})

overHttp(tap, 'large bodies pass both ways while neither side reads', async (t, start) => {
  const bytes = Buffer.from(deterministicBytes(3, 3_000_000))
  await using a = await scripted((connection) => {
    connection.socket.pause()
    connection.socket.once('data', () => {
      connection.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`)
      connection.socket.write(bytes)
    })
    connection.socket.resume()
  })
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.socket.pause()
  client.write(get('/1') + get('/2'))
  await waitUntil(() => a.connections.length === 1)
  client.socket.resume()
  await waitUntil(() => client.text.length > bytes.length)
  const start1 = client.text.indexOf('\r\n\r\n') + 4
  t.equal(sha256(Buffer.from(client.text.slice(start1, start1 + bytes.length), 'latin1')), sha256(bytes))
})

overHttp(tap, 'the bytes of a body are told apart from those of its head', async (t, start) => {
  const answers: Readonly<Record<string, string>> = {
    '/plain': ok('hello'),
    '/hop': 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 5\r\n\r\nhello',
    '/chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    '/early': `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok('hello')}`,
    '/none': 'HTTP/1.1 204 No Content\r\n\r\n',
  }
  await using a = await scripted((connection) => {
    connection.socket.on('data', (chunk: Buffer) => {
      const [, path = ''] = chunk.toString().split(' ')
      connection.socket.write(answers[path] ?? '')
    })
  })
  for (const explain of [false, true]) {
    await using lb = await start({ backends: [a.port], explain })
    const ends = recordRequests(lb)
    for (const path of Object.keys(answers)) {
      await using client = await TextClient.to(lb)
      client.write(get(path))
      await waitUntil(() => ends.length > 0)
      const body = path === '/none' ? 0 : path === '/chunked' ? 15 : 5
      const end = ends.pop()
      t.equal(end?.bodyBytesOut, body, path)
      await waitUntil(() => client.text.length >= (end?.bytesOut ?? 0))
      t.equal(client.text.length, end?.bytesOut, `${path}: all bytes`)
    }
  }
})

overHttp(
  tap,
  'logs and error pages go by the fields that the client sent, not by those passed on',
  async (t, start) => {
    await using a = await scripted(answering(ok('hi'), 'malformed\r\n\r\n'))
    await using lb = await start({
      pools: { a: { backends: [a.port] } },
      routes: [{ pool: 'a', setRequestHeaders: { 'User-Agent': 'ours', Accept: 'application/json' } }],
    })
    const ends = recordRequests(lb)
    const hidden =
      'Connection: keep-alive, referer, user-agent, accept\r\nUser-Agent: theirs\r\nReferer: there\r\nAccept: text/html\r\n'
    await using client = await TextClient.to(lb)
    client.write(get('/1', hidden))
    await client.received('hi')
    t.match(a.text, 'User-Agent: ours\r\n')
    t.notMatch(a.text, 'Referer')
    client.write(get('/2', hidden))
    t.match(await client.received('502'), /text\/html/)
    await waitUntil(() => ends.length === 2)
    for (const { userAgent, referer } of ends) t.same([userAgent, referer], ['theirs', 'there'])
  },
)
