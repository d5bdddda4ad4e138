import type { Address } from '../core/address.ts'
import type { BackendSpec, BackendTransport } from '../core/backend.ts'
import type { Probe } from '../core/probe.ts'
import type { StrategyFactory } from '../core/strategy.ts'
import type { FaultSpec } from '../faults/fault-spec.ts'

/**
 * The configuration as everything inside reads it: parsed, checked, with every default in place. Durations are
 * milliseconds, 0 = never. Strings from people end in this folder.
 */
export interface Config {
  readonly listeners: readonly ListenerConfig[]
  readonly pools: readonly PoolConfig[]
  /** After the first signal, and with readiness failing: how long new sessions are still accepted. */
  readonly shutdownDelayMs: number
  readonly shutdownTimeoutMs: number
  /** Where operators look in; undefined = nowhere. */
  readonly admin: AdminConfig | undefined
  readonly log: LogConfig
  /** File that holds the process's number while it runs; undefined = none. */
  readonly pidFile: string | undefined
  /** How bytes are moved. Read at the start only. */
  readonly io: 'auto' | 'handles' | 'sockets'
  /** Faults on purpose, for tests, from the start; false: none may ever be added. Read at the start only. */
  readonly faults: false | readonly FaultSpec[]
}

/** The admin API, the dashboard, metrics and the health of fairlead itself. */
export interface AdminConfig {
  readonly address: Address
  /** What callers must show; undefined = nothing, which only loopback and unix sockets may have. A secret. */
  readonly token: string | undefined
  /** Names, beside IP literals and `localhost`, by which it may be called (`Host`). In small letters. */
  readonly hosts: readonly string[]
}

export interface LogConfig {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** undefined = pretty on a terminal, else JSON. */
  readonly format: 'pretty' | 'json' | undefined
  /** Whether sessions, or in HTTP mode requests, have lines. */
  readonly sessions: boolean
  /** How the line of a request is written; undefined = as `format`. */
  readonly accessLog: 'json' | 'common' | 'combined' | undefined
}

export interface ListenerConfig {
  readonly name: string
  readonly address: Address
  /** Name of the pool that it forwards to. Where `http.routes` has entries, those alone say where requests go. */
  readonly pool: string
  /** Most open sessions; undefined = worked out from the process's descriptor limit at start. */
  readonly maxConnections: number | undefined
  readonly idleTimeoutMs: number
  readonly halfClosedTimeoutMs: number
  /** HTTP mode; undefined = bytes are forwarded as they are. */
  readonly http: HttpConfig | undefined
}

/** How a listener in HTTP mode behaves. */
export interface HttpConfig {
  /** For a whole request head, and for the first request of a connection. */
  readonly requestHeadTimeoutMs: number
  /** Between two pieces of a request's body. */
  readonly requestBodyTimeoutMs: number
  /** Until a backend's answer begins. */
  readonly responseHeadTimeoutMs: number
  /** Between two requests of a client. */
  readonly keepAliveTimeoutMs: number
  readonly maxHeadBytes: number
  readonly maxResponseHeadBytes: number
  /** 0 = unlimited. */
  readonly maxBodyBytes: number
  /** Addresses and networks whose X-Forwarded-* are passed on. */
  readonly trustedProxies: readonly string[]
  /** Also sends `Forwarded` (RFC 7239). */
  readonly forwarded: boolean
  /** Our name in `Via`; undefined = no such field. */
  readonly via: string | undefined
  /** Names the backend, and those tried before, in the response. */
  readonly explain: boolean
  /** Protocols that a connection may be upgraded to, in small letters. */
  readonly upgrades: ReadonlySet<string>
  /** Folder with pages of the operator's own: `503.html`, `503.json`, `503.txt`, ...; undefined = ours. */
  readonly errorPages: string | undefined
  /**
   * Which requests go to which pool, the more specific first: exact hosts, then wildcards, the longer the earlier, then
   * any host; longer paths before shorter ones. The first that matches counts; a request that none matches is
   * answered 404. None at all = everything goes to the listener's pool.
   */
  readonly routes: readonly RouteConfig[]
}

/** One way that requests go. */
export interface RouteConfig {
  /** In small letters, without a port: `app.example.org`, or `*.example.org` for every name below it; undefined = any. */
  readonly host: string | undefined
  /** Prefix of whole segments: `/api` takes `/api`, `/api/` and `/api/x`, but not `/apis`. `/` takes all. */
  readonly path: string
  readonly pool: string
  /** Cuts `path` off before the request goes out; what is left begins with `/`. */
  readonly stripPrefix: boolean
  readonly request: HeaderChangesConfig
  readonly response: HeaderChangesConfig
}

