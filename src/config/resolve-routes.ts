import { quote } from './invalid-value.ts'
import type { Problems } from './problems.ts'
import { readRoute } from './read-route.ts'
import { MAIN } from './resolve-pools.ts'
import type { HeaderChangesConfig, PoolConfig, RouteConfig } from './schema.ts'

/**
 * Reads `routes`, the more specific first, with one for all the rest to the pool of `backends` where there is one.
 * Two for the same requests, pools that are unknown and pools that no route leads to are problems.
 */
export function readRoutes(parts: {
  readonly given: Readonly<Record<string, unknown>>
  readonly pools: readonly PoolConfig[]
  readonly problems: Problems
}): readonly RouteConfig[] {
  const { given, pools, problems } = parts
  const { routes } = given
  if (routes === undefined && given['pools'] === undefined) return []
  if (routes !== undefined && !Array.isArray(routes)) {
    problems.add({
      path: 'routes',
      message: `must be an array such as [{ path: '/api', pool: 'api' }], not ${quote(routes)}`,
    })
    return []
  }
  const names = pools.map(({ name }) => name)
  const before = problems.list.length
  const read = ((routes ?? []) as unknown[]).map((route, i) =>
    readRoute(route, { path: `routes[${i}]`, pools: names, problems }),
  )
  // What was meant by those that cannot be read is unknown, and so is what follows from them.
  if (problems.list.length > before) return []
  const all = read.filter((route) => route !== undefined)
  reportDuplicates(all, problems)
  const takesAll = all.some(({ host, path }) => host === undefined && path === '/')
  if (names.includes(MAIN) && !takesAll) all.push({ ...REST, pool: MAIN })
  reportUnreachable(all, { names, problems })
  return all.toSorted(bySpecificity)
}

const NO_CHANGES: HeaderChangesConfig = { set: {}, remove: [] }
const REST = {
  host: undefined,
  path: '/',
  stripPrefix: false,
  request: NO_CHANGES,
  response: NO_CHANGES,
} as const

function reportDuplicates(routes: readonly RouteConfig[], problems: Problems): void {
  const seen = new Map<string, number>()
  for (const [i, { host, path }] of routes.entries()) {
    const key = `${host ?? '*'} ${path}`
    const before = seen.get(key)
    if (before === undefined) seen.set(key, i)
    else {
      problems.add({
        path: `routes[${i}]`,
        message: `takes the same requests as routes[${before}]: it would never be used`,
      })
    }
  }
}

function reportUnreachable(
  routes: readonly RouteConfig[],
  { names, problems }: { readonly names: readonly string[]; readonly problems: Problems },
): void {
  const reached = new Set(routes.map(({ pool }) => pool))
  for (const name of names.filter((known) => !reached.has(known))) {
    problems.add({
      path: name === MAIN ? 'backends' : `pools.${name}`,
      message: 'no route leads here: no request would ever come',
    })
  }
}

/** The more specific first: those that name more of the host, and among them of the path. */
function bySpecificity(a: RouteConfig, b: RouteConfig): number {
  return hostRank(b) - hostRank(a) || b.path.length - a.path.length
}

/** An exact host beats every wildcard, a longer wildcard a shorter one, any wildcard none. */
function hostRank({ host }: RouteConfig): number {
  if (host === undefined) return 0
  return host.startsWith('*.') ? host.length : Number.MAX_SAFE_INTEGER
}
