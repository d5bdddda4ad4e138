import { badRequest } from '../api-error.ts'

/** A request target, taken apart. */
export interface Target {
  /** Of the path, decoded; none of them is empty but the only one of `/`. */
  readonly segments: readonly string[]
  readonly query: URLSearchParams
}

/**
 * Reads a request target in the one form that we take: origin form, no empty and no dot segments, and nothing
 * percent-encoded but what ids need (`:`, `[` and `]`). A slash within an id is written `~1`, as in a JSON Pointer:
 * so no intermediary can read another path out of it than we do.
 *
 * @throws {ApiError} 400
 */
export function parseTarget(url: string): Target {
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  if (!path.startsWith('/') || !PATH.test(path)) throw badRequest(ONE_FORM)
  const segments = path.slice(1).split('/')
  const isRoot = segments.length === 1 && segments[0] === ''
  if (!isRoot && segments.some((segment) => segment === '' || /^\.\.?$/.test(segment))) {
    throw badRequest(ONE_FORM)
  }
  return {
    segments: segments.map(decodeSegment),
    query: new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1)),
  }
}

/** Where a backend is found. */
export function backendPath(pool: string, backend: string): string {
  return `/api/v1/pools/${encodeSegment(pool)}/backends/${encodeSegment(backend)}`
}

function decodeSegment(segment: string): string {
  return segment
    .replaceAll(/%(3A|5B|5D)/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replaceAll('~1', '/')
}

function encodeSegment(id: string): string {
  return encodeURIComponent(id.replaceAll('/', '~1'))
}

const ONE_FORM =
  'a path has no empty and no dot segments, and nothing percent-encoded but : [ and ]; write ~1 for a slash in an id'
const PATH = /^(?:[A-Za-z0-9._~:[\]/-]|%(?:3A|5B|5D))+$/i