/** Fields to set, whatever was there, and fields to remove; checked by `headerProblem`. */
export interface HeaderChangesConfig {
  readonly set: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

/** How one client's requests are kept at one backend. */
export type Stickiness =
  | { readonly kind: 'off' }
  /** By an opaque cookie of this name, which we set. */
  | { readonly kind: 'cookie'; readonly name: string }
  /** By a hash of this field's value; requests without it are balanced as any. In small letters. */
  | { readonly kind: 'header'; readonly name: string }

/** How TLS backends are verified. */
export interface BackendTlsConfig {
  /** Certificates (PEM) that are trusted instead of the system's; undefined = the system's. */
  readonly ca: string | undefined
  /** Whether a backend must prove that it is who it is called. */
  readonly verify: boolean
}

/** Where a pool's backends come from, beside those that are written out. */
export type DiscoveryConfig = DnsDiscoveryConfig | FileDiscoveryConfig

interface DiscoveryLimits {
  /** Between two looks, 10% jitter. Less where the records of a name are good for less (TTL), at least 1 s. */
  readonly intervalMs: number
  /** More than so many backends are refused, and the last good answer stays. */
  readonly most: number
}

export interface DnsDiscoveryConfig extends DiscoveryLimits {
  readonly kind: 'dns'
  /** `addresses`: every A and AAAA record of `name` is a backend at `port`. `srv`: targets, ports, weights and priorities. */
  readonly records: 'addresses' | 'srv'
  readonly name: string
  /** Of the backends; 0 with `srv`. */
  readonly port: number
  readonly transport: BackendTransport
  /** Name servers to ask, `127.0.0.1:53` or an IP alone; none = the system's, and its files and search lists. */
  readonly nameServers: readonly string[]
  /** For one query, with all its tries. */
  readonly timeoutMs: number
}

export interface FileDiscoveryConfig extends DiscoveryLimits {
  readonly kind: 'file'
  /** JSON or YAML: a list of backends, written as in the configuration. */
  readonly path: string
}

export interface PoolConfig {
  readonly name: string
  /** Those that are written out; none may be there where `discovery` is. */
  readonly backends: readonly BackendSpec[]
  readonly discovery: DiscoveryConfig | undefined
  /** The strategy's name as snapshots show it: `round-robin`, ..., or `custom`. */
  readonly strategy: string
  /** A strategy of the user's; undefined = look `strategy` up. */
  readonly strategyFactory: StrategyFactory | undefined
  /** For backends that are added later and say nothing else; 0 = unlimited. */
  readonly backendMaxConnections: number
  readonly connectTimeoutMs: number
  /** Attempts after the first. */
  readonly retries: number
  readonly queueTimeoutMs: number
  readonly maxQueue: number
  readonly check: CheckConfig
  /** Passive ejection by failed connects. */
  readonly eject: boolean
  readonly whenAllDown: 'fail' | 'try'
  readonly onDown: 'keep' | 'close'
  /** Ramp after a recovery; 0 = off. */
  readonly slowStartMs: number
  /** HTTP mode only. */
  readonly stickiness: Stickiness
  readonly tls: BackendTlsConfig
}

export interface CheckConfig {
  readonly kind: 'tcp' | 'http' | 'off' | 'custom'
  /** Set when `kind` is `custom`. */
  readonly probe: Probe | undefined
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Successes in a row that bring a backend up. */
  readonly rise: number
  /** Failures in a row that take it down. */
  readonly fall: number
  readonly fastIntervalMs: number
  readonly downIntervalMs: number
  readonly initial: 'up' | 'down'
  /** Another port to check; undefined = the backend's own. */
  readonly port: number | undefined
  readonly http: HttpCheckConfig
}

export interface HttpCheckConfig {
  readonly path: string
  /** Inclusive ranges of accepted status codes. */
  readonly expect: readonly StatusRange[]
  /** `Host` to send; undefined = the backend's address. */
  readonly host: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Text that the first 64 KiB of the body must hold; undefined = any body. */
  readonly bodyContains: string | undefined
}

export interface StatusRange {
  readonly from: number
  readonly to: number
}
