import { STATUS_CODES } from 'node:http'

/** What an answer of our own says. */
export interface ErrorAnswer {
  readonly status: number
  /** One sentence for people; fixed text, never from the wire. */
  readonly reason: string
}

export interface ErrorContext {
  /** The request's Accept field; `''` where there is none or the request could not be read. */
  readonly accept: string
  readonly requestId: string
  /** HEAD: the length is told, the body is not sent. */
  readonly isHead: boolean
  readonly keepAlive: boolean
  /** 10 or 11. */
  readonly version: number
  /** An operator's own pages, by status. */
  readonly pages: ReadonlyMap<number, ErrorPage>
  /** More field lines, each with its CR LF. */
  readonly lines: string
}

/** A page of the operator's, in the types that there are files for. */
export interface ErrorPage {
  readonly html?: string
  readonly json?: string
  readonly text?: string
}

/** Seconds after which a client may well ask again: health checks have had time for a verdict. */
const RETRY_AFTER_SECONDS = 5

/** An answer of our own, head and body, one character a byte. */
export function errorResponse(answer: ErrorAnswer, context: ErrorContext): string {
  const { status } = answer
  const type = preferredType(context.accept)
  const body = latin1(pageBody(answer, type, context))
  const fields = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    `Content-Type: ${CONTENT_TYPES[type]}`,
    `Content-Length: ${body.length}`,
    'Cache-Control: no-store',
    ...(status === 503 ? [`Retry-After: ${RETRY_AFTER_SECONDS}`] : []),
    ...(status === 405 ? ['Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'] : []),
    ...(context.requestId === '' ? [] : [`X-Request-Id: ${context.requestId}`]),
    ...connectionField(context),
  ]
  return `${fields.join('\r\n')}\r\n${context.lines}\r\n${context.isHead ? '' : body}`
}

type PageType = 'html' | 'json' | 'text'

const CONTENT_TYPES: Readonly<Record<PageType, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
}

/** What the client would rather have: the first of ours that Accept names; text where it names none. */
function preferredType(accept: string): PageType {
  const found = /text\/html|application\/(?:problem\+)?json|text\/plain/i.exec(accept)?.[0].toLowerCase()
  if (found === 'text/html') return 'html'
  return found !== undefined && found.endsWith('json') ? 'json' : 'text'
}

function pageBody({ status, reason }: ErrorAnswer, type: PageType, context: ErrorContext): string {
  const own = context.pages.get(status)?.[type]
  if (own !== undefined) return own
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`
  const { requestId } = context
  if (type === 'json')
    return `${JSON.stringify({ status, error: STATUS_CODES[status], reason, requestId })}\n`
  if (type === 'text') return `${title}: ${reason}\n`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em;color-scheme:light dark}
small{opacity:.6}</style>
<h1>${title}</h1>
<p>${reason}.</p>
<small>${requestId}</small>
</html>
`
}

function connectionField({ keepAlive, version }: ErrorContext): string[] {
  if (!keepAlive) return ['Connection: close']
  return version === 10 ? ['Connection: keep-alive'] : []
}

/** UTF-8 bytes as one character each. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
