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
  readonly name: string
  readonly kind: FieldKind
}

/** By the hash of the folded name: nearly all other fields are told apart by it alone. */
const known = new Map<number, Known>()
for (const [name, kind] of NAMES) known.set(hashOf(name), { name, kind })

/** What the field of this name is to us, in whatever case. */
export function fieldKind(name: string): FieldKind {
  return fieldKindAt(name, { start: 0, hash: hashOf(name), length: name.length })
}

/** The same for one that lies in a text and whose characters have gone through `hashName`. */
export function fieldKindAt(text: string, name: { start: number; length: number; hash: number }): FieldKind {
  const candidate = known.get(name.hash)
  if (candidate === undefined || candidate.name.length !== name.length) return FieldKind.other
  return compare(text, name.start, candidate)
}

/** Takes in the next character, as `foldToken` returns it, of a name whose hash begins with 0. */
export function hashName(hash: number, folded: number): number {
  return (Math.imul(hash, 31) + folded) | 0
}

function hashOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = hashName(hash, foldToken(name.charCodeAt(i)))
  return hash
}

function compare(text: string, start: number, { name, kind }: Known): FieldKind {
  let isMimic = false
  for (let i = 0; i < name.length; i++) {
    const code = text.charCodeAt(start + i)
    const wanted = name.charCodeAt(i)
    if (foldToken(code) !== wanted) return FieldKind.other
    if (wanted === HYPHEN && code !== HYPHEN) isMimic = true
  }
  return isMimic ? FieldKind.mimic : kind
}

const HYPHEN = 45
