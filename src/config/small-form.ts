import { quote } from './invalid-value.ts'
import { nearestName } from './nearest-name.ts'
import type { Place, PlacedProblem } from './place.ts'

/** A configuration in the small form, said in the long one. */
export interface LongForm {
  readonly value: Readonly<Record<string, unknown>>
  readonly problems: readonly PlacedProblem[]
  /** Where a place of the long form stands in what was written. */
  readonly written: (place: Place) => Place
}

type Small = Readonly<Record<string, unknown>>

/** The form of many a simple balancer: a port and servers beside each other. */
export function isSmallForm(value: unknown): value is Small {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return ('servers' in value || 'port' in value) && !('pools' in value) && !('listeners' in value)
}

/**
 * `{ "port": 8080, "servers": [{ "url": "http://localhost:8001", "healthy": false }], "healthCheckInterval": 10 }` means
 * HTTP mode, and servers that must answer `/health` with 200. A bare number of an interval is seconds.
 */
export function longForm(small: Small): LongForm {
  const keys = keysOf(small)
  const servers = small[keys.servers]
  const unknown = Object.keys(small).filter((key) => !Object.hasOwn(MEANINGS, key))
  const healths = Array.isArray(servers) ? servers.flatMap(healthProblem) : []
  const missing = servers === undefined ? [{ place: ['servers'], message: IS_MISSING }] : []
  return {
    value: {
      listeners: { main: { listen: small[keys.port], mode: 'http', pool: 'main' } },
      pools: {
        main: {
          backends: Array.isArray(servers) ? servers.map(backendOf) : (servers ?? []),
          balance: strategyOf(small[keys.balance]),
          check: 'http',
          checkExpect: 200,
          checkInterval: inSeconds(small[keys.interval]),
          checkTimeout: inSeconds(small[keys.timeout]),
          checkPath: small[keys.path],
        },
      },
    },
    problems: [...unknown.map(unknownKey), ...saidTwice(small, keys), ...missing, ...healths],
    written: (place) => writtenPlace(place, keys),
  }
}

type Meaning = 'port' | 'servers' | 'interval' | 'timeout' | 'path' | 'balance' | 'schema'

/** Names that such files use. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  $schema: 'schema',
  port: 'port',
  listen: 'port',
  servers: 'servers',
  backends: 'servers',
  healthCheckInterval: 'interval',
  health_check_interval: 'interval',
  healthInterval: 'interval',
  healthCheckTimeout: 'timeout',
  health_check_timeout: 'timeout',
  healthCheckPath: 'path',
  health_check_path: 'path',
  healthPath: 'path',
  algorithm: 'balance',
  strategy: 'balance',
  balance: 'balance',
}

const IS_MISSING = 'is missing: give an array such as ["http://localhost:8001"]'

/** By which of its names each thing is given. */
function keysOf(small: Small): Readonly<Record<Meaning, string>> {
  const keys: Record<Meaning, string> = {
    port: 'port',
    servers: 'servers',
    interval: 'healthCheckInterval',
    timeout: 'healthCheckTimeout',
    path: 'healthCheckPath',
    balance: 'algorithm',
    schema: '$schema',
  }
  for (const [key, meaning] of Object.entries(MEANINGS)) if (key in small) keys[meaning] = key
  return keys
}

/** Several names for one thing, of which one alone would count. */
function saidTwice(small: Small, keys: Readonly<Record<Meaning, string>>): PlacedProblem[] {
  return Object.keys(small).flatMap((key) => {
    const meaning = Object.hasOwn(MEANINGS, key) ? MEANINGS[key] : undefined
    if (meaning === undefined || keys[meaning] === key) return []
    return [{ place: [key], message: `says the same as ${keys[meaning]}: give one of them` }]
  })
}

function backendOf(server: unknown): unknown {
  if (typeof server !== 'object' || server === null || Array.isArray(server)) return server
  const { url, healthy, name, ...rest } = server as Readonly<Record<string, unknown>>
  return {
    ...rest,
    ...(url === undefined ? {} : { address: withoutPath(url) }),
    ...(name === undefined ? {} : { id: name }),
    // What they say of themselves holds until the first check.
    ...(typeof healthy === 'boolean' ? { initial: healthy ? 'up' : 'down' } : {}),
  }
}

function healthProblem(server: unknown, i: number): PlacedProblem[] {
  if (typeof server !== 'object' || server === null || !('healthy' in server)) return []
  const { healthy } = server
  if (typeof healthy === 'boolean') return []
  return [{ place: ['servers', i, 'healthy'], message: `must be true or false, not ${quote(healthy)}` }]
}

/** Some end their URLs in a slash. */
function withoutPath(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/\/$/, '') : url
}

function inSeconds(value: unknown): unknown {
  if (typeof value === 'number') return value * 1_000
  return typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? `${value}s` : value
}

function strategyOf(name: unknown): unknown {
  if (typeof name !== 'string') return name
  return STRATEGIES[name.toLowerCase().replaceAll(/[^a-z\d]/g, '')] ?? name
}

const STRATEGIES: Readonly<Record<string, string | undefined>> = {
  roundrobin: 'round-robin',
  weightedroundrobin: 'round-robin',
  leastconnections: 'least-connections',
  leastconnection: 'least-connections',
  leastconn: 'least-connections',
  iphash: 'source-hash',
  sourcehash: 'source-hash',
  poweroftwo: 'power-of-two',
  random: 'random',
  first: 'first',
}

function unknownKey(key: string): PlacedProblem {
  const known = Object.keys(MEANINGS)
  const nearest = nearestName(key, known)
  const hint =
    nearest === undefined
      ? ' beside port and servers: write listeners and pools for more'
      : `; did you mean ${nearest}?`
  return { place: [key], message: `is not an option${hint}` }
}

function writtenPlace(place: Place, keys: Readonly<Record<Meaning, string>>): Place {
  const [root, , key, index, inside] = place
  if (root === 'listeners') return [keys.port]
  if (root !== 'pools' || key === undefined) return place
  const names: Readonly<Record<string, string>> = {
    balance: keys.balance,
    checkInterval: keys.interval,
    checkTimeout: keys.timeout,
    checkPath: keys.path,
  }
  if (key !== 'backends') return [names[key] ?? key]
  const server = [keys.servers, ...(index === undefined ? [] : [index])]
  return inside === undefined ? server : [...server, SERVER_KEYS[inside] ?? inside]
}

const SERVER_KEYS: Readonly<Record<string, string>> = { address: 'url', initial: 'healthy', id: 'name' }
