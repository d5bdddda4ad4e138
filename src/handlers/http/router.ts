import type { RouteConfig } from '../../config/schema.ts'
import type { HeaderChanges } from '../../wire/header-changes.ts'
import { compileHeaderChanges } from '../../wire/header-changes.ts'
import { hostName } from '../../wire/host.ts'
import type { PoolAccess } from './pool-access.ts'

/** Where a request goes, and what is changed on the way. */
export interface Route<Access = PoolAccess> {
  readonly access: Access
  /** What it was made of; undefined where there are no routes. */
  readonly config: RouteConfig | undefined
  /** Characters of the target's path to cut off. */
  readonly stripLength: number
  readonly request: HeaderChanges | undefined
  readonly response: HeaderChanges | undefined
}

interface Entry<Access> {
  /** Without a slash at its end: `/` is the empty string. */
  readonly path: string
  readonly route: Route<Access>
}

/**
 * Finds the route of a request: exact hosts before wildcards, longer wildcards before shorter ones, then any host; with
 * each, longer paths before shorter ones. Paths are compared as they came, nothing is decoded.
 */
export class Router<Access = PoolAccess> {
  /** Where there are no routes: everything goes this way. */
  readonly #only: Route<Access> | undefined
  readonly #exact = new Map<string, Entry<Access>[]>()
  /** By what follows the asterisk: `.example.org`. */
  readonly #wildcards = new Map<string, Entry<Access>[]>()
  readonly #anyHost: Entry<Access>[] = []

  constructor(routes: readonly RouteConfig[], options: { pool: string; access: (pool: string) => Access }) {
    const { pool, access } = options
    if (routes.length === 0) {
      this.#only = {
        access: access(pool),
        config: undefined,
        stripLength: 0,
        request: undefined,
        response: undefined,
      }
      return
    }
    for (const route of routes) this.#add(route, access(route.pool))
    for (const entries of [this.#anyHost, ...this.#exact.values(), ...this.#wildcards.values()]) {
      entries.sort((a, b) => b.path.length - a.path.length)
    }
  }

  /** `host`: the Host field's value; `path`: the target without its query. */
  find(host: string, path: string): Route<Access> | undefined {
    if (this.#only !== undefined) return this.#only
    const name = withoutEndDot(hostName(host))
    const exact = match(this.#exact.get(name), path)
    if (exact !== undefined) return exact
    for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
      const found = match(this.#wildcards.get(name.slice(dot)), path)
      if (found !== undefined) return found
    }
    return match(this.#anyHost, path)
  }

  #add(config: RouteConfig, access: Access): void {
    const { host, path, stripPrefix, request, response } = config
    const prefix = path.replace(/\/+$/, '')
    const route: Route<Access> = {
      access,
      config,
      stripLength: stripPrefix ? prefix.length : 0,
      request: compileHeaderChanges(request),
      response: compileHeaderChanges(response),
    }
    this.#entriesOf(host).push({ path: prefix, route })
  }

  #entriesOf(host: string | undefined): Entry<Access>[] {
    if (host === undefined) return this.#anyHost
    const isWildcard = host.startsWith('*.')
    const byHost = isWildcard ? this.#wildcards : this.#exact
    const key = isWildcard ? host.slice(1) : withoutEndDot(host)
    const entries = byHost.get(key) ?? []
    byHost.set(key, entries)
    return entries
  }
}

/** The target to send: without the route's prefix, and always beginning with a slash. */
export function strippedTarget(target: string, { stripLength }: Pick<Route, 'stripLength'>): string {
  if (stripLength === 0 || target === '*') return target
  const rest = target.slice(stripLength)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function match<Access>(
  entries: readonly Entry<Access>[] | undefined,
  path: string,
): Route<Access> | undefined {
  if (entries === undefined) return undefined
  for (const entry of entries) {
    const { length } = entry.path
    const isBoundary = path.length === length || path.charCodeAt(length) === SLASH
    // OPTIONS * asks for all of a host.
    if (length === 0 || (isBoundary && path.startsWith(entry.path))) return entry.route
  }
  return undefined
}

function withoutEndDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

const SLASH = 47
