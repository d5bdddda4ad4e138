import * as fc from 'fast-check'
import t from 'tap'
import { jsonFault } from '../../src/config/json-fault.ts'

void t.test('the place where a text stops being JSON, and what could stand there', async (sub) => {
  for (const [text, line, column, expected] of [
    ['', 1, 1, 'a value, texts in double quotes'],
    ['{\n  "a": 1,\n}', 3, 1, 'a name in double quotes'],
    ['{ a: 1 }', 1, 3, 'a name in double quotes, or }'],
    ['{ "a" 1 }', 1, 7, 'a colon'],
    ['{ "a": 1 "b": 2 }', 1, 10, 'a comma or }'],
    ['[1 2]', 1, 4, 'a comma or ]'],
    ['[1,]', 1, 4, 'a value, texts in double quotes'],
    ['[}', 1, 2, 'a value, texts in double quotes, or ]'],
    ['{} {}', 1, 4, 'nothing more'],
    ['{ "a": "b\n" }', 1, 8, 'a text that is closed on its line and holds no unknown escapes'],
    ['{ "a": "\\x" }', 1, 8, 'a text that is closed on its line and holds no unknown escapes'],
    ["{ 'a': 1 }", 1, 3, 'a name in double quotes, or }'],
    ['[01]', 1, 3, 'a comma or ]'],
    ['[tru]', 1, 2, 'a value, texts in double quotes, or ]'],
    ['{ "a": [1', 1, 10, 'a comma or ]'],
  ] as const) {
    sub.strictSame(jsonFault(text), { line, column, expected }, text)
  }
})

void t.test('it finds a fault where JSON.parse does, and nowhere else', async (sub) => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    ' ',
    '\n',
    '"a"',
    '"\\u00e4\u007f\u{1f600}"',
    '-',
    '0',
    '1.5e-3',
    '1e',
    'true',
    'null',
    'x',
    '\u00a0',
    '\u0001',
    '\ud800',
  ]
  const piece = fc.constantFrom(...pieces)
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
      const text = parts.join('')
      return (jsonFault(text) === undefined) === isJson(text)
    }),
    { numRuns: 5_000 },
  )
  // Whole documents, with one piece more at any place.
  fc.assert(
    fc.property(fc.json(), fc.nat(), piece, (right, place, extra) => {
      const at = place % (right.length + 1)
      const text = right.slice(0, at) + extra + right.slice(at)
      return jsonFault(right) === undefined && (jsonFault(text) === undefined) === isJson(text)
    }),
    { numRuns: 5_000 },
  )
  sub.equal(jsonFault(`["${'a'.repeat(5_000_000)}"]`), undefined, 'a long text')
  sub.equal(jsonFault('['.repeat(100_000) + ']'.repeat(100_000)), undefined, 'a deep one')
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
