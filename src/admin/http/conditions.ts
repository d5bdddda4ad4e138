import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from '../api-error.ts'

/**
 * `If-Match` against lost updates: somebody changed something since the caller looked. RFC 9110, section 13.1.1.
 *
 * @throws {ApiError} 412
 */
export function assertMatch(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  const tags = ifMatch.split(',').map((tag) => tag.trim())
  if (tags.includes(`"${version}"`)) return
  throw new ApiError(412, {
    code: 'CHANGED_MEANWHILE',
    message: `something was changed since: the version is ${version} now; look again, then decide`,
    headers: { ETag: `"${version}"` },
  })
}

/** @throws {ApiError} 406 where `type` is not among what the caller takes. RFC 9110, section 12.5.1. */
export function assertAcceptable({ accept }: IncomingHttpHeaders, type: string): void {
  if (accept === undefined || type === '*/*') return
  const [own = ''] = type.split(';')
  const [family = ''] = own.split('/')
  const quality = qualities(accept)
  // The most specific range counts.
  if ((quality(own) ?? quality(`${family}/*`) ?? quality('*/*') ?? 0) > 0) return
  throw new ApiError(406, { code: 'NOT_ACCEPTABLE', message: `what is here is ${own}` })
}

/** Whether the caller takes gzip. RFC 9110, section 12.5.3. */
export function takesGzip({ 'accept-encoding': accept }: IncomingHttpHeaders): boolean {
  const quality = qualities(accept ?? '')
  return (quality('gzip') ?? quality('*') ?? 0) > 0
}

/** What a list of names, each with its quality where there is one (`gzip;q=0.5, br`), says of a name; undefined: nothing. */
function qualities(list: string): (name: string) => number | undefined {
  const members = list.split(',').map((member) => member.trim().toLowerCase().split(/ *; */))
  return (asked) => {
    const member = members.find(([name]) => name === asked)
    return member === undefined ? undefined : Number(/^q=([\d.]+)$/.exec(member.at(-1) ?? '')?.[1] ?? 1)
  }
}
