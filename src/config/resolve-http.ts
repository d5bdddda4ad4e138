import { formatAddress } from '../core/address.ts'
import type { ConfigProblem } from '../core/errors.ts'
import type { Problems } from './problems.ts'
import type { ReadBackend } from './read-backends.ts'
import type { HttpConfig, RouteConfig } from './schema.ts'
import type { Setting } from './setting.ts'
import { settings } from './settings.ts'
import type { Values } from './values.ts'

/** Whether requests are balanced, and not connections; undefined where that cannot be told. What does not go together goes to `problems`. */
export function isHttpMode(parts: {
  readonly given: Readonly<Record<string, unknown>>
  readonly mode: Values['mode'] | undefined
  readonly backends: readonly ReadBackend[]
  readonly problems: Problems
}): boolean | undefined {
  const { given, mode, backends, problems } = parts
  if (mode === undefined) return undefined
  const plain = backends.filter(({ isHttp }) => !isHttp)
  if (mode === 'auto' && plain.length > 0 && plain.length < backends.length) {
    problems.add(...mixtureProblems(plain))
    return undefined
  }
  const isHttp = mode === 'http' || (mode === 'auto' && backends.length > 0 && plain.length === 0)
  if (!isHttp) problems.add(...httpOnlyProblems(given))
  return isHttp
}

/** The settings of HTTP mode. */
export function httpConfig(values: Values, routes: readonly RouteConfig[]): HttpConfig {
  return {
    requestHeadTimeoutMs: values.requestTimeout,
    requestBodyTimeoutMs: values.bodyTimeout,
    responseHeadTimeoutMs: values.responseTimeout,
    keepAliveTimeoutMs: values.keepAliveTimeout,
    maxHeadBytes: values.maxHeadSize,
    maxResponseHeadBytes: values.maxHeadSize,
    maxBodyBytes: values.maxBodySize,
    trustedProxies: values.trustedProxies ?? [],
    forwarded: values.forwarded,
    via: values.via,
    explain: values.explain,
    upgrades: new Set(values.upgrades),
    errorPages: values.errorPages,
    routes,
  }
}

/** Half a guess would be wrong for half of the backends. */
function mixtureProblems(plain: readonly ReadBackend[]): ConfigProblem[] {
  return plain.map(({ spec, path }) => {
    const address = formatAddress(spec.address)
    const canBeHttp = spec.address.kind === 'tcp' && spec.transport === 'plain'
    const fix = canBeHttp ? `write http://${address}, or set mode` : 'set mode'
    return {
      path,
      message: `${address} is given without http://, and others with it: ${fix} to http or tcp`,
    }
  })
}

const HTTP_ONLY = [
  ...(settings as readonly Setting[]).filter(({ httpOnly }) => httpOnly === true).map(({ key }) => key),
  'pools',
  'routes',
]

/** Without this, whoever sets a limit believes that it holds. */
function httpOnlyProblems(given: Readonly<Record<string, unknown>>): ConfigProblem[] {
  return HTTP_ONLY.filter((key) => given[key] !== undefined).map((path) => ({
    path,
    message: COUNTS_ONLY_IN_HTTP,
  }))
}

export const COUNTS_ONLY_IN_HTTP =
  'counts only in HTTP mode: set mode to http, or give every backend as http://host:port'
