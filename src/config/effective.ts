import { formatAddress } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import { formatDuration } from './format-duration.ts'
import { formatSize } from './parse-size.ts'
import { formatStatusRanges } from './parse-status-ranges.ts'
import type {
  CheckConfig,
  Config,
  DiscoveryConfig,
  HeaderChangesConfig,
  HttpConfig,
  ListenerConfig,
  PoolConfig,
  RouteConfig,
} from './schema.ts'
import { hidden, hiddenValues } from './secrets.ts'

type Plain = Readonly<Record<string, unknown>>

/**
 * A configuration as a file would say it, with every default spelled out; what is absent is left out. Secrets are
 * hidden, and functions only named; whatever has neither reads into the same configuration again.
 */
export function effectiveConfig(config: Config): Plain {
  const { admin, log } = config
  return defined({
    listeners: Object.fromEntries(config.listeners.map((listener) => [listener.name, listenerOf(listener)])),
    pools: Object.fromEntries(config.pools.map((pool) => [pool.name, poolOf(pool)])),
    admin:
      admin === undefined
        ? undefined
        : defined({
            listen: formatAddress(admin.address),
            token: hidden(admin.token),
            hosts: admin.hosts,
          }),
    log: defined({ level: log.level, format: log.format, sessions: log.sessions, access: log.accessLog }),
    shutdown: {
      timeout: formatDuration(config.shutdownTimeoutMs),
      delay: formatDuration(config.shutdownDelayMs),
    },
    pidFile: config.pidFile,
    io: config.io,
    faults: faultsOf(config.faults),
  })
}

function faultsOf(faults: Config['faults']): unknown {
  if (faults === false || faults.length === 0) return faults !== false
  return faults.map((fault) =>
    'match' in fault && fault.match !== undefined ? { ...fault, match: FUNCTION } : fault,
  )
}

function listenerOf(listener: ListenerConfig): Plain {
  const { http } = listener
  const routes = http?.routes ?? []
  return defined({
    listen: formatAddress(listener.address),
    mode: http === undefined ? 'tcp' : 'http',
    // Where there are routes, they say it all.
    ...(routes.length === 0 ? { pool: listener.pool } : { routes: routes.map(routeOf) }),
    maxConnections: listener.maxConnections,
    idleTimeout: formatDuration(listener.idleTimeoutMs),
    halfClosedTimeout: formatDuration(listener.halfClosedTimeoutMs),
    ...(http === undefined ? {} : httpOf(http)),
  })
}

function httpOf(http: HttpConfig): Plain {
  return {
    requestTimeout: formatDuration(http.requestHeadTimeoutMs),
    bodyTimeout: formatDuration(http.requestBodyTimeoutMs),
    responseTimeout: formatDuration(http.responseHeadTimeoutMs),
    keepAliveTimeout: formatDuration(http.keepAliveTimeoutMs),
    maxHeadSize: formatSize(http.maxHeadBytes),
    maxBodySize: formatSize(http.maxBodyBytes),
    trustedProxies: http.trustedProxies,
    forwarded: http.forwarded,
    via: http.via,
    explain: http.explain,
    upgrades: http.upgrades.size === 0 ? 'none' : [...http.upgrades],
    errorPages: http.errorPages,
  }
}

function routeOf({ host, path, pool, stripPrefix, request, response }: RouteConfig): Plain {
  return defined({
    host,
    path,
    pool,
    stripPrefix,
    ...changesOf('Request', { ...request, set: hiddenValues(request.set) }),
    ...changesOf('Response', response),
  })
}

function changesOf(what: 'Request' | 'Response', { set, remove }: HeaderChangesConfig): Plain {
  return {
    ...(Object.keys(set).length === 0 ? {} : { [`set${what}Headers`]: set }),
    ...(remove.length === 0 ? {} : { [`remove${what}Headers`]: remove }),
  }
}

function poolOf(pool: PoolConfig): Plain {
  const { stickiness, tls, discovery } = pool
  return defined({
    ...(pool.backends.length > 0 || discovery === undefined
      ? { backends: pool.backends.map(backendOf) }
      : {}),
    discover: discovery === undefined ? undefined : discoverOf(discovery),
    balance: pool.strategyFactory === undefined ? pool.strategy : FUNCTION,
    backendMaxConnections: pool.backendMaxConnections,
    maxQueue: pool.maxQueue,
    queueTimeout: formatDuration(pool.queueTimeoutMs),
    whenAllDown: pool.whenAllDown,
    connectTimeout: formatDuration(pool.connectTimeoutMs),
    retries: pool.retries,
    eject: pool.eject,
    onDown: pool.onDown,
    slowStart: formatDuration(pool.slowStartMs),
    ...(stickiness.kind === 'off' ? {} : stickyOf(stickiness)),
    backendCa: tls.ca,
    backendVerify: tls.verify,
    ...checkOf(pool.check),
  })
}

function stickyOf(stickiness: Exclude<PoolConfig['stickiness'], { kind: 'off' }>): Plain {
  return stickiness.kind === 'cookie'
    ? { sticky: 'cookie', stickyCookie: stickiness.name }
    : { sticky: `header:${stickiness.name}` }
}

function checkOf(check: CheckConfig): Plain {
  const { http } = check
  return {
    check: check.kind === 'custom' ? FUNCTION : check.kind,
    checkInterval: formatDuration(check.intervalMs),
    fastInterval: formatDuration(check.fastIntervalMs),
    downInterval: formatDuration(check.downIntervalMs),
    checkTimeout: formatDuration(check.timeoutMs),
    rise: check.rise,
    fall: check.fall,
    initial: check.initial,
    checkPort: check.port,
    ...(check.kind === 'http'
      ? {
          checkPath: http.path,
          checkExpect: formatStatusRanges(http.expect),
          checkHost: http.host,
          checkHeader: hiddenValues(http.headers),
          checkBody: http.bodyContains,
        }
      : {}),
  }
}

function backendOf({ id, address, transport, weight, backup, maxConnections, initial }: BackendSpec): Plain {
  const place = formatAddress(address)
  return defined({
    address: transport === 'tls' ? `tls://${place}` : place,
    id,
    weight,
    backup,
    maxConnections,
    initial,
  })
}

function discoverOf(discovery: DiscoveryConfig): Plain {
  const limits = { interval: formatDuration(discovery.intervalMs), most: discovery.most }
  if (discovery.kind === 'file') return { file: discovery.path, ...limits }
  const { records, name, port, transport, nameServers, timeoutMs } = discovery
  const scheme = transport === 'tls' ? 'tls://' : ''
  const source = records === 'srv' ? { srv: `${scheme}${name}` } : { dns: `${scheme}${hostPort(name, port)}` }
  return {
    ...source,
    ...limits,
    ...(nameServers.length === 0 ? {} : { nameServers }),
    timeout: formatDuration(timeoutMs),
  }
}

function hostPort(host: string, port: number): string {
  return formatAddress({ kind: 'tcp', host, port })
}

const FUNCTION = '(a function)'

function defined(object: Plain): Plain {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}
