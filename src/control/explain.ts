import { isIP } from 'node:net'
import { quote } from '../config/invalid-value.ts'
import { isRecord } from '../config/kinds-of-object.ts'
import type { ListenerConfig, PoolConfig } from '../config/schema.ts'
import type { Backend } from '../core/backend.ts'
import { ConfigError } from '../core/errors.ts'
import type { ExplainRequest, Explanation } from '../core/explanation.ts'
import { affinityOf } from '../handlers/http/affinity.ts'
import { Router } from '../handlers/http/router.ts'
import type { Pool } from '../pool/pool.ts'
import { RequestHead } from '../wire/request-head.ts'
import { assertFields, type FieldRule, TEXT } from './assert-fields.ts'
import { explainBackend, type Home } from './explain-backend.ts'

export interface ExplainFrom {
  readonly listeners: readonly { readonly config: ListenerConfig }[]
  readonly poolNamed: (name: string) => { readonly pool: Pool; readonly config: PoolConfig } | undefined
  /** Wall-clock ms. */
  readonly at: number
}

/**
 * Which backend a client would get now, and why each other would be passed over. Changes nothing.
 *
 * @throws {ConfigError} for a listener, an address or fields that cannot be
 */
export function explain(request: ExplainRequest, { listeners, poolNamed, at }: ExplainFrom): Explanation {
  assertFields(request, { what: 'a request to explain', rules: FIELDS })
  const listener = findListener(request, listeners)
  const head = headOf(listener.http === undefined ? {} : request)
  const way = wayOf(listener, head)
  const managed = way.pool === undefined ? undefined : poolNamed(way.pool)
  const { name } = listener
  if (managed === undefined) {
    const summary = `no route takes ${quote(head.host)} ${head.target}: the client gets 404`
    return {
      listener: name,
      pool: undefined,
      route: undefined,
      strategy: undefined,
      backend: undefined,
      summary,
      backends: [],
    }
  }
  const { pool, config } = managed
  const client = clientOf(request, listener)
  const home = listener.http === undefined ? undefined : homeOf(managed, head)
  const odds = home?.isOpen === true ? new Map([[home.backend, 1]]) : pool.odds({ address: client })
  const isCertain = odds?.size === 1
  const picked = isCertain ? [...odds.keys()][0] : undefined
  const backends = [...pool.backends.values()].map((backend) =>
    explainBackend(backend, { pool, config, odds, home, at }),
  )
  return {
    listener: name,
    pool: pool.name,
    route: way.route,
    strategy: config.strategy,
    backend: picked?.id,
    summary: summaryOf(managed, { client, odds, picked, home }),
    backends,
  }
}

const FIELDS: Readonly<Record<keyof ExplainRequest, FieldRule>> = {
  client: TEXT,
  listener: TEXT,
  host: TEXT,
  path: TEXT,
  headers: {
    wants: 'an object of texts',
    takes: (value) => isRecord(value) && Object.values(value).every(TEXT.takes),
  },
}

function findListener(
  { listener: name }: ExplainRequest,
  listeners: ExplainFrom['listeners'],
): ListenerConfig {
  const found = name === undefined ? listeners[0] : listeners.find(({ config }) => config.name === name)
  if (found !== undefined) return found.config
  const known = listeners.map(({ config }) => config.name).join(', ')
  throw new ConfigError([{ path: 'listener', message: `no listener ${quote(name)}; there are: ${known}` }])
}

/** The request as it would come; read as any other, so that what it may hold is checked too. */
function headOf({ host = '', path = '/', headers = {} }: ExplainRequest): RequestHead {
  const fields = Object.entries({ ...headers, host }).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = new RequestHead()
  // HTTP/1.0 may come without a Host.
  const version = host === '' ? '1.0' : '1.1'
  const own = host === '' ? fields.filter((field) => !field.startsWith('host:')) : fields
  const refusal = head.parse(`GET ${path} HTTP/${version}\r\n${own.join('')}\r\n`)
  if (refusal === undefined) return head
  throw new ConfigError([{ path: 'request', message: `such a request would be refused: ${refusal.reason}` }])
}

function wayOf({ pool, http }: ListenerConfig, head: RequestHead): { pool?: string; route?: string } {
  if (http === undefined) return { pool }
  const router = new Router<string>(http.routes, { pool, access: (name) => name })
  const query = head.target.indexOf('?')
  const found = router.find(head.host, query === -1 ? head.target : head.target.slice(0, query))
  if (found === undefined) return {}
  if (found.config === undefined) return { pool: found.access }
  const { host, path } = found.config
  return { pool: found.access, route: `${host === undefined ? 'any host' : `host ${host}`}, path ${path}` }
}

function clientOf({ client }: ExplainRequest, { address }: ListenerConfig): string {
  if (client === undefined) return address.kind === 'unix' ? '' : '127.0.0.1'
  if (client === '' || isIP(client) !== 0) return client
  throw new ConfigError([{ path: 'client', message: `${quote(client)} is no IP address` }])
}

function homeOf(
  { pool, config: { stickiness } }: { pool: Pool; config: PoolConfig },
  head: RequestHead,
): Home | undefined {
  const backend = affinityOf(stickiness, pool)?.preferred(head)
  if (backend === undefined || stickiness.kind === 'off') return undefined
  const isOpen = pool.serves(backend) && !backend.isFull
  return { backend, isOpen, by: `${stickiness.kind} ${stickiness.name}` }
}

function summaryOf(
  { pool, config }: { pool: Pool; config: PoolConfig },
  found: {
    client: string
    odds: ReadonlyMap<Backend, number> | undefined
    picked: Backend | undefined
    home: Home | undefined
  },
): string {
  const { client, odds, picked, home } = found
  const who = client === '' ? 'the client' : client
  if (picked !== undefined) {
    const why = home?.isOpen === true ? `by its ${home.by}` : `by ${config.strategy}`
    return `${who} gets ${picked.id} of pool ${pool.name}, ${why}`
  }
  if (pool.eligible.length === 0) return `${who} gets no backend: none of pool ${pool.name} serves`
  if (odds === undefined)
    return `${who} gets what the strategy ${config.strategy} of pool ${pool.name} says; it cannot be asked ahead`
  if (odds.size > 0)
    return `${who} gets one of ${odds.size} backends of pool ${pool.name}, by chance (${config.strategy})`
  if (!pool.hasQueueRoom)
    return `${who} gets no backend: all of pool ${pool.name} are full, and so is its queue`
  return `${who} waits: all of pool ${pool.name} are full, ${pool.queued} wait already`
}
