import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { jsonFault } from './json-fault.ts'
import type { Place, PlacedProblem } from './place.ts'

/** A text in YAML or JSON, taken apart. */
export interface ParsedText {
  /** undefined where it could not be. */
  readonly value: unknown
  readonly problems: readonly PlacedProblem[]
  /** The line, from 1, of a place in it, or of the nearest around it. */
  readonly lineOf: (place: Place) => number | undefined
}

/** Aliases may say again what stands elsewhere, but not make gigabytes out of a few lines. */
const MOST_ALIASES = 2_000

/** Takes a text apart. Each problem has its line. JSON is read as JSON, and only its lines are found as YAML's. */
export function parseText(text: string, format: 'yaml' | 'json'): ParsedText {
  const lines = new LineCounter()
  let document: Document.Parsed
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      merge: true,
      logLevel: 'error',
    })
  } catch (error) {
    // The parser calls itself for each level.
    if (!(error instanceof RangeError)) throw error
    return nothing('is nested too deeply to be read')
  }
  const lineOf = (place: Place): number | undefined => {
    const offset = offsetOf(document, place)
    return offset === undefined ? undefined : lines.linePos(offset).line
  }
  const problems = document.errors
    .filter(({ code }) => format === 'yaml' || code === 'DUPLICATE_KEY')
    .map(({ code, message, pos }) => ({
      place: [],
      line: lines.linePos(pos[0]).line,
      message: WORDS[code] ?? `cannot be read as YAML: ${withoutExcerpt(message)}`,
    }))
  if (format === 'json') {
    const json = parseJson(text)
    if ('message' in json) return { value: undefined, problems: [{ place: [], ...json }], lineOf }
    return { value: json.value, problems, lineOf }
  }
  if (problems.length > 0) return { value: undefined, problems, lineOf }
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }), problems, lineOf }
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error
    return nothing(`cannot be read as YAML: ${withoutExcerpt(error.message)}`)
  }
}

function nothing(message: string): ParsedText {
  return { value: undefined, problems: [{ place: [], message }], lineOf: () => undefined }
}

const WORDS: Readonly<Record<string, string | undefined>> = {
  DUPLICATE_KEY: 'this key stands there already: each may be given once',
  MULTIPLE_DOCS: 'a second document begins here (---): a configuration is one',
  TAG_RESOLVE_FAILED: 'no tag is known here (!name): a text that begins with ! wants quotes',
  TAB_AS_INDENT: 'is indented with a tab: YAML wants spaces',
}

function parseJson(text: string): { value: unknown } | { message: string; line?: number } {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const fault = jsonFault(text)
    if (fault === undefined) return { message: 'cannot be read as JSON' }
    const { line, column, expected } = fault
    return { line, message: `cannot be read as JSON: column ${column} wants ${expected}` }
  }
}

/** The parser quotes names and texts behind a colon. They may be a secret: `token: *hush` is read as an alias. */
function withoutExcerpt(message: string): string {
  return message.split(': ', 1)[0] as string
}

/** Where a place begins in the text; of one that is not there, what is around it. */
function offsetOf(document: Document.Parsed, place: Place): number | undefined {
  let node: unknown = document.contents
  let offset = rangeOf(node)
  for (const step of place) {
    if (isAlias(node)) node = node.resolve(document)
    if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
      offset = rangeOf(node) ?? offset
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (pair === undefined) return offset
      offset = rangeOf(pair.key) ?? offset
      node = pair.value
    } else return offset
  }
  return offset
}

function rangeOf(node: unknown): number | undefined {
  const { range } = (node ?? {}) as { range?: readonly number[] | null }
  return range?.[0]
}
