import { addressProblems } from './address-problems.ts'
import { faultProblems } from './fault-problems.ts'
import { exposureProblem } from './admin-config.ts'
import { quote } from './invalid-value.ts'
import type { ListenerModel, Model, PoolModel } from './model.ts'
import { nearestName } from './nearest-name.ts'
import { isWithin, type Place, type PlacedProblem } from './place.ts'
import { COUNTS_ONLY_IN_HTTP, HTTP_ONLY, mixtureProblems, modeOf } from './resolve-http.ts'
import { ONLY_HTTP_CHECKS, poolProblems, refuse } from './resolve-pool.ts'
import { poolsOf, reachedBy, routeProblems } from './resolve-routes.ts'

/**
 * What does not go together, each of its parts being right.
 *
 * @param gaps where something could not be read: what would follow from its absence is not told.
 */
export function modelProblems(model: Model, gaps: readonly Place[]): PlacedProblem[] {
  const lacks = (...keys: readonly string[]): boolean =>
    gaps.some(
      (gap) =>
        (gap.length <= 2 && (gap[0] === 'listeners' || gap[0] === 'pools')) ||
        gap.some((step) => keys.includes(String(step))),
    )
  const isModeKnown = !lacks('mode', 'backends', 'backup', 'discover', 'pool', 'routes')
  const strangers = model.listeners.flatMap((listener) => poolNameProblems(listener, model.poolNames))
  const isEachUseKnown = strangers.length === 0 && !lacks('pool', 'routes')
  return [
    ...model.pools.flatMap((pool) => [...sourceProblems(pool, gaps), ...poolProblems(pool)]),
    ...strangers,
    ...(isModeKnown ? modeProblems(model) : []),
    ...model.listeners
      // Of a route that cannot be read nobody knows what it takes.
      .filter(({ place }) => !gaps.some((gap) => isWithin(gap, [...place, 'routes'])))
      .filter((listener) => !isTcp(listener, model))
      .flatMap(routeProblems),
    ...(isEachUseKnown ? unusedProblems(model) : []),
    ...addressProblems(model),
    ...(lacks() ? [] : faultProblems(model)),
    ...adminProblems(model),
    ...(model.listeners.length === 0 && gaps.length === 0 ? [NO_LISTENER] : []),
  ]
}

function adminProblems({ admin, adminPlace }: Model): PlacedProblem[] {
  const message = admin === undefined ? undefined : exposureProblem(admin)
  return message === undefined ? [] : [{ place: adminPlace, message }]
}

const NO_LISTENER = {
  place: ['listeners'],
  message: "is empty: give one such as { web: { listen: 8080, pool: 'web' } }",
}

function sourceProblems(pool: PoolModel, gaps: readonly Place[]): PlacedProblem[] {
  const { place, hasNoSource, discovery, backends } = pool
  if (discovery !== undefined && backends.length > 0) {
    const [first] = backends
    return [
      {
        place: first?.place ?? place,
        message: 'counts for nothing beside discover: backends come from there',
      },
    ]
  }
  const isUnreadable = gaps.some((gap) => isWithin(gap, [...place, 'discover']))
  if (!hasNoSource || isUnreadable) return []
  return [{ place: [...place, 'backends'], message: "is missing: give an array such as [3001, 'host:3002']" }]
}

/** What to say of a pool that is not there. */
export function poolMessage(value: unknown, known: readonly string[]): string {
  const all = known.join(', ') || 'none'
  if (value === undefined) return `is missing: give one of ${all}`
  const nearest = typeof value === 'string' ? nearestName(value, known) : undefined
  return `${quote(value)} is not a pool${nearest === undefined ? `: there are ${all}` : `; did you mean ${nearest}?`}`
}

function poolNameProblems(listener: ListenerModel, known: readonly string[]): PlacedProblem[] {
  const { pool, poolPlace, routes } = listener
  if (pool === undefined && routes === undefined) {
    return [{ place: poolPlace, message: poolMessage(undefined, known) }]
  }
  const named = [
    ...(pool === undefined ? [] : [{ place: poolPlace, name: pool }]),
    ...(routes ?? []).map(({ place, config }) => ({ place: [...place, 'pool'], name: config.pool })),
  ]
  return named
    .filter(({ name }) => !known.includes(name))
    .map(({ place, name }) => ({ place, message: poolMessage(name, known) }))
}

function modeProblems(model: Model): PlacedProblem[] {
  const ofListeners = model.listeners.flatMap((listener) => {
    const reached = poolsOf(listener, model.pools)
    const mode = modeOf(listener, reached)
    if (mode === 'mixed') return mixtureProblems(reached)
    if (mode === 'http') return []
    const { own, place, httpOnlyPlaces } = listener
    return [
      ...refuse(own, { place, keys: HTTP_ONLY, message: COUNTS_ONLY_IN_HTTP }),
      ...httpOnlyPlaces.map((at) => ({ place: at, message: COUNTS_ONLY_IN_HTTP })),
    ]
  })
  return [...ofListeners, ...model.pools.flatMap((pool) => onlyTcpProblems(pool, model))]
}

/** Settings of HTTP mode in a pool that only connections reach. */
function onlyTcpProblems(pool: PoolModel, model: Model): PlacedProblem[] {
  const users = model.listeners.filter((listener) => reachedBy(listener).includes(pool.name))
  if (users.length === 0 || !users.every((listener) => isTcp(listener, model))) return []
  return refuse(pool.own, { place: pool.place, keys: HTTP_ONLY, message: COUNTS_ONLY_IN_HTTP })
}

function isTcp(listener: ListenerModel, { pools }: Model): boolean {
  return modeOf(listener, poolsOf(listener, pools)) === 'tcp'
}

function unusedProblems(model: Model): PlacedProblem[] {
  const { listeners, pools } = model
  // One that has problems of its mode is read as if it had no routes.
  if (listeners.some((listener) => listener.httpOnlyPlaces.length > 0 && isTcp(listener, model))) return []
  const reached = new Set(listeners.flatMap(reachedBy))
  const isFile = model.defaults !== undefined
  return [
    ...pools
      .filter(({ name }) => !reached.has(name))
      .map(({ unusedPlace }) => ({
        place: unusedPlace,
        message: isFile
          ? 'no listener leads here: give its name to one, or take it out'
          : 'no route leads here: no request would ever come',
      })),
    ...unusedDefaults(model),
  ]
}

/** Settings that are said for all, and count for none. */
function unusedDefaults(model: Model): PlacedProblem[] {
  if (model.defaults === undefined) return []
  const { own, place } = model.defaults
  const { listeners, pools } = model
  return [
    ...(listeners.every((listener) => isTcp(listener, model))
      ? refuse(own, { place, keys: HTTP_ONLY, message: 'counts only in HTTP mode, and no listener is in it' })
      : refuse(pools.some(({ values }) => values.sticky.kind === 'cookie') ? {} : own, {
          place,
          keys: ['stickyCookie'],
          message: 'counts only with a cookie, and no pool has sticky: cookie',
        })),
    ...refuse(pools.some(({ values }) => values.check === 'http') ? {} : own, {
      place,
      keys: ONLY_HTTP_CHECKS,
      message: 'counts only for HTTP checks, and no pool has check: http',
    }),
  ]
}
