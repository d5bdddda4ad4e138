import { ApiError, notFound } from '../api-error.ts'
import type { Route } from './route.ts'

/** All that stands at one path. */
export interface Place {
  readonly routes: readonly Route[]
  readonly path: Readonly<Record<string, string>>
}

/** Finds what stands at a path. */
export class Router {
  readonly #places: readonly { readonly routes: Route[]; readonly pattern: readonly string[] }[]

  constructor(routes: readonly Route[]) {
    const paths = [...new Set(routes.map(({ path }) => path))]
    this.#places = paths.map((path) => ({
      routes: routes.filter((route) => route.path === path),
      pattern: path.slice(1).split('/'),
    }))
  }

  find(segments: readonly string[]): Place | undefined {
    const found = this.#places.find(({ pattern }) => matches(pattern, segments))
    return found === undefined
      ? undefined
      : { routes: found.routes, path: namedSegments(found.pattern, segments) }
  }
}

/**
 * HEAD is taken as GET: Node leaves the body out.
 *
 * @throws {ApiError} 404; 405 with `Allow` where something stands there
 */
export function routeOf(place: Place | undefined, method: string): Route {
  if (place === undefined) throw notFound('there is nothing here; see /api/v1/openapi.json')
  const found = routeAt(place, method)
  if (found === undefined) throw notAllowed(method, place.routes)
  return found
}

/** The same, without the errors. */
export function routeAt(place: Place | undefined, method: string): Route | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method
  return place?.routes.find((route) => route.method === wanted)
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => part.startsWith('{') || part === segments[index])
  )
}

function namedSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pattern.flatMap((part, index) =>
      part.startsWith('{') ? [[part.slice(1, -1), segments[index] as string]] : [],
    ),
  )
}

function notAllowed(method: string, routes: readonly Route[]): ApiError {
  const known = routes.flatMap((route) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]))
  const Allow = known.toSorted().join(', ')
  return new ApiError(405, {
    code: 'METHOD_NOT_ALLOWED',
    message: `${method} is not possible here; possible: ${Allow}`,
    headers: { Allow },
  })
}
