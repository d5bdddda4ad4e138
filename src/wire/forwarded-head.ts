import { FieldKind } from './field-kinds.ts'
import { forwardedElement } from './forwarded-element.ts'
import type { HeaderChanges } from './header-changes.ts'
import { isNominated, nominatedTokens } from './nominated.ts'
import type { RequestHead } from './request-head.ts'

export interface ForwardOptions {
  /** The peer's address without port; `''` where it has none (a unix socket). */
  readonly clientAddress: string
  readonly proto: 'http' | 'https'
  /** The listener's. */
  readonly port: number
  /** The peer is one of `trustedProxies`: what it says of the real client is passed on. */
  readonly trusted: boolean
  /** The client's, if `clientRequestId` takes it, or one of ours. */
  readonly requestId: string
  /** Adds `Forwarded` (RFC 7239). */
  readonly forwarded: boolean
  /** Our name in `Via`; undefined for no such field. */
  readonly via: string | undefined
  /** The protocol that the client may switch to; undefined takes its Upgrade away. */
  readonly upgrade: string | undefined
  /** The target to send: the head's, perhaps without its prefix. */
  readonly target: string
  /** The Host for a request of HTTP/1.0 that has none. */
  readonly fallbackHost: string
  readonly changes: HeaderChanges | undefined
}

/**
 * The head to send to a backend, always of HTTP/1.1. The client's lines go in long slices as they came; what is
 * between two hops only (RFC 9110, section 7.6.1) is left out, then ours is set, so that no client can remove it.
 */
export function buildRequestHead(head: RequestHead, options: ForwardOptions): string {
  const { fields } = head
  const { text } = fields
  const nominated = nominatedTokens(head.connectionTokens)
  const isLineKept = hasLine(head, options.target)
  let out = isLineKept ? '' : `${head.method} ${options.target} HTTP/1.1\r\n`
  let from = isLineKept ? 0 : fields.lineStart(0)
  let wantsTrailers = false
  for (let i = 0; i < fields.count; i++) {
    if (isKept(head, i, options, nominated)) continue
    if (fields.kindAt(i) === FieldKind.te) wantsTrailers ||= TRAILERS.test(fields.value(i))
    const start = fields.lineStart(i)
    if (start > from) out += text.slice(from, start)
    from = fields.lineEnd(i)
  }
  if (fields.end > from) out += text.slice(from, fields.end)
  if (options.upgrade !== undefined || wantsTrailers) out += connectionLines(options.upgrade, wantsTrailers)
  if (options.via !== undefined) out += `Via: ${head.version === 11 ? '1.1' : '1.0'} ${options.via}\r\n`
  const isUsual = !options.trusted && !options.forwarded && options.changes === undefined
  return isUsual && head.version === 11
    ? out + usualLines(head.host, options)
    : out + carefulLines(head, options, nominated)
}

/**
 * The request id that the client gave, if it is one that can go into logs and on to backends; else undefined, and a
 * new one is to be made.
 */
export function clientRequestId(head: RequestHead): string | undefined {
  if (!head.hasRequestId) return undefined
  const { fields } = head
  const nominated = nominatedTokens(head.connectionTokens)
  let id: string | undefined = undefined
  for (let i = 0; i < fields.count; i++) {
    if (fields.kindAt(i) !== FieldKind.requestId) continue
    if (id !== undefined || isNominated(fields, i, nominated)) return undefined
    id = fields.value(i)
  }
  return id !== undefined && REQUEST_ID.test(id) ? id : undefined
}

/** The request line that came is the one to send. */
function hasLine(head: RequestHead, target: string): boolean {
  // A target that was cut out of an absolute form is shorter than the line says.
  const length = head.method.length + target.length + ' '.length + ' HTTP/1.1\r\n'.length
  return head.version === 11 && target === head.target && length === head.fields.lineStart(0)
}

