import * as fc from 'fast-check'
import { test } from 'tap'
import { ChunkedScanner } from '../../src/wire/chunked.ts'
import { isValueCode } from '../../src/wire/http-chars.ts'
import { HeadReader, MOST_HEAD_BYTES } from '../../src/wire/head-reader.ts'
import { RequestHead } from '../../src/wire/request-head.ts'
import { ValueScanner } from '../../src/wire/value-scanner.ts'

/** What a head came to: its text and where it ended in the stream, the refusal, or undefined while it has no end. */
type HeadOutcome = { text: string; end: number } | 'too-long' | 'bare-lf' | undefined

function readHead(pieces: readonly Buffer[], mostBytes?: number): HeadOutcome {
  const reader = new HeadReader(mostBytes)
  let before = 0
  for (const piece of pieces) {
    // An offset, and memory that is overwritten afterwards, as with a read buffer.
    const chunk = Buffer.concat([Buffer.from('\r'), piece])
    const result = reader.read(chunk, 1)
    chunk.fill(0)
    if (typeof result === 'string') return result
    if (result !== undefined) return { text: result.text, end: before + result.end - 1 }
    before += piece.length
  }
  return undefined
}

/** What is the same at every split; whole, a line end in doubt may be found by the parser instead of the reader. */
function verdict(outcome: HeadOutcome): unknown {
  if (outcome === undefined) return 'unfinished'
  if (typeof outcome === 'string') return 'refused'
  return new RequestHead().parse(outcome.text) === undefined ? outcome : 'refused'
}

interface BodyOutcome {
  data: string
  end: number
  isDone: boolean
  isBroken: boolean
}

function scanBody(pieces: readonly Buffer[]): BodyOutcome {
  const scanner = new ChunkedScanner()
  let data = ''
  let before = 0
  for (const piece of pieces) {
    const end = scanner.scan(piece, 0, (from, to) => {
      data += piece.toString('latin1', from, to)
    })
    if (scanner.isDone || scanner.isBroken || end !== piece.length) {
      return { data, end: before + end, isDone: scanner.isDone, isBroken: scanner.isBroken }
    }
    before += piece.length
  }
  return { data, end: before, isDone: false, isBroken: false }
}

function bodyOf(text: string): BodyOutcome {
  return scanBody([Buffer.from(text, 'latin1')])
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

function splitAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [0, ...at].map((start, i) => bytes.subarray(start, at[i]))
}

function oneByOne(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))
}

/** Bytes that mean something to a parser, and some that do not. */
const telling = fc.constantFrom(...'\r\n\r\n \t:;",\\0aFg-\x00\x7f\xa0\xff'.split(''))
const noise = fc.array(telling, { maxLength: 12 }).map((all) => all.join(''))

/** A text with up to three places overwritten. */
function damaged(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const damage = fc.record({ at: fc.nat(), drop: fc.nat({ max: 3 }), insert: noise })
  return fc.tuple(texts, fc.array(damage, { maxLength: 3 })).map(([text, damages]) => {
    let out = text
    for (const { at, drop, insert } of damages) {
      const start = at % (out.length + 1)
      out = out.slice(0, start) + insert + out.slice(start + drop)
    }
    return out
  })
}

const tokenCharacters = "!#$%&'*+-.^_`|~09azAZ".split('')
const token = fc.string({ unit: fc.constantFrom(...tokenCharacters), minLength: 1, maxLength: 12 })
const visible = fc.integer({ min: 33, max: 255 }).filter((code) => code !== 127)
const word = fc.array(visible, { minLength: 1, maxLength: 20 }).map((codes) => String.fromCharCode(...codes))
/** A field's value: words with blanks between, none around. */
const value = fc.array(word, { maxLength: 4 }).map((words) => words.join(' \t'))

const fieldList = fc.array(
  fc.tuple(
    token.map((name) => `x${name}`),
    value,
  ),
  { maxLength: 20 },
)
const headText = fieldList.map(
  (fields) =>
    `GET /a HTTP/1.1\r\nHost: a\r\n${fields.map(([name, text]) => `${name}: ${text}\r\n`).join('')}\r\n`,
)

