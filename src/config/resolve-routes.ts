import type { ListenerModel, PoolModel, RouteModel } from './model.ts'
import type { PlacedProblem } from './place.ts'
import type { HeaderChangesConfig, RouteConfig } from './schema.ts'

/** The routes of a listener, the more specific first, with one to its pool for all the rest. */
export function routesOf({ routes, pool }: ListenerModel): readonly RouteConfig[] {
  if (routes === undefined) return []
  const all = routes.map(({ config }) => config)
  if (pool !== undefined && !routes.some(takesAll)) all.push({ ...REST, pool })
  return all.toSorted(bySpecificity)
}

/** Routes that no request would ever take: another takes the same. */
export function routeProblems({ routes = [] }: ListenerModel): PlacedProblem[] {
  const problems: PlacedProblem[] = []
  const seen = new Map<string, number>()
  for (const [i, { config, place }] of routes.entries()) {
    const key = `${config.host ?? '*'} ${config.path}`
    const before = seen.get(key)
    if (before === undefined) seen.set(key, i)
    else {
      problems.push({
        place,
        message: `takes the same requests as routes[${before}]: it would never be used`,
      })
    }
  }
  return problems
}

/** The names of the pools that a listener leads to. */
export function reachedBy(listener: ListenerModel): string[] {
  const { routes = [], pool } = listener
  const named = routes.map(({ config }) => config.pool)
  const isOpen = pool !== undefined && !routes.some(takesAll)
  return [...new Set(isOpen ? [pool, ...named] : named)]
}

/** Those pools. */
export function poolsOf(listener: ListenerModel, pools: readonly PoolModel[]): PoolModel[] {
  const names = reachedBy(listener)
  return pools.filter(({ name }) => names.includes(name))
}

function takesAll({ config }: RouteModel): boolean {
  return config.host === undefined && config.path === '/'
}

const NO_CHANGES: HeaderChangesConfig = { set: {}, remove: [] }
const REST = {
  host: undefined,
  path: '/',
  stripPrefix: false,
  request: NO_CHANGES,
  response: NO_CHANGES,
} as const

/** The more specific first: those that name more of the host, and among them of the path. */
function bySpecificity(a: RouteConfig, b: RouteConfig): number {
  return hostRank(b) - hostRank(a) || b.path.length - a.path.length
}

/** An exact host beats every wildcard, a longer wildcard a shorter one, any wildcard none. */
function hostRank({ host }: RouteConfig): number {
  if (host === undefined) return 0
  return host.startsWith('*.') ? host.length : Number.MAX_SAFE_INTEGER
}
