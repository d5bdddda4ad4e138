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
  const ranges = accept.split(',').map((range) => range.trim().toLowerCase().split(/ *; */))
  const quality = (range: string): number | undefined => {
    const parameters = ranges.find(([name]) => name === range)
    return parameters === undefined
      ? undefined
      : Number(/^q=([\d.]+)$/.exec(parameters.at(-1) ?? '')?.[1] ?? 1)
  }
  // The most specific range counts.
  if ((quality(own) ?? quality(`${family}/*`) ?? quality('*/*') ?? 0) > 0) return
  throw new ApiError(406, { code: 'NOT_ACCEPTABLE', message: `what is here is ${own}` })
}