const chunk = fc.tuple(
  fc.string({ unit: telling, minLength: 1, maxLength: 40 }),
  fc.constantFrom('', ';a', ';a=b', ';a="b;\\"\t"', ';a;b=c'),
  fc.constantFrom('', '0', '000'),
)
const trailers = fc.array(
  fc.tuple(
    token.map((name) => `x${name}`),
    value,
  ),
  { maxLength: 3 },
)
const body = fc.tuple(fc.array(chunk, { maxLength: 6 }), trailers).map(([chunks, fields]) => ({
  data: chunks.map(([data]) => data).join(''),
  text: `${chunks
    .map(([data, extension, zeros]) => `${zeros}${data.length.toString(16)}${extension}\r\n${data}\r\n`)
    .join('')}0\r\n${fields.map(([name, text]) => `${name}:${text}\r\n`).join('')}\r\n`,
}))

void test('F18: a head is the same at every split offset and byte by byte', (t) => {
  const head = 'GET /a HTTP/1.1\r\nHost: a\r\nx: \xff\r\n\r\n'
  const stream = bytesOf(`${head}\r\n\r\nGET`)
  const expected = { text: head, end: head.length }
  for (let cut = 0; cut <= stream.length; cut++) {
    t.same(readHead(splitAt(stream, [cut])), expected, `cut at ${cut}`)
  }
  t.same(readHead(oneByOne(stream)), expected)
  t.end()
})

void test('F18: whatever the bytes and the splits, a head is taken or refused alike', (t) => {
  fc.assert(
    fc.property(damaged(headText), fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
      const stream = bytesOf(text)
      const whole = verdict(readHead([stream]))
      const pieces = readHead(splitAt(stream, cuts))
      return (
        JSON.stringify(verdict(pieces)) === JSON.stringify(whole) &&
        JSON.stringify(verdict(readHead(oneByOne(stream)))) === JSON.stringify(whole)
      )
    }),
    { numRuns: 1_500 },
  )
  t.end()
})

void test('F16: a head may have 16 KiB and not a byte more, in whatever pieces', (t) => {
  for (const most of [MOST_HEAD_BYTES, 600, 40]) {
    for (const surplus of ['', 'x', '\r\n\r\n', 'x'.repeat(2_000)]) {
      for (const length of [most - 1, most, most + 1, most + 700]) {
        const start = 'GET / HTTP/1.1\r\nx: '
        const text = `${start}${'y'.repeat(length - start.length - 4)}\r\n\r\n`
        const stream = bytesOf(text + surplus)
        const expected = length > most ? 'too-long' : { text, end: length }
        const cuts = [[], [1], [most - 2, most - 1, most, most + 1], [length - 3], [length]]
        for (const cut of cuts) t.same(readHead(splitAt(stream, cut), most), expected)
        if (most < 1_000) t.same(readHead(oneByOne(stream), most), expected)
      }
    }
  }
  t.equal(readHead([Buffer.alloc(MOST_HEAD_BYTES, 'a')]), undefined)
  t.equal(readHead([Buffer.alloc(MOST_HEAD_BYTES + 1, 'a')]), 'too-long')
  t.end()
})

void test('a head whose lines end in LF alone is refused before its end comes, at every split', (t) => {
  for (const text of ['\nGET', 'GET / HTTP/1.1\n', 'GET / HTTP/1.1\r\na: b\n', 'a\r\n\n']) {
    const stream = bytesOf(text)
    for (let cut = 0; cut <= stream.length; cut++) {
      t.equal(readHead(splitAt(stream, [cut])), 'bare-lf', `${JSON.stringify(text)} cut at ${cut}`)
    }
    t.equal(readHead(oneByOne(stream)), 'bare-lf')
  }
  const beyond = bytesOf(`${'a'.repeat(40)}\n`)
  t.equal(readHead([beyond], 40), 'too-long', 'nothing beyond the limit is looked at')
  t.equal(readHead(oneByOne(beyond), 40), 'too-long')
  t.end()
})

void test('a reader tells whether a head has begun, and begins anew', (t) => {
  const reader = new HeadReader()
  t.equal(reader.read(bytesOf('xy'), 2), undefined)
  t.equal(reader.isStarted, false, 'nothing came')
  reader.read(bytesOf('GET'), 0)
  t.equal(reader.isStarted, true)
  t.equal(reader.held?.toString(), 'GET')
  reader.clear()
  t.equal(reader.isStarted, false)
  t.equal(reader.held, undefined)
  reader.read(bytesOf('a\r\n\r'), 0)
  t.same(reader.read(bytesOf('\nb\r\n\r\n'), 0), { text: 'a\r\n\r\n', end: 1 })
  t.equal(reader.isStarted, false)
  t.same(reader.read(bytesOf('\nb\r\n\r\n'), 1), { text: 'b\r\n\r\n', end: 6 })
  t.end()
})

