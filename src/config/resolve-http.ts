import { formatAddress } from '../core/address.ts'
import type { BackendModel, ListenerModel, PoolModel } from './model.ts'
import type { PlacedProblem } from './place.ts'
import type { HttpConfig, RouteConfig } from './schema.ts'
import type { Setting } from './setting.ts'
import { settings } from './settings.ts'
import type { GivenValues, Values } from './values.ts'

/** Whether a listener balances requests, and not connections; a text where that cannot be told. */
export function modeOf(listener: ListenerModel, pools: readonly PoolModel[]): 'http' | 'tcp' | 'mixed' {
  const { mode } = listener.values
  if (mode !== 'auto') return mode
  const given = pools.flatMap(howGiven)
  if (given.length === 0) return 'tcp'
  if (given.every(Boolean)) return 'http'
  return given.some(Boolean) ? 'mixed' : 'tcp'
}

/** Half a guess would be wrong for half of the backends. */
export function mixtureProblems(pools: readonly PoolModel[]): PlacedProblem[] {
  const plain = pools.flatMap(({ backends }) => backends).filter(({ isHttp }) => !isHttp)
  return [
    ...plain.map(mixtureProblem),
    ...pools
      .filter(({ discovery }) => discovery?.isHttp === false)
      .map(({ place }) => ({
        place: [...place, 'discover'],
        message: 'is given without http://, and others with it: set mode to http or tcp',
      })),
  ]
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

/** Settings that mean nothing where bytes are balanced. */
export const HTTP_ONLY = (settings as readonly Setting[])
  .filter(({ httpOnly, commandOnly }) => httpOnly === true && commandOnly !== true)
  .map(({ key }) => key) as (keyof GivenValues)[]

export const COUNTS_ONLY_IN_HTTP =
  'counts only in HTTP mode: set mode to http, or give every backend as http://host:port'

/** Of each source of backends: whether it is HTTP. What a file says is not known yet, and decides nothing. */
function howGiven({ backends, discovery }: PoolModel): boolean[] {
  const found = discovery?.isHttp
  return [...backends.map(({ isHttp }) => isHttp), ...(found === undefined ? [] : [found])]
}

function mixtureProblem({ spec, place }: BackendModel): PlacedProblem {
  const address = formatAddress(spec.address)
  const canBeHttp = spec.address.kind === 'tcp' && spec.transport === 'plain'
  const fix = canBeHttp ? `write http://${address}, or set mode` : 'set mode'
  return {
    place,
    message: `${address} is given without http://, and others with it: ${fix} to http or tcp`,
  }
}
