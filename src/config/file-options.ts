import type { FaultSpec } from '../faults/fault-spec.ts'
import type { BackendOptions, Duration, ListenerSettings, PoolSettings, RouteOptions } from './options.ts'

/**
 * A configuration, as a file holds it: what `fairlead run --config` reads out of YAML, JSON or a module. Every setting is
 * called as the option of `createBalancer`.
 */
export interface FairleadConfig {
  /** Where editors find the schema; means nothing here. */
  readonly $schema?: string | undefined
  /** Settings of pools and listeners that say nothing else. */
  readonly defaults?: DefaultSettings | undefined
  /** Where sessions come from, by name. */
  readonly listeners: Readonly<Record<string, ListenerFileOptions>>
  /** Where they go, by name. */
  readonly pools: Readonly<Record<string, PoolFileOptions>>
  /** Admin API, dashboard and metrics: a port of 127.0.0.1, an address, or more. Default: nowhere. */
  readonly admin?: number | string | AdminOptions | undefined
  readonly log?: LogOptions | undefined
  readonly shutdown?: ShutdownOptions | undefined
  /** File that holds the number of the process while it runs. */
  readonly pidFile?: string | undefined
  /** How bytes are moved; `'sockets'`: only public parts of Node. Default `'auto'`. */
  readonly io?: 'auto' | 'handles' | 'sockets' | undefined
  /** Whether faults may be added, for tests; a list: these are in force from the start. Default false. */
  readonly faults?: boolean | readonly FaultSpec[] | undefined
}

export interface DefaultSettings extends Omit<PoolSettings, 'backup'>, ListenerSettings {}

export interface ListenerFileOptions extends ListenerSettings {
  /** `8080` (all interfaces), `'127.0.0.1:8080'`, `'[::1]:8080'`, `'unix:/run/lb.sock'`. */
  readonly listen: number | string
  /** Name of the pool that it forwards to; beside `routes`: where everything else goes. */
  readonly pool?: string | undefined
  /** HTTP mode: which requests go to which pool. What none takes goes to `pool`, or is answered 404. */
  readonly routes?: readonly RouteOptions[] | undefined
}

export interface PoolFileOptions extends PoolSettings {
  /** Numbers, texts (several with commas between) or objects. */
  readonly backends?: readonly (number | string | BackendOptions)[] | undefined
  /** Backends out of DNS or a file, instead of `backends`. */
  readonly discover?: DiscoverOptions | undefined
}

/** One of `dns`, `srv` and `file`. */
export interface DiscoverOptions {
  /** Every A and AAAA record of a name: `'app.internal:8080'`, `'http://app.internal:8080'`, `'tls://app.internal:443'`. */
  readonly dns?: string | undefined
  /** SRV records: `'_pg._tcp.example.org'`, `'http://_web._tcp.example.org'`. */
  readonly srv?: string | undefined
  /** JSON or YAML file with a list of backends, as `backends` would hold them; watched. */
  readonly file?: string | undefined
  /** Between two looks. Default 5 s. */
  readonly interval?: Duration | undefined
  /** More backends than this are refused, and the last good answer stays. Default 1,000. */
  readonly most?: number | undefined
  /** Name servers to ask: `'10.0.0.53'`, `'10.0.0.53:5353'`. Default: the system's. */
  readonly nameServers?: string | readonly string[] | undefined
  /** For one query. Default 2 s. */
  readonly timeout?: Duration | undefined
}

export interface AdminOptions {
  /** A port of 127.0.0.1, or where else to listen; beyond this machine only with a token. Default 8090. */
  readonly listen?: number | string | undefined
  /** What callers must show, at least 8 characters. Better kept in a file: `tokenFile`. */
  readonly token?: string | undefined
  /** File that holds the token. */
  readonly tokenFile?: string | undefined
  /** Names, beside IP addresses and `localhost`, by which it may be called. */
  readonly hosts?: string | readonly string[] | undefined
}

export interface LogOptions {
  /** The least that is logged. Default `'info'`. */
  readonly level?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent' | undefined
  /** Default: pretty on a terminal, else JSON. */
  readonly format?: 'pretty' | 'json' | undefined
  /** A line for each session, or in HTTP mode for each request. Default true. */
  readonly sessions?: boolean | undefined
  /** How the line of a request is written. Default: as `format`. */
  readonly access?: 'json' | 'common' | 'combined' | undefined
}

export interface ShutdownOptions {
  /** How long a stop lets sessions finish; 0 = for ever. Default 30 s. */
  readonly timeout?: Duration | undefined
  /** How long a stop goes on accepting first, while readiness fails. Default 0. */
  readonly delay?: Duration | undefined
}

/** The configuration, checked by the types: for `export default defineConfig({ ... })` in a module. */
export function defineConfig(config: FairleadConfig): FairleadConfig {
  return config
}