void test('values end where a byte by byte reading ends them, wherever they lie and whatever was before', (t) => {
  const scanner = new ValueScanner()
  const code = fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 32, max: 255 }) },
    fc.constantFrom(9, 10, 13, 31, 32, 126, 127, 128, 0),
  )
  fc.assert(
    fc.property(fc.array(code, { maxLength: 60 }), fc.nat(9), (codes, before) => {
      const bytes = Buffer.from([...Buffer.alloc(before, 'x'), ...codes, ...Buffer.from('more')])
      const last = before + codes.length
      scanner.load(bytes, before, last)
      for (let at = before; at <= last; at++) {
        let end = at
        while (end < last && isValueCode(bytes[end] ?? 0)) end++
        if (scanner.endOfValue(at) !== end) return false
      }
      return true
    }),
    { numRuns: 2_000 },
  )
  for (const length of [4_095, 4_096, 4_097, 70_000]) {
    scanner.load(Buffer.alloc(length, 'x'), 0, length)
    t.equal(scanner.endOfValue(1), length)
    scanner.load(Buffer.from('short'), 0, 5)
    t.equal(scanner.endOfValue(0), 5, 'nothing is left of the longer one')
  }
  for (let byte = 0; byte < 256; byte++) {
    scanner.load(Buffer.from(`ab${String.fromCharCode(byte)}defgh`, 'latin1'), 0, 8)
    t.equal(scanner.endOfValue(0), isValueCode(byte) ? 8 : 2, `${byte}`)
  }
  t.end()
})

void test('a serialised head parses to the fields that it was made of', (t) => {
  fc.assert(
    fc.property(fieldList, fc.constantFrom('', ' ', '\t', ' \t '), (fields, blank) => {
      const lines = fields.map(([name, text]) => `${name}:${blank}${text}${blank}\r\n`)
      const request = new RequestHead()
      t.equal(request.parse(`GET / HTTP/1.1\r\nHost: a\r\n${lines.join('')}\r\n`), undefined)
      const parsed = fields.map((_, i) => [request.fields.name(i + 1), request.fields.value(i + 1)])
      return request.fields.count === fields.length + 1 && JSON.stringify(parsed) === JSON.stringify(fields)
    }),
  )
  t.end()
})

void test('H4: chunks that are none break the body', (t) => {
  const bad = [
    '0x1\r\na\r\n0\r\n\r\n',
    '1\na\r\n0\r\n\r\n',
    '1;a\nb\r\na\r\n0\r\n\r\n',
    '1;a\rb\r\na\r\n0\r\n\r\n',
    '1;a="\r\n\r\na\r\n0\r\n\r\n',
    '1;a="b\r\na\r\n0\r\n\r\n',
    '1;\r\na\r\n0\r\n\r\n',
    '1;;a\r\na\r\n0\r\n\r\n',
    '1;a=\r\na\r\n0\r\n\r\n',
    '1;"a"\r\na\r\n0\r\n\r\n',
    '1;a="b"c\r\na\r\n0\r\n\r\n',
    '1;a b\r\na\r\n0\r\n\r\n',
    '1; a\r\na\r\n0\r\n\r\n',
    '1;\x00\r\na\r\n0\r\n\r\n',
    '-1\r\na\r\n0\r\n\r\n',
    '+1\r\na\r\n0\r\n\r\n',
    ' 1\r\na\r\n0\r\n\r\n',
    '1 \r\na\r\n0\r\n\r\n',
    '1\r\r\na\r\n0\r\n\r\n',
    '1_0\r\n',
    'g\r\n',
    '\r\n',
    ';a\r\n',
    '00000000000000001\r\na\r\n0\r\n\r\n',
    'fffffffffffffffff\r\n',
    '10000000000000\r\n'.padStart(17, '1'),
    '1\r\nab\r\n0\r\n\r\n',
    '1\r\na\n0\r\n\r\n',
    '1\r\na0\r\n\r\n',
    '1\r\na\r0\r\n\r\n',
    '2\r\na\r\n0\r\n\r\n',
    '0\r\n\n',
    '0\r\n\r\r',
    '0\r\na\r\n\r\n',
    '0\r\n: a\r\n\r\n',
    '0\r\na : b\r\n\r\n',
    '0\r\na: b\r\n c\r\n\r\n',
    '0\r\na: b\nc: d\r\n\r\n',
    '0\r\na: \x00\r\n\r\n',
    `1;${'a'.repeat(5_000)}\r\na\r\n0\r\n\r\n`,
    `0\r\n${'a: b\r\n'.repeat(5_000)}\r\n`,
  ]
  for (const text of bad) {
    const outcome = bodyOf(text)
    t.match(outcome, { isBroken: true, isDone: false }, JSON.stringify(text.slice(0, 40)))
    t.ok(outcome.end < text.length)
    t.same(scanBody(oneByOne(bytesOf(text))), outcome)
  }
  t.end()
})

