/** What of a request line can be told before its end, or without the rest of its head. Empty is what cannot. */
export interface RequestLine {
  readonly method: string
  /** Perhaps not all of it. */
  readonly target: string
  /** `1.0` or `1.1`. */
  readonly version: string
}

/** More of a line than this is of no use to a log. */
export const MOST_LINE_BYTES = 2 * 1024

/**
 * Reads the beginning of a head that was refused, or did not come to its end; for logs alone. What could be read in
 * more than one way is not told.
 */
export function requestLineSoFar(bytes: Buffer): RequestLine {
  const text = bytes.toString('latin1', 0, MOST_LINE_BYTES)
  const end = text.search(/[\r\n]/)
  const [, method = '', target = '', version] = LINE.exec(end === -1 ? text : text.slice(0, end)) ?? []
  if (version === undefined) return { method, target, version: '' }
  if (VERSIONS.includes(version)) return { method, target, version: version.slice('HTTP/'.length) }
  const mayBecomeOne = end === -1 && VERSIONS.some((known) => known.startsWith(version))
  return mayBecomeOne ? { method, target, version: '' } : NOTHING
}

const NOTHING: RequestLine = { method: '', target: '', version: '' }

const VERSIONS: readonly string[] = ['HTTP/1.1', 'HTTP/1.0']

/** A method, what there is of a target, and what there is behind it. */
const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([!"$-~]+)(?: (.*))?$/
