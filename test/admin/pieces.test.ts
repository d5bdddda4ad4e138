import t from 'tap'
import type { Piece } from '../../src/admin/http/pieces.ts'
import { jsonOf, JsonPart, jsonPieces, Writer } from '../../src/admin/http/pieces.ts'
import type { Steps } from '../../src/core/steps.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

function* failing(): Steps<unknown> {
  yield
  throw new Error('not now')
}

const LONG = Array.from({ length: 100 }, (_, i) => ({ i, text: `"${i}"\u2028ü`, none: undefined }))

void t.test('JSON in pieces is the JSON that it would be in one', (sub) => {
  for (const value of [
    null,
    0,
    'text',
    [],
    {},
    [undefined],
    [[], {}, [[]]],
    { a: undefined, b: null, c: [1, [2, 3]], d: { e: {} } },
    LONG,
    { pools: [{ backends: LONG, name: 'a' }, { backends: [] }], listeners: [], at: 1.5 },
  ]) {
    sub.equal([...jsonPieces(value)].join(''), JSON.stringify(value))
  }
  sub.end()
})

void t.test('a part writes itself when its turn has come, wherever it lies', (sub) => {
  let asked = 0
  const part = new JsonPart(function* (): Generator<Piece, void> {
    for (const piece of ['[1', Buffer.from(',2'), ']']) {
      asked++
      yield piece
    }
  })
  const pieces = jsonPieces({ part, none: undefined, rest: [3] })
  let text = ''
  while (!text.includes('1')) text += String(pieces.next().value)
  sub.equal(asked, 1)
  sub.equal(text + [...pieces].join(''), '{"part":[1,2],"rest":[3]}')

  const long = Array.from({ length: 20 }, () => ({ part }))
  const written = JSON.stringify(long.map(() => ({ part: [1, 2] })))
  for (const [value, json] of [
    [part, '[1,2]'],
    [long.slice(0, 1), '[{"part":[1,2]}]'],
    [long, written],
  ] as const) {
    sub.equal([...jsonPieces(value)].join(''), json)
  }
  sub.end()
})

void t.test('a long text is made a little at a time, and only one at once', async (sub) => {
  const clock = new ManualClock()
  const writer = new Writer(clock)
  const log: string[] = []
  const slow = (name: string) =>
    function* (): Generator<Piece, void> {
      for (let i = 0; i < 3; i++) {
        log.push(`${name}${i}`)
        clock.advance(1)
        yield
        yield `${name}${i} `
      }
    }
  let isDone = false
  const turn = (): void => {
    if (log.at(-1) !== 'turn') log.push('turn')
    if (!isDone) setImmediate(turn)
  }
  setImmediate(turn)
  const [a, b] = await Promise.all([writer.write(slow('a')), writer.write(slow('b'))])
  isDone = true
  sub.equal(Buffer.concat(a.pieces).toString(), 'a0 a1 a2 ')
  sub.equal(Buffer.concat(b.pieces).toString(), 'b0 b1 b2 ')
  sub.equal(a.busyMs, 3)
  sub.same(
    log.filter((entry) => entry !== 'turn'),
    ['a0', 'a1', 'a2', 'b0', 'b1', 'b2'],
  )
  for (const entry of ['a1', 'a2', 'b1', 'b2']) {
    sub.equal(log[log.indexOf(entry) - 1], 'turn', `traffic has its turn before ${entry}`)
  }
})

void t.test("a text that fails is nobody else's concern", async (sub) => {
  const writer = new Writer(new ManualClock())
  const failed = writer.write(() => jsonOf(failing()))
  const next = writer.write(() => jsonPieces([1]))
  await sub.rejects(failed, { message: 'not now' })
  sub.equal(Buffer.concat((await next).pieces).toString(), '[1]')
})

void t.test('text and bytes stand in the order in which they come', async (sub) => {
  const writer = new Writer(new ManualClock())
  const long = 'x'.repeat(40 * 1_024)
  const { pieces } = await writer.write(function* (): Generator<Piece, void> {
    yield 'a'
    yield Buffer.from('b')
    yield 'c'
    yield Buffer.from(long)
    yield
    yield 'd'
    yield Buffer.from('e')
  })
  sub.equal(Buffer.concat(pieces).toString(), `abc${long}de`)
})

void t.test('traffic has its turn after a whole piece of bytes, and not for a short one', async (sub) => {
  const writer = new Writer(new ManualClock())
  let turns = 0
  let isDone = false
  const turn = (): void => {
    turns++
    if (!isDone) setImmediate(turn)
  }
  const seen: number[] = []
  const writing = writer.write(function* (): Generator<Piece, void> {
    for (const length of [1, 1, 32 * 1_024, 1]) {
      seen.push(turns)
      yield Buffer.alloc(length)
    }
  })
  setImmediate(turn)
  await writing
  isDone = true
  const [first = 0, second, third, fourth = 0] = seen
  sub.same([second, third], [first, first])
  sub.ok(fourth > first)
})