function isKept(head: RequestHead, i: number, options: ForwardOptions, nominated: string): boolean {
  const { fields } = head
  switch (fields.kindAt(i)) {
    case FieldKind.connection:
    case FieldKind.keepAlive:
    case FieldKind.proxyConnection:
    case FieldKind.te:
    case FieldKind.upgrade:
    case FieldKind.http2Settings:
    case FieldKind.mimic:
    case FieldKind.requestId:
    case FieldKind.forwardedFor:
      return false
    case FieldKind.forwardedHost:
    case FieldKind.forwardedProto:
    case FieldKind.forwardedPort:
      if (!options.trusted) return false
      break
    case FieldKind.forwarded:
      if (!options.trusted || options.forwarded) return false
      break
    default:
      break
  }
  if (nominated !== '' && isNominated(fields, i, nominated)) return false
  return options.changes === undefined || !options.changes.names.has(fields.name(i).toLowerCase())
}

function connectionLines(upgrade: string | undefined, wantsTrailers: boolean): string {
  // RFC 9110, section 10.1.4: who sends TE names it in Connection.
  if (upgrade === undefined) return 'Connection: TE\r\nTE: trailers\r\n'
  const lines = `Upgrade: ${upgrade}\r\n`
  return wantsTrailers
    ? `Connection: Upgrade, TE\r\n${lines}TE: trailers\r\n`
    : `Connection: Upgrade\r\n${lines}`
}

function usualLines(host: string, { clientAddress, proto, port, requestId }: ForwardOptions): string {
  return `X-Forwarded-For: ${clientAddress === '' ? UNKNOWN : clientAddress}\r\nX-Forwarded-Host: ${host}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${port}\r\nX-Request-Id: ${requestId}\r\n\r\n`
}

/** The same for all the cases in which a line may be there already, appended to, or the operator's to decide. */
function carefulLines(head: RequestHead, options: ForwardOptions, nominated: string): string {
  const { changes } = options
  let out = ''
  const add = (name: string, value: string): void => {
    if (value !== '' && changes?.names.has(name.toLowerCase()) !== true) out += `${name}: ${value}\r\n`
  }
  const has = (kind: FieldKind): boolean => {
    for (let i = 0; i < head.fields.count; i++) {
      if (head.fields.kindAt(i) === kind && isKept(head, i, options, nominated)) return true
    }
    return false
  }
  const client = options.clientAddress === '' ? UNKNOWN : options.clientAddress
  if (!has(FieldKind.host)) add('Host', head.host === '' ? options.fallbackHost : head.host)
  add('X-Forwarded-For', after(head, FieldKind.forwardedFor, client, { options, nominated }))
  if (!has(FieldKind.forwardedHost)) add('X-Forwarded-Host', head.host)
  if (!has(FieldKind.forwardedProto)) add('X-Forwarded-Proto', options.proto)
  if (!has(FieldKind.forwardedPort)) add('X-Forwarded-Port', String(options.port))
  add('X-Request-Id', options.requestId)
  if (options.forwarded) {
    const element = forwardedElement({ client: options.clientAddress, host: head.host, proto: options.proto })
    add('Forwarded', after(head, FieldKind.forwarded, element, { options, nominated }))
  }
  return `${out}${changes?.lines ?? ''}\r\n`
}

/** `value` behind all that a trusted peer gave in the fields of the kind. */
function after(
  head: RequestHead,
  kind: FieldKind,
  value: string,
  { options, nominated }: { options: ForwardOptions; nominated: string },
): string {
  let list = ''
  for (let i = 0; options.trusted && i < head.fields.count; i++) {
    if (head.fields.kindAt(i) !== kind || isNominated(head.fields, i, nominated)) continue
    const given = head.fields.value(i)
    if (given !== '') list += `${given}, `
  }
  return list + value
}

const UNKNOWN = 'unknown'

/** `trailers` as a member of a TE list. */
const TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i

/** Visible, and nothing that a log, a list or a shell gives a meaning to. */
const REQUEST_ID = /^[\w.~+/=:@-]{1,128}$/