void test('H9: no trailer smuggles in what belongs into the head', (t) => {
  for (const name of ['Content-Length', 'transfer-encoding', 'HOST', 'X-Forwarded-For', 'x_forwarded_for']) {
    t.equal(bodyOf(`0\r\nx-a: 1\r\n${name}: 1\r\n\r\n`).isBroken, true, name)
  }
  t.equal(bodyOf('0\r\ngrpc-status: 0\r\nServer-Timing:\r\n\r\n').isDone, true)
  t.end()
})

void test('a serialised chunked body scans to its data, and ends where it ends', (t) => {
  fc.assert(
    fc.property(body, fc.constantFrom('', 'GET', '\r\n', '0\r\n\r\n'), ({ data, text }, surplus) => {
      t.same(bodyOf(text + surplus), { data, end: text.length, isDone: true, isBroken: false })
    }),
    { numRuns: 300 },
  )
  t.end()
})

void test('F18: a chunked body, whole or damaged, is the same at every split offset and byte by byte', (t) => {
  let done = 0
  let broken = 0
  fc.assert(
    fc.property(damaged(body.map(({ text }) => text)), fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
      const stream = bytesOf(`${text}x`)
      const whole = scanBody([stream])
      if (whole.isDone) done++
      if (whole.isBroken) broken++
      const expected = JSON.stringify(whole)
      for (let cut = 0; cut <= stream.length; cut++) {
        if (JSON.stringify(scanBody(splitAt(stream, [cut]))) !== expected) return false
      }
      return (
        JSON.stringify(scanBody(splitAt(stream, cuts))) === expected &&
        JSON.stringify(scanBody(oneByOne(stream))) === expected
      )
    }),
    { numRuns: 400 },
  )
  t.ok(done > 40 && broken > 40, `both kinds came up: ${done} done, ${broken} broken`)
  t.end()
})

void test('a scanner stays where the body ended until it is reset', (t) => {
  const scanner = new ChunkedScanner()
  const bytes = bytesOf('0\r\n\r\n0\r\n\r\n')
  t.equal(scanner.scan(bytes, 0), 5)
  t.equal(scanner.isDone, true)
  t.equal(scanner.scan(bytes, 5), 5)
  scanner.reset()
  t.equal(scanner.isDone, false)
  t.equal(scanner.scan(bytes, 5), 10)
  t.equal(scanner.isDone, true)
  scanner.reset()
  scanner.scan(bytesOf('x'), 0)
  t.equal(scanner.isBroken, true)
  t.equal(scanner.scan(bytes, 0), 0, 'nothing mends it')
  t.equal(scanner.isBroken, true)
  scanner.reset()
  t.equal(scanner.scan(bytes, 0), 5)
  t.end()
})

void test('a large chunk is taken in one run, whatever its size', (t) => {
  const runs: [number, number][] = []
  const scanner = new ChunkedScanner()
  const bytes = bytesOf(`fffffffffffff\r\n${'a'.repeat(50_000)}`)
  t.equal(
    scanner.scan(bytes, 0, (start, end) => {
      runs.push([start, end])
    }),
    bytes.length,
  )
  t.same(runs, [[15, bytes.length]])
  t.equal(scanner.isBroken, false)
  t.end()
})
