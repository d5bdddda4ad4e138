import t from 'tap'
import { overBothIos } from '../faults/rig.ts'
import type { Scripted } from '../handlers/http/rig.ts'
import { answering, get, ok, post, scripted, TextClient } from '../handlers/http/rig.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { bytewise, converse, RecordingBackend, sayInPieces, statuses } from './rig.ts'

const OVERSIZE: Readonly<Record<string, readonly [request: string, status: number]>> = {
  'a target of 17 KB': [get(`/${'x'.repeat(17_000)}`), 414],
  'a target without end': [`GET /${'x'.repeat(200_000)}`, 414],
  'a method without end': ['X'.repeat(20_000), 414],
  'a field of 17 KB': [get('/', `X: ${'x'.repeat(17_000)}\r\n`), 431],
  'a field name without end': [get('/', 'x'.repeat(100_000)), 431],
  '17 KB of small fields': [get('/', `X: ${'x'.repeat(190)}\r\n`.repeat(88)), 431],
  '2,500 fields': [get('/', 'x: 1\r\n'.repeat(2_500)), 431],
  '101 fields': [get('/', 'x: 1\r\n'.repeat(100)), 431],
  'a field line that never comes to its end': [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(50_000)}`, 431],
}

overBothIos(
  t,
  'F16: a head over the limit is answered 414 or 431, and no backend hears of it',
  async (sub, start) => {
    await using backend = await RecordingBackend.start()
    const lb = await start({ mode: 'http', backends: [backend.port] })
    for (const [what, [request, status]] of Object.entries(OVERSIZE)) {
      const middle = request.length >> 1
      for (const pieces of [[request], [request.slice(0, middle), request.slice(middle)]]) {
        const { text, end } = await converse(lb.port, pieces)
        sub.strictSame(statuses(text), [status], what)
        sub.match(text, /\r\nConnection: close\r\n/, what)
        sub.equal(end, 'end', what)
      }
    }
    sub.equal(backend.connections, 0)
  },
)

overBothIos(
  t,
  'F16: 100 fields and a head of just 16 KiB pass, and none of them is dropped',
  async (sub, start) => {
    await using backend = await scripted(answering(ok('passed')))
    const lb = await start({ mode: 'http', backends: [backend.port] })
    await using client = await TextClient.to(lb)
    const fields = Array.from({ length: 99 }, (_, i) => `x-${i}: ${i}\r\n`).join('')
    client.write(get('/', fields))
    await client.received('passed')
    sub.ok(backend.text.includes(fields), 'all in a row')
    const rest = 16_384 - get('/', 'X: \r\n').length
    client.write(get('/', `X: ${'y'.repeat(rest)}\r\n`) + get('/', `X: ${'z'.repeat(rest + 1)}\r\n`))
    const text = await client.all()
    sub.strictSame(statuses(text), [200, 200, 431])
    sub.match(backend.text, 'y'.repeat(rest))
    sub.notMatch(backend.text, 'z'.repeat(20))
  },
)

overBothIos(t, 'F16: a smaller limit of one’s own holds, also for the size of bodies', async (sub, start) => {
  await using backend = await RecordingBackend.start()
  const lb = await start({ mode: 'http', backends: [backend.port], maxHeadSize: 1_024, maxBodySize: 1_000 })
  const chunk = `3e9\r\n${'x'.repeat(1_001)}\r\n0\r\n\r\n`
  for (const [request, status] of [
    [get(`/${'x'.repeat(1_024)}`), 414],
    [get('/', `X: ${'x'.repeat(1_024)}\r\n`), 431],
    [post('x'.repeat(1_001)), 413],
    [`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`, 413],
  ] as const)
    sub.strictSame(statuses((await converse(lb.port, [request])).text), [status])
  sub.equal(backend.connections, 0)
})

overBothIos(
  t,
  'F17: 100 requests in one write are answered in order; no byte of one client reaches another',
  async (sub, start) => {
    // Each backend answers at once or later, so that answers overtake each other wherever they can.
    const backends = await Promise.all([0, 1, 2].map((delay) => echoingTargets(delay)))
    const lb = await start({ mode: 'http', backends: backends.map(({ port }) => port) })
    const clients = await Promise.all(
      ['left', 'middle', 'right'].map(async (name) => ({
        name,
        client: await TextClient.to(lb),
      })),
    )
    for (const { name, client } of clients)
      client.write(Array.from({ length: 100 }, (_, i) => get(`/${name}/${i}`)).join(''))
    for (const { name, client } of clients) {
      await client.received(`[/${name}/99]`)
      sub.strictSame(
        [...client.text.matchAll(/\[(.*?)\]/g)].map(([, target]) => target),
        Array.from({ length: 100 }, (_, i) => `/${name}/${i}`),
      )
      client.socket.destroy()
    }
    for (const backend of backends) await backend[Symbol.asyncDispose]()
  },
)

overBothIos(
  t,
  'F17: what is pipelined behind the last request of a connection is dropped',
  async (sub, start) => {
    await using backend = await RecordingBackend.start()
    const lb = await start({ mode: 'http', backends: [backend.port] })
    const last = get('/last', 'Connection: close\r\n')
    const { text, end } = await converse(lb.port, [get('/1') + last + get('/behind')])
    sub.strictSame(statuses(text), [200, 200])
    sub.equal(end, 'end')
    sub.notMatch(backend.text, 'behind')
  },
)

const CHUNKED_REQUEST =
  'POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x="a;b"\r\nabc\r\n0\r\nX-T: 1\r\n\r\n'
const REQUESTS = post('hello') + CHUNKED_REQUEST + get('/last')
const RESPONSES = [
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\nX-T: 2\r\n\r\n',
  'HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nthree',
]

overBothIos(t, 'F18: requests give the same answers at every split, and byte by byte', async (sub, start) => {
  await using backend = await echoingRequests()
  const lb = await start({ mode: 'http', backends: [backend.port] })
  const whole = await answersTo(lb.port, [REQUESTS])
  sub.match(whole, /POST \/ .*\|hello/)
  sub.match(whole, /POST \/c .*\|3;x="a;b"\|\|abc\|\|0\|\|X-T: 1\|\|\|\|/)
  sub.strictSame(statuses(whole), [200, 200, 200, 200])
  for (let at = 1; at < REQUESTS.length; at++) {
    const split = await answersTo(lb.port, [REQUESTS.slice(0, at), REQUESTS.slice(at)])
    if (split !== whole) sub.equal(split, whole, `split at ${at}`)
  }
  sub.equal(await answersTo(lb.port, bytewise(REQUESTS)), whole)
})

overBothIos(t, 'F18: responses arrive the same, whatever pieces they come in', async (sub, start) => {
  let pieces: readonly string[] = []
  await using backend = await scripted((connection) => {
    let answered = 0
    connection.socket.on('data', () => {
      if (answered === connection.heads) return
      answered++
      void sayInPieces(connection.socket, pieces)
    })
  })
  const lb = await start({ mode: 'http', backends: [backend.port] })
  await using client = await TextClient.to(lb)
  for (const response of RESPONSES) {
    const splits = Array.from(response, (_, at) => [response.slice(0, at), response.slice(at)])
    for (pieces of [[response], bytewise(response), ...splits.slice(1)]) {
      client.text = ''
      client.write(get())
      await waitUntil(() => client.text.length >= response.length, { describe: () => client.text })
      if (client.text !== response) sub.equal(client.text, response, `after ${String(pieces[0])}`)
    }
    sub.equal(client.text, response)
  }
  sub.equal(backend.connections.length, 1, 'each found where it ended')
  client.socket.end()
  sub.equal(await client.all(), RESPONSES.at(-1))
})

/** Answers with the target in brackets, so many turns of the loop later. */
function echoingTargets(turns: number): Promise<Scripted> {
  return scripted(({ socket }) => {
    let unread = ''
    socket.on('data', (chunk: Buffer) => {
      unread += chunk.toString('latin1')
      const [head, ...rest] = unread.split('\r\n\r\n')
      if (rest.length === 0) return
      unread = rest.join('\r\n\r\n')
      const target = head?.split(' ', 2)[1] ?? ''
      void sayInPieces(socket, [...Array.from({ length: turns }, () => ''), ok(`[${target}]`)])
    })
  })
}

/** Answers each of {@link REQUESTS} with all that came of it. */
function echoingRequests(): Promise<Scripted> {
  const isWhole = /^(?:POST \/ [^]*\r\n\r\nhello|POST \/c [^]*\r\nX-T: 1\r\n\r\n|GET [^]*\r\n\r\n)$/
  return scripted(({ socket }) => {
    let request = ''
    socket.on('data', (chunk: Buffer) => {
      request += chunk.toString('latin1')
      if (!isWhole.test(request)) return
      socket.write(ok(request.replace(/X-Request-Id: .*\r\n/, '').replaceAll('\r\n', '||')))
      request = ''
    })
  })
}

/** All that comes back for {@link REQUESTS}. */
async function answersTo(port: number, pieces: readonly string[]): Promise<string> {
  const { text, end } = await converse(port, [...pieces, get('/end', 'Connection: close\r\n')])
  return `${text} ${end ?? ''}`
}
