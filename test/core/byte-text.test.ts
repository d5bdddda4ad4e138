import { assert, double, maxSafeNat, oneof, property, string } from 'fast-check'
import t from 'tap'
import { ByteText } from '../../src/core/byte-text.ts'

function written(write: (out: ByteText) => void): string {
  const out = new ByteText()
  out.text('<') // what stands before stays
  write(out)
  const text = out.take().toString()
  if (!text.startsWith('<')) throw new Error(`the beginning is gone: ${text}`)
  return text.slice(1)
}

const texts = oneof(string({ maxLength: 60 }), string({ unit: 'binary', maxLength: 60 }))

void t.test('text is UTF-8, quoted text is JSON', (sub) => {
  assert(
    property(texts, (text) => {
      sub.equal(
        written((out) => out.text(text)),
        Buffer.from(text).toString(),
      )
      sub.equal(
        written((out) => out.quoted(text)),
        JSON.stringify(text),
      )
    }),
  )
  sub.end()
})

void t.test('numbers are what JavaScript writes', (sub) => {
  for (const value of [0, -0, 7, 10, 99, 100, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e21, -1, 0.1, NaN, Infinity]) {
    sub.equal(
      written((out) => out.number(value)),
      String(value),
    )
  }
  assert(
    property(oneof(double(), maxSafeNat()), (value) => {
      sub.equal(
        written((out) => out.number(value)),
        String(value),
      )
    }),
  )
  sub.end()
})

void t.test('rounded numbers are told to their thousandths', (sub) => {
  const cases = [
    [0, '0'],
    [5, '5'],
    [0.5, '0.5'],
    [1.25, '1.25'],
    [12.0504, '12.05'],
    [12.0505, '12.051'],
    [0.0004, '0'],
    [0.9996, '1'],
    [1234.001, '1234.001'],
    [-1.23456, '-1.23456'],
    [NaN, 'NaN'],
  ] as const
  for (const [value, text] of cases) {
    sub.equal(
      written((out) => out.rounded(value)),
      text,
    )
  }
  assert(
    property(double({ min: 0, max: 1e9, noNaN: true }), (value) => {
      const text = written((out) => out.rounded(value))
      sub.match(text, /^\d+(\.\d{0,2}[1-9])?$/)
      sub.ok(Math.abs(Number(text) - value) <= 0.000_501, `${text} for ${value}`)
    }),
  )
  sub.end()
})

void t.test('what has been written can be written again, and grows as it must', (sub) => {
  const out = new ByteText()
  out.bytes(Buffer.from('ab'))
  const begin = out.end
  out.quoted('cd'.repeat(20_000))
  const { end } = out
  out.again(begin, end)
  out.again(begin, end)
  out.text('ü'.repeat(40_000))
  const once = `"${'cd'.repeat(20_000)}"`
  sub.equal(out.take().toString(), `ab${once}${once}${once}${'ü'.repeat(40_000)}`)
  sub.equal(out.take().length, 0, 'taken once')
  sub.end()
})

void t.test('a piece is taken once it is worth a write, and is the own of who takes it', (sub) => {
  const out = new ByteText()
  out.text('x'.repeat(32 * 1_024 - 1))
  sub.equal(out.piece(), undefined)
  out.text('x')
  const piece = out.piece()
  out.text('y'.repeat(32 * 1_024))
  sub.equal(piece?.toString(), 'x'.repeat(32 * 1_024))
  sub.equal(out.piece()?.toString(), 'y'.repeat(32 * 1_024))
  sub.end()
})
