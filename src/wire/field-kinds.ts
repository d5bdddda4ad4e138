import { foldToken } from './http-chars.ts'

/** Fields that mean something to a proxy. All others are passed on as they came. */
export const FieldKind = {
  other: 0,
  connection: 1,
  contentLength: 2,
  transferEncoding: 3,
  host: 4,
  upgrade: 5,
  expect: 6,
  keepAlive: 7,
  proxyConnection: 8,
  te: 9,
  http2Settings: 10,
  cookie: 11,
  requestId: 12,
  forwardedFor: 13,
  forwardedHost: 14,
  forwardedProto: 15,
  forwardedPort: 16,
  forwarded: 17,
  via: 18,
  /** None of these, but reads like one to a program that takes `_`, or any punctuation, for `-`. */
  mimic: 19,
} as const

export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind]

const NAMES: readonly (readonly [string, FieldKind])[] = [
  ['connection', FieldKind.connection],
  ['content-length', FieldKind.contentLength],
  ['transfer-encoding', FieldKind.transferEncoding],
  ['host', FieldKind.host],
  ['upgrade', FieldKind.upgrade],
  ['expect', FieldKind.expect],
  ['keep-alive', FieldKind.keepAlive],
  ['proxy-connection', FieldKind.proxyConnection],
  ['te', FieldKind.te],
  ['http2-settings', FieldKind.http2Settings],
  ['cookie', FieldKind.cookie],
  ['x-request-id', FieldKind.requestId],
  ['x-forwarded-for', FieldKind.forwardedFor],
  ['x-forwarded-host', FieldKind.forwardedHost],
  ['x-forwarded-proto', FieldKind.forwardedProto],
  ['x-forwarded-port', FieldKind.forwardedPort],
  ['forwarded', FieldKind.forwarded],
  ['via', FieldKind.via],
]

interface Known {
  readonly codes: Uint8Array
  readonly kind: FieldKind
}

/** By length and first letter, which tell nearly all other fields apart without a look at the rest. */
const known: Known[][] = []
for (const [name, kind] of NAMES) {
  const place = placeOf(name.length, name.charCodeAt(0))
  known[place] = [...(known[place] ?? []), { codes: Buffer.from(name), kind }]
}
const longest = Math.max(...NAMES.map(([name]) => name.length))
// No holes, which are slow to read.
const NONE: Known[] = []
for (let place = 0; place < placeOf(longest + 1, 0); place++) known[place] ??= NONE

/** What the field of this name is to us, in whatever case. */
export function fieldKind(name: string): FieldKind {
  return fieldKindAt(Buffer.from(name, 'latin1'), 0, name.length)
}

/** The same for one that lies in bytes. */
export function fieldKindAt(bytes: Buffer, start: number, end: number): FieldKind {
  const length = end - start
  if (length === 0 || length > longest) return FieldKind.other
  const candidates = known[placeOf(length, bytes[start] as number)] as Known[]
  for (let i = 0; i < candidates.length; i++) {
    const kind = compare(bytes, start, candidates[i] as Known)
    if (kind !== FieldKind.other) return kind
  }
  return FieldKind.other
}

/** Of a letter, the low five bits are the same in both cases. */
function placeOf(length: number, first: number): number {
  return (length << 5) | (first & 31)
}

function compare(bytes: Buffer, start: number, { codes, kind }: Known): FieldKind {
  let isMimic = false
  for (let i = 0; i < codes.length; i++) {
    const code = bytes[start + i] as number
    const wanted = codes[i] as number
    if (foldToken(code) !== wanted) return FieldKind.other
    if (wanted === HYPHEN && code !== HYPHEN) isMimic = true
  }
  return isMimic ? FieldKind.mimic : kind
}

const HYPHEN = 45
