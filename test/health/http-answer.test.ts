import { test } from 'tap'
import type { HttpCheckConfig } from '../../src/config/schema.ts'
import type { ProbeResult } from '../../src/core/probe.ts'
import { MAX_BODY_BYTES } from '../../src/health/body-search.ts'
import { HttpAnswer } from '../../src/health/http-answer.ts'

const OK: ProbeResult = { ok: true, code: 'L7OK', text: '200 OK' }
const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`

void test("the answer to a check's GET", async (t) => {
  void t.test('is read the same in two pieces, split at every byte, and byte by byte', (sub) => {
    const broken = '200 OK, but the response broke off'
    const badChunk = '200 OK, but the response has a malformed chunk'
    const lacking = '200 OK, but its body lacks the expected text'
    const answers: [string, string][] = [
      [`${CHUNKED}2;a="b"\r\nso\r\n5\r\n fine\r\n0\r\nX-T: 1\r\n\r\n`, '200 OK'],
      [`${CHUNKED}3\r\nfin\r\n1\r\ne\r\n0\r\n\r\n`, '200 OK'],
      [`${CHUNKED}1\r\nf\r\n1\r\ni\r\n1\r\nn\r\n1\r\ne\r\n0\r\n\r\n`, '200 OK'],
      [`${CHUNKED}4\r\nfine\r\nno chunk`, '200 OK'], // What counts had come before.
      // The framing is no part of the text.
      [`${CHUNKED}4\r\nwine\r\n0\r\nx: fine\r\n\r\n`, lacking],
      [`${CHUNKED}2;fine\r\nno\r\n0\r\n\r\n`, lacking],
      [`${CHUNKED}3\r\nfin\r\nxyz`, badChunk],
      [`${CHUNKED}3\r\nfine\r\n0\r\n\r\n`, badChunk],
      [`${CHUNKED}4\r\nwine\r\n0\r\n`, broken],
      [`${HEAD}Content-Length: 6\r\n\r\nfinely`, '200 OK'],
      [`${HEAD}Content-Length: 3\r\n\r\nfine`, lacking], // The fourth byte is not the body's.
      [`${HEAD}Content-Length: 9\r\n\r\nwine`, broken],
      [`${HEAD}Content-Length: 0\r\n\r\nfine`, lacking],
      [`${HEAD}\r\nall is fine`, '200 OK'],
      [`${HEAD}\r\nwine`, lacking],
      ['HTTP/1.0 200 OK\r\n\r\nfine', '200 OK'],
      [
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\r\n\r\nfine',
        '200',
      ],
      ['HTTP/1.1 204 No Content\r\n\r\n', '204 No Content, but its body lacks the expected text'],
      ['HTTP/1.1 503 Service Unavailable\r\n\r\nfine', '503 Service Unavailable'],
      ['HTTP/1.1 100 Continue\r\n\r\n', 'closed without a response'],
      ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2', 'closed within the head of the response'],
      ['HTTP/1.1 100 Continue\r\n\r\n220 mail.example', 'the response is no HTTP/1'],
      [
        'HTTP/1.1 200 OK\nContent-Length: 4\n\nfine',
        'the response has a line in its head that does not end in CR LF',
      ],
    ]
    for (const [wire, text] of answers) {
      const bytes = Buffer.from(wire, 'latin1')
      const code = text.startsWith('503') ? 'L7STS' : /^200( OK)?$/.test(text) ? 'L7OK' : 'L7RSP'
      const result: ProbeResult = { ok: code === 'L7OK', code, text }
      const found = (pieces: Buffer[]): ProbeResult => answerTo({ bodyContains: 'fine' }, pieces)
      sub.same(found([bytes]), result, JSON.stringify(wire))
      sub.same(found([...bytes].map((byte) => Buffer.from([byte]))), result, 'byte by byte')
      for (let at = 1; at < bytes.length; at++) {
        const split = found([bytes.subarray(0, at), bytes.subarray(at)])
        if (JSON.stringify(split) !== JSON.stringify(result)) sub.same(split, result, `split at ${at}`)
      }
    }
    sub.end()
  })

  void t.test('is refused where its end is in doubt, and says why', (sub) => {
    const refused: [string, RegExp][] = [
      [
        'Content-Length: 4\r\nTransfer-Encoding: chunked',
        /has Content-Length and Transfer-Encoding together$/,
      ],
      [
        'Transfer-Encoding: chunked\r\nContent-Length: 4',
        /has Content-Length and Transfer-Encoding together$/,
      ],
      ['Content-Length: 4\r\nContent-Length: 4', /has a repeated framing field$/],
      ['Content-Length: +4', /has a malformed Content-Length$/],
      ['Transfer-Encoding: gzip, chunked', /has a transfer encoding other than chunked$/],
      ['X: a\r\n b', /has a folded field line$/],
      ['X : a', /has a space before the colon$/],
      [`X: ${'x'.repeat(16_400)}`, /has a head of more than 16384 bytes$/],
    ]
    for (const [fields, text] of refused) {
      const wire = Buffer.from(`${HEAD}${fields}\r\n\r\n0\r\n\r\n`)
      sub.match(answerTo({}, [wire]), { ok: false, code: 'L7RSP', text }, fields.slice(0, 60))
    }
    sub.end()
  })

  void t.test('is certain as soon as the rest no longer matters', (sub) => {
    sub.match(readWhole(`${HEAD}Content-Length: 9\r\n\r\n..fine`, { bodyContains: 'fine' }), OK)
    sub.equal(
      readWhole(`${HEAD}Content-Length: 9\r\n\r\n..fine`),
      undefined,
      'the whole body, if no text is asked for',
    )
    sub.match(readWhole('HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n'), { ok: false, code: 'L7STS' })
    sub.match(readWhole('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'), { ok: true, code: 'L7OK' })
    sub.match(readWhole(`${CHUNKED}0\r\n\r\n`), OK)
    sub.end()
  })

  void t.test('counts 64 KiB of a chunked body without the framing of its chunks', (sub) => {
    const chunks = 'a\r\n0123456789\r\n'.repeat((MAX_BODY_BYTES - 6) / 10)
    const pieces = [Buffer.from(`${CHUNKED}${chunks}6\r\nthe en\r\n`), Buffer.from('1\r\nd\r\n')]
    sub.equal((MAX_BODY_BYTES - 6) % 10, 0)
    sub.match(answerTo({}, pieces), OK)
    sub.match(answerTo({ bodyContains: '9the en' }, pieces), OK)
    sub.match(answerTo({ bodyContains: 'the end' }, pieces), { ok: false, code: 'L7RSP', text: /lacks/ })
    sub.end()
  })
})

/** What is found when the pieces come one by one, each in memory that is used again, and an orderly end behind. */
function answerTo(config: Partial<HttpCheckConfig>, pieces: readonly Buffer[]): ProbeResult {
  const answer = new HttpAnswer(checkFor(config))
  for (const piece of pieces) {
    const reused = Buffer.from(piece)
    const result = answer.read(reused)
    if (result !== undefined) return result
    reused.fill(0)
  }
  return answer.end()
}

/** What is found before the connection ends. */
function readWhole(wire: string, config: Partial<HttpCheckConfig> = {}): ProbeResult | undefined {
  return new HttpAnswer(checkFor(config)).read(Buffer.from(wire))
}

function checkFor(config: Partial<HttpCheckConfig>): HttpCheckConfig {
  const expect = [{ from: 200, to: 399 }]
  return { path: '/health', expect, host: undefined, headers: {}, bodyContains: undefined, ...config }
}
