import t from 'tap'
import type { Test } from 'tap'
import type { RequestEnd } from '../../src/core/events.ts'
import { IO_KINDS, overBothIos } from '../faults/rig.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { get, TextClient } from '../handlers/http/rig.ts'
import type { RejectedRequest } from './rejected-requests.ts'
import { REJECTED } from './rejected-requests.ts'
import type { Heard } from './rig.ts'
import { bytewise, converse, halves, RecordingBackend, sayInPieces, statuses } from './rig.ts'

const IDS = [...new Set(REJECTED.map(({ id }) => id))]

for (const id of IDS) {
  const rows = REJECTED.filter((row) => row.id === id)

  overBothIos(t, `${id}: refused whole and in any pieces; no backend hears of it`, async (sub, start, io) => {
    await using backend = await RecordingBackend.start()
    const lb = await start({ mode: 'http', backends: [backend.port] })
    for (const row of rows) {
      assertRefused(sub, row, await converse(lb.port, [row.bytes]))
      if (row.isBody === true) continue
      for (const pieces of halves(row.bytes)) assertRefused(sub, row, await converse(lb.port, pieces))
      // The other kind of I/O hands over the same pieces: once is enough.
      if (io === IO_KINDS[0]) assertRefused(sub, row, await converse(lb.port, bytewise(row.bytes)))
    }
    sub.equal(backend.text, '', 'not a byte')
    sub.equal(backend.connections, 0, 'not even a connection')
  })

  overBothIos(
    t,
    `${id}: behind a good request it is refused all the same, and the good one answered`,
    async (sub, start) => {
      await using backend = await RecordingBackend.start()
      const lb = await start({ mode: 'http', backends: [backend.port] })
      for (const row of rows) {
        backend.text = ''
        const heard = await converse(lb.port, [get('/good') + row.bytes + get('/behind')])
        sub.strictSame(statuses(heard.text), [200, row.status], row.what)
        sub.match(heard, { text: /\r\n\r\ngoodHTTP\/1\.1 /, end: 'end' }, row.what)
        sub.match(backend.text, /^GET \/good HTTP\/1\.1\r\n/)
        sub.equal(backend.heads, 1, row.what)
        sub.ok(backend.text.endsWith('\r\n\r\n'), row.what)
      }
    },
  )
}

overBothIos(
  t,
  'H4: where the head has gone out before the bad chunk, the request is cut and nothing bad goes out',
  async (sub, start) => {
    await using backend = await RecordingBackend.start()
    const lb = await start({ mode: 'http', backends: [backend.port] })
    for (const { what, bytes, status } of REJECTED.filter(({ isBody }) => isBody === true)) {
      const split = bytes.indexOf('\r\n\r\n') + 4
      for (const pieces of [[bytes.slice(0, split), bytes.slice(split)], bytewise(bytes)]) {
        backend.text = ''
        const heard = await converse(lb.port, pieces)
        sub.strictSame(statuses(heard.text), [status], what)
        sub.equal(heard.end, 'end', what)
        const body = bytes.slice(split)
        const [, passed = ''] = backend.text.split('\r\n\r\n', 2)
        sub.ok(
          body.startsWith(passed) && passed.length < body.length,
          `${what}: a true prefix of it went out`,
        )
        sub.notOk(/(?:^|\n)0+\r\n\r\n$/.test(backend.text), `${what}: never an end of a body`)
      }
    }
  },
)

overBothIos(
  t,
  'a refused request is logged with what could be read of it, and its answer bears its id',
  async (sub, start) => {
    await using backend = await RecordingBackend.start()
    const lb = await start({ mode: 'http', backends: [backend.port] })
    const ends: RequestEnd[] = []
    lb.on('request:end', (end) => void ends.push(end))
    const rows: [string, Partial<RequestEnd>][] = [
      ['GET /a?q HTTP/1.1\r\n\r\n', { status: 400, method: 'GET', path: '/a', version: '1.1' }],
      ['PUT /b HTTP/1.0\r\nA b\r\n\r\n', { status: 400, method: 'PUT', path: '/b', version: '1.0' }],
      ['GET /c HTTP/2.0\r\n\r\n', { status: 505, method: 'GET', path: '/c', version: '' }],
      ['GET /d d HTTP/1.1\r\n\r\n', { status: 400, method: '', path: '', version: '' }],
      ['\x1b[2J\r\n\r\n', { status: 400, method: '', path: '', version: '' }],
      [`GET /e?q${'e'.repeat(20_000)}`, { status: 414, method: 'GET', path: '/e', version: '' }],
      [
        `POST /f HTTP/1.0\r\nX: ${'f'.repeat(20_000)}`,
        { status: 431, method: 'POST', path: '/f', version: '1.0' },
      ],
      ['HEAD /g HTTP/1.1\nHost: a\n\n', { status: 400, method: 'HEAD', path: '/g', version: '1.1' }],
      ['G\nET /h HTTP/1.1\n', { status: 400, method: '', path: '', version: '' }],
      ['x'.repeat(20_000), { status: 414, method: '', path: '', version: '' }],
    ]
    for (const [bytes, known] of rows) {
      const { text } = await converse(lb.port, [bytes])
      const end = ends.pop()
      sub.match(end, { code: 'PR', bytesOut: text.length, ...known }, bytes.slice(0, 40))
      sub.match(end?.client, /^127\.0\.0\.1:\d+$/)
      sub.match(end?.requestId, /^[\da-z]{16}$/)
      sub.match(text, `\r\nX-Request-Id: ${end?.requestId}\r\n`)
      sub.equal(end?.bodyBytesOut, text.length - text.indexOf('\r\n\r\n') - 4)
    }
    const json = await converse(lb.port, ['GET / HTTP/1.1\r\nbad line\r\nAccept: application/json\r\n\r\n'])
    sub.equal(JSON.parse(json.text.split('\r\n\r\n')[1] ?? '').requestId, ends[0]?.requestId)
  },
)

overBothIos(
  t,
  'a request that comes too late is logged with what came of it, and who sent it',
  async (sub, start) => {
    const clock = new ManualClock()
    const lb = await start({ mode: 'http', backends: [], clock })
    const ends: RequestEnd[] = []
    lb.on('request:end', (end) => void ends.push(end))
    const rows: [pieces: string[], known: Partial<RequestEnd>][] = [
      [['POST /late?a HTTP/1.1\r\nHos'], { method: 'POST', path: '/late', version: '1.1' }],
      [['GET /la', 'te'], { method: 'GET', path: '/late', version: '' }],
      [['GET /late HTTP'], { method: 'GET', path: '/late', version: '' }],
      [['GE'], { method: '', path: '', version: '' }],
    ]
    for (const [pieces, known] of rows) {
      await using client = await TextClient.to(lb)
      await sayInPieces(client.socket, pieces)
      await waitUntil(() => lb.sessions()[0]?.bytesIn === pieces.join('').length)
      await clock.advanceAsync(10_500)
      sub.strictSame(statuses(await client.all()), [408])
      sub.match(ends.pop(), { code: 'cR', status: 408, client: /^127\.0\.0\.1:\d+$/, ...known })
      client.socket.end()
      await waitUntil(() => lb.sessions().length === 0)
    }
  },
)

/** One answer of ours, that says what it will do, and does it: a clean end. */
function assertRefused(sub: Test, { what, status }: RejectedRequest, { text, end }: Heard): void {
  sub.strictSame(statuses(text), [status], what)
  sub.match(text, /\r\nConnection: close\r\n/, what)
  sub.equal(end, 'end', what)
}
