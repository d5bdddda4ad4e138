/** Where a text stops being JSON. */
export interface JsonFault {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** What could stand there: `, or }`. */
  readonly expected: string
}

/**
 * Where and why a text is no JSON (RFC 8259); undefined where it is. `JSON.parse` quotes what is around, which may be a
 * secret, and often does not tell the place.
 */
export function jsonFault(text: string): JsonFault | undefined {
  const open: ('{' | '[')[] = []
  let next: Next = 'value'
  let at = 0
  for (;;) {
    at += matchAt(SPACE, text, at).length
    if (next === 'end' && at === text.length) return undefined
    const token = matchAt(TOKEN, text, at)
    const then = after(kindOf(token), next, open)
    if (then === undefined) {
      return {
        ...placeOf(text, at),
        expected: text[at] === '"' && token === '' ? WHOLE_TEXT : EXPECTED[next],
      }
    }
    next = then
    at += token.length
  }
}

/** What may come next. `first` stands right behind a bracket, which may be closed at once. */
type Next =
  'value' | 'first value' | 'name' | 'first name' | 'colon' | 'rest of list' | 'rest of object' | 'end'

const EXPECTED: Readonly<Record<Next, string>> = {
  value: 'a value, texts in double quotes',
  'first value': 'a value, texts in double quotes, or ]',
  name: 'a name in double quotes',
  'first name': 'a name in double quotes, or }',
  colon: 'a colon',
  'rest of list': 'a comma or ]',
  'rest of object': 'a comma or }',
  end: 'nothing more',
}

const WHOLE_TEXT = 'a text that is closed on its line and holds no unknown escapes'

const SPACE = /[ \t\n\r]*/y

/** A text is whole, with the escapes that there are and no control character; a number is whole. */
const TOKEN =
  /[{}[\],:]|"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|/uy

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

function kindOf(token: string): string {
  if (token === '' || '{}[],:'.includes(token)) return token
  return token.startsWith('"') ? 'text' : 'scalar'
}

/** What may come after a token of this kind, or undefined where it cannot stand. */
function after(kind: string, next: Next, open: ('{' | '[')[]): Next | undefined {
  const isClosing = next.startsWith('first') || next.startsWith('rest')
  if ((kind === '}' || kind === ']') && isClosing && open.at(-1) === (kind === '}' ? '{' : '[')) {
    open.pop()
    return rest(open)
  }
  if (next === 'colon') return kind === ':' ? 'value' : undefined
  if (next === 'name' || next === 'first name') return kind === 'text' ? 'colon' : undefined
  if (next === 'value' || next === 'first value') {
    if (kind === 'text' || kind === 'scalar') return rest(open)
    if (kind !== '{' && kind !== '[') return undefined
    open.push(kind)
    return kind === '{' ? 'first name' : 'first value'
  }
  if (kind !== ',' || next === 'end') return undefined
  return next === 'rest of list' ? 'value' : 'name'
}

function rest(open: readonly ('{' | '[')[]): Next {
  const around = open.at(-1)
  if (around === undefined) return 'end'
  return around === '{' ? 'rest of object' : 'rest of list'
}

function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}
