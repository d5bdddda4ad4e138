import type { Config, PoolConfig, RouteConfig } from '../../config/schema.ts'

export const HIDDEN = '(hidden)'

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

/** Fields set for backends are how a balancer shows them who it is. */
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

function hidden(secret: string | undefined): string | undefined {
  return secret === undefined ? undefined : HIDDEN
}

function hiddenValues(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, HIDDEN]))
}

/** The second net: what a later setting calls a secret is hidden even if nobody thought of this file. */
const SECRET_NAME = /token|secret|password|passphrase|privatekey|^key$/i

function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (name, part: unknown) => {
    if (part instanceof Set) return [...(part as Set<unknown>)]
    if (typeof part === 'function') return '(function)'
    return typeof part === 'string' && SECRET_NAME.test(name) ? HIDDEN : part
  })
  return JSON.parse(text) as unknown
}
