import * as z from 'zod'
import { headerProblem } from '../wire/header-changes.ts'
import { hostName, isHost } from '../wire/host.ts'
import { InvalidValueError, kindOf, quote } from './invalid-value.ts'
import { leaf } from './leaf.ts'
import { list } from './list.ts'
import type { RouteOptions } from './options.ts'
import type { RouteConfig } from './schema.ts'
import { valueSchema } from './setting-schema.ts'
import { strict } from './strict.ts'

const names = leaf((error) => z.union([z.string(), z.array(z.string()).readonly()], { error }), readRemove)
const texts: z.ZodType<Readonly<Record<string, string>>, Readonly<Record<string, string>>> = leaf(
  // The reader tells which of them is no text.
  (error) =>
    z
      .custom<Readonly<Record<string, string>>>(() => true, { error })
      .meta({ type: 'object', additionalProperties: { type: 'string' } }),
  readSet,
)

/** Which requests go to which pool, in any order. */
export const routesSchema: z.ZodType<readonly RouteConfig[], readonly RouteOptions[]> = z.lazy(() =>
  list(routeSchema, (shown) => `must be an array such as [{ path: '/api', pool: 'api' }], not ${shown}`),
)

/** One way that requests go. Whether there is such a pool is found out of the whole. */
export const routeSchema: z.ZodType<RouteConfig, RouteOptions> = strict(
  {
    host: leaf((error) => z.string({ error }), readHost)
      .meta({ description: 'app.example.org, or *.example.org for every name below it; default any' })
      .optional(),
    path: leaf((error) => z.string({ error }), readPrefix)
      .meta({
        description: 'Prefix of whole segments: /api takes /api and /api/x, but not /apis',
        fallback: '/',
      })
      .optional(),
    // Its message names the pools that there are: see `poolMessage`.
    pool: z.string().meta({ description: 'Where such requests go' }),
    stripPrefix: valueSchema<boolean>({
      kind: 'boolean',
      description: 'Cut path off before the request goes out',
      fallback: false,
    }).optional(),
    setRequestHeaders: texts.meta({ description: 'Fields that the backend gets' }).optional(),
    removeRequestHeaders: names.meta({ description: 'Fields that the backend does not get' }).optional(),
    setResponseHeaders: texts.meta({ description: 'Fields that the client gets' }).optional(),
    removeResponseHeaders: names.meta({ description: 'Fields that the client does not get' }).optional(),
  },
  { what: 'an option of a route', expected: 'an object with a pool' },
).transform((route) => ({
  host: route.host,
  path: route.path ?? '/',
  pool: route.pool,
  stripPrefix: route.stripPrefix ?? false,
  request: { set: route.setRequestHeaders ?? {}, remove: route.removeRequestHeaders ?? [] },
  response: { set: route.setResponseHeaders ?? {}, remove: route.removeResponseHeaders ?? [] },
}))

function readHost(value: unknown): string {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  const name = text.startsWith('*.') ? text.slice(2) : text
  const isName = isHost(name) && !/^\[.*\]:|^[^[]*:/.test(name)
  if (isName && !name.includes('*')) return text.startsWith('*.') ? text : hostName(text)
  throw new InvalidValueError(
    `must be a host such as app.example.org or *.example.org, without a port, not ${quote(value)}`,
  )
}

function readPrefix(value: unknown): string {
  if (typeof value !== 'string' || !/^\/[\x21-\x7e]*$/.test(value) || /[?#]/.test(value)) {
    throw new InvalidValueError(`must be a path such as /api, without a query, not ${quote(value)}`)
  }
  if (/\/(?:\/|\.\.?(?:\/|$))/.test(value)) {
    throw new InvalidValueError(
      `${quote(value)} holds an empty segment, . or ..: write the path that it means`,
    )
  }
  // `/api` takes whole segments, so `/api/` would only leave out `/api` itself.
  return value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value
}

function readSet(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidValueError(`must be an object such as { 'X-Zone': 'a' }, not ${kindOf(value)}`)
  }
  const set = Object.entries(value as Readonly<Record<string, unknown>>).map(
    ([name, text]): [string, string] => {
      if (typeof text !== 'string') throw new InvalidValueError(`${name} must be a text, not ${kindOf(text)}`)
      const problem = headerProblem(name, text.trim())
      if (problem !== undefined) throw new InvalidValueError(problem)
      return [name, text.trim()]
    },
  )
  return Object.fromEntries(set)
}

function readRemove(value: unknown): readonly string[] {
  const given: unknown[] = Array.isArray(value) ? value : [value]
  return given.map((name) => {
    if (typeof name !== 'string') {
      throw new InvalidValueError(`must be names such as ['X-Debug'], not ${quote(value)}`)
    }
    const problem = headerProblem(name)
    if (problem !== undefined) throw new InvalidValueError(problem)
    return name
  })
}
