import t from 'tap'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { answering, get, ok, overHttp, scripted, TextClient } from '../handlers/http/rig.ts'

const BAD_RESPONSES: Readonly<Record<string, string>> = {
  'Content-Length and Transfer-Encoding': framed('Content-Length: 4', 'Transfer-Encoding: chunked'),
  'two Content-Lengths': framed('Content-Length: 4', 'Content-Length: 4'),
  'two different Content-Lengths': framed('Content-Length: 4', 'Content-Length: 5'),
  'a Content-Length that is a list': framed('Content-Length: 4, 4'),
  'a Content-Length with a sign': framed('Content-Length: +4'),
  'an unknown transfer coding': framed('Transfer-Encoding: gzip, chunked'),
  'Transfer-Encoding twice': framed('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  'a space before a colon': framed('Content-Length : 4'),
  'a folded field': framed('X: a', ' b', 'Content-Length: 4'),
  'a bare LF': framed('X: a\nY: b', 'Content-Length: 4'),
  'a NUL in a value': framed('X: \0', 'Content-Length: 4'),
  'a bad chunk size': `${framed('Transfer-Encoding: chunked')}x\r\nevil`,
  'a chunk that is longer than it says': `${framed('Transfer-Encoding: chunked')}1\r\nevil\r\n0\r\n\r\n`,
  'a body on 204': 'HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil',
  'HTTP/2.0': 'HTTP/2.0 200 OK\r\nContent-Length: 4\r\n\r\nevil',
  'no HTTP at all': 'evil evil evil\r\n\r\n',
  'a head without end': `HTTP/1.1 200 OK\r\n${'X: evil\r\n'.repeat(5_000)}`,
}

overHttp(
  t,
  'H15: a response whose end is in doubt is a 502, and its connection is never used again',
  async (sub, start) => {
    for (const [what, response] of Object.entries(BAD_RESPONSES)) {
      await using backend = await scripted((connection) => {
        answering(connection.index === 1 ? response : ok('good'))(connection)
      })
      await using lb = await start({ backends: [backend.port] })
      await using client = await TextClient.to(lb)
      client.write(get('/1'))
      const refused = await client.received('HTTP/1.1 502 Bad Gateway\r\n')
      sub.notMatch(refused, 'evil', what)
      client.write(get('/2'))
      const text = await client.received('\r\n\r\ngood')
      sub.notMatch(text, 'evil', what)
      sub.strictSame(
        backend.connections.map(({ heads }) => heads),
        [1, 1],
        `${what}: the next request goes on another connection`,
      )
      await waitUntil(() => backend.active === 1)
    }
  },
)

overHttp(
  t,
  'H15: what follows a response is dropped, and never answers the next request',
  async (sub, start) => {
    const surplus = ok('evil')
    const answers = {
      'in the same write': ok('good') + surplus,
      'behind a chunked body': `${framed('Transfer-Encoding: chunked')}4\r\ngood\r\n0\r\n\r\n${surplus}`,
      'behind an empty body': `HTTP/1.1 204 No Content\r\nX: good\r\n\r\n${surplus}`,
      'bytes that are no response': `${ok('good')}evil`,
      'a single CRLF': `${ok('good')}\r\n`,
    }
    for (const [what, answer] of Object.entries(answers)) {
      await using backend = await scripted((connection) => {
        answering(connection.index === 1 ? answer : ok('next'))(connection)
      })
      await using lb = await start({ backends: [backend.port] })
      await using client = await TextClient.to(lb)
      client.write(get('/1'))
      await client.received('good')
      client.write(get('/2'))
      const text = await client.received('\r\n\r\nnext')
      sub.notMatch(text, 'evil', what)
      sub.equal(backend.connections.length, 2, what)
      const [first] = backend.connections
      await waitUntil(() => first?.session.fin, { describe: `the end of the first connection: ${what}` })
    }
  },
)

overHttp(t, 'H15: a kept connection that speaks unasked is closed, unheard', async (sub, start) => {
  await using backend = await scripted((connection) => {
    answering(ok(`from ${connection.index}`))(connection)
  })
  await using lb = await start({ backends: [backend.port] })
  await using client = await TextClient.to(lb)
  client.write(get('/1'))
  await client.received('from 1')
  backend.connections[0]?.socket.write(ok('evil'))
  await waitUntil(() => backend.connections[0]?.session.fin)
  client.write(get('/2'))
  sub.notMatch(await client.received('from 2'), 'evil')
})

overHttp(
  t,
  'H15: an answer to half a request is delivered; neither connection is used again',
  async (sub, start) => {
    await using backend = await scripted((connection) => {
      connection.socket.once('data', () => connection.socket.write(ok(`early ${connection.index}`)))
    })
    await using lb = await start({ backends: [backend.port] })
    await using client = await TextClient.to(lb)
    client.write('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
    await client.received('early 1')
    // To the client's mind the rest of its body and a request; to a backend that has answered, who knows.
    client.write(`\r\n\r\n..${get('/smuggled')}`)
    const text = await client.all()
    sub.match(text, /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*Connection: close\r\n/)
    await waitUntil(() => backend.active === 0)
    await using other = await TextClient.to(lb)
    other.write(get('/2'))
    await other.received('early 2')
    sub.notMatch(backend.text, 'smuggled')
  },
)

function framed(...lines: string[]): string {
  return `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
}
