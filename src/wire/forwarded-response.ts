import { FieldKind } from './field-kinds.ts'
import type { HeaderChanges } from './header-changes.ts'
import { isNominated, nominatedTokens } from './nominated.ts'
import type { ResponseHead } from './response-head.ts'

export interface RespondOptions {
  /** What to tell the client of the connection; undefined says nothing, which keeps one of HTTP/1.1 open. */
  readonly connection: 'close' | 'keep-alive' | undefined
  /** The body goes on without its chunks' framing: to a client of HTTP/1.0. */
  readonly dechunked: boolean
  /** Our name in `Via`; undefined for no such field. */
  readonly via: string | undefined
  /** More lines, each with its CR LF. */
  readonly lines: string
  readonly changes: HeaderChanges | undefined
}

/** Where in the head's text the lines lie that do not go on; `start` and `end` are 0 where all of them do. */
export interface DroppedRun {
  readonly start: number
  readonly end: number
}

/**
 * What to leave out of the head so that the rest of its bytes can go to a client of HTTP/1.1 as they came, which
 * spares the string. undefined where it takes `buildResponseHead`: lines to drop lie apart, or one must be changed.
 */
export function droppedRun(head: ResponseHead): DroppedRun | undefined {
  if (head.version !== 11 || keepsUpgrade(head.status) || head.isBare) return undefined
  if (nominatedTokens(head.connectionTokens) !== '') return undefined
  const { fields } = head
  let run = NOTHING
  for (let i = 0; i < fields.count; i++) {
    const kind = fields.kindAt(i)
    if (!isHopByHop(kind)) continue
    // What we would say to the client ourselves: its connection stays open as well, or this way would not be taken.
    if (kind === FieldKind.connection && head.connectionTokens === KEEP_ALIVE_ALONE) continue
    const start = fields.lineStart(i)
    if (run === NOTHING) run = { start, end: fields.lineEnd(i) }
    else if (run.end === start) run = { start: run.start, end: fields.lineEnd(i) }
    else return undefined
  }
  return run
}

/** The head to send to a client, always of HTTP/1.1, without what was between the backend and us only. */
export function buildResponseHead(head: ResponseHead, options: RespondOptions): string {
  const { fields } = head
  const { text } = fields
  const nominated = nominatedTokens(head.connectionTokens)
  const isUpgrade = keepsUpgrade(head.status)
  let out = statusLine(head)
  let from = fields.lineStart(0)
  for (let i = 0; i < fields.count; i++) {
    if (isKept(head, i, options, nominated)) continue
    const start = fields.lineStart(i)
    if (start > from) out += text.slice(from, start)
    from = fields.lineEnd(i)
  }
  if (fields.end > from) out += text.slice(from, fields.end)
  if (isUpgrade)
    out += options.connection === 'close' ? 'Connection: Upgrade, close\r\n' : 'Connection: Upgrade\r\n'
  else if (options.connection !== undefined) out += `Connection: ${options.connection}\r\n`
  if (options.via !== undefined) out += `Via: ${head.version === 11 ? '1.1' : '1.0'} ${options.via}\r\n`
  return `${out}${options.lines}${options.changes?.lines ?? ''}\r\n`
}

/** 101 Switching Protocols says which one, 426 Upgrade Required which ones would do. */
function keepsUpgrade(status: number): boolean {
  return status === 101 || status === 426
}

/** With the version that we speak, and with the space that RFC 9112, section 4, wants even before no reason. */
function statusLine({ fields, isBare }: ResponseHead): string {
  const { text } = fields
  const end = fields.lineStart(0)
  if (isBare) return `HTTP/1.1${text.slice(AFTER_VERSION, AFTER_STATUS)} \r\n`
  return `HTTP/1.1${text.slice(AFTER_VERSION, end)}`
}

function isKept(head: ResponseHead, i: number, options: RespondOptions, nominated: string): boolean {
  const { fields } = head
  const kind = fields.kindAt(i)
  if (kind === FieldKind.upgrade && keepsUpgrade(head.status)) return true
  if (isHopByHop(kind)) return false
  if (options.dechunked && kind === FieldKind.transferEncoding) return false
  if (nominated !== '' && isNominated(fields, i, nominated)) return false
  return options.changes === undefined || !options.changes.names.has(fields.name(i).toLowerCase())
}

function isHopByHop(kind: FieldKind): boolean {
  switch (kind) {
    case FieldKind.connection:
    case FieldKind.keepAlive:
    case FieldKind.proxyConnection:
    case FieldKind.te:
    case FieldKind.upgrade:
    case FieldKind.http2Settings:
      return true
    default:
      return false
  }
}

const KEEP_ALIVE_ALONE = ',keep-alive,'
const NOTHING: DroppedRun = { start: 0, end: 0 }
const AFTER_VERSION = 'HTTP/1.1'.length
const AFTER_STATUS = 'HTTP/1.1 200'.length
