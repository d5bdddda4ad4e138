import type { Config, PoolConfig, RouteConfig } from '../../config/schema.ts'
import { HIDDEN, hidden, hiddenValues, isSecretName } from '../../config/secrets.ts'

/** The configuration as an operator may see it: no secret, nothing that JSON cannot hold. */
export function visibleConfig(config: Config): unknown {
  const { admin } = config
  return plain({
    ...config,
    listeners: config.listeners.map((listener) => ({
      ...listener,
      ...(listener.http === undefined
        ? {}
        : { http: { ...listener.http, routes: listener.http.routes.map(visibleRoute) } }),
    })),
    pools: config.pools.map(visiblePool),
    ...(admin === undefined ? {} : { admin: { ...admin, token: hidden(admin.token) } }),
  })
}

function visibleRoute(route: RouteConfig): unknown {
  return { ...route, request: { ...route.request, set: hiddenValues(route.request.set) } }
}

function visiblePool({ strategyFactory, check, ...pool }: PoolConfig): unknown {
  const { probe, ...rest } = check
  return {
    ...pool,
    strategyFactory: strategyFactory === undefined ? undefined : '(function)',
    check: {
      ...rest,
      probe: probe === undefined ? undefined : '(function)',
      http: { ...check.http, headers: hiddenValues(check.http.headers) },
    },
  }
}

function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (name, part: unknown) => {
    if (part instanceof Set) return [...(part as Set<unknown>)]
    if (typeof part === 'function') return '(function)'
    return typeof part === 'string' && isSecretName(name) ? HIDDEN : part
  })
  return JSON.parse(text) as unknown
}
