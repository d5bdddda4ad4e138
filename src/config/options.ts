import type { StrategyName } from '../balance/strategies.ts'
import type { Clock } from '../core/clock.ts'
import type { Probe } from '../core/probe.ts'
import type { StrategyFactory } from '../core/strategy.ts'

/** Milliseconds, or a text such as `'250ms'`, `'2s'`, `'1m30s'`, `'1h'`. */
export type Duration = number | string

/** One backend, spelled out. A number or a text such as `'a=host:3001@5'` says the same in short. */
export interface BackendOptions {
  /**
   * `3001` (127.0.0.1), `'host:3001'`, `'[::1]:3001'`, `'unix:/run/app.sock'`, `'tcp://host:port'`,
   * `'tls://host:port'` (TLS to the backend), `'http://host'`, `'https://host'`. Name and weight may stand in it
   * too (`'a=host:3001@5'`), but not both there and here.
   */
  readonly address: number | string
  /** Its name in logs, snapshots and commands, unique; default the address. `[A-Za-z0-9._:\[\]/-]`, at most 128. */
  readonly id?: string | undefined
  /** 0 to 256, default 1; 0 takes no new sessions. */
  readonly weight?: number | undefined
  /** Serves only while no other backend can; default false. */
  readonly backup?: boolean | undefined
  /** Most sessions at once, 0 = no limit; default {@link BalancerOptions.backendMaxConnections}. */
  readonly maxConnections?: number | undefined
}

/** What `createBalancer` takes. Every option but the first two is the flag of the same name in camelCase. */
export interface BalancerOptions {
  /**
   * Where to listen: `8080` (all interfaces), `0` (a free port), `'127.0.0.1:8080'`, `'[::1]:8080'`,
   * `'unix:/run/lb.sock'`.
   */
  readonly listen: number | string
  /** Numbers, texts (several with commas between) or objects. May be empty: see `addBackend`. */
  readonly backends: readonly (number | string | BackendOptions)[]

  /** How a backend is picked: a name, or a strategy of your own. Default `'round-robin'`. */
  readonly balance?: StrategyName | StrategyFactory | undefined
  /** Backends that serve only while no other can. */
  readonly backup?: number | string | readonly (number | string | BackendOptions)[] | undefined
  /** Most sessions at once on each backend; more wait in a queue. Default 0 = no limit. */
  readonly backendMaxConnections?: number | undefined
  /** Most sessions that wait for a backend with room; more are reset. Default 1,000. */
  readonly maxQueue?: number | undefined
  /** How long a session waits for a backend with room; 0 = for ever. Default 5 s. */
  readonly queueTimeout?: Duration | undefined
  /** With no healthy backend: fail at once, or try them anyway. Default `'fail'`. */
  readonly whenAllDown?: 'fail' | 'try' | undefined

  /** Time for one attempt to connect to a backend; 0 = no limit of ours. Default 5 s. */
  readonly connectTimeout?: Duration | undefined
  /** More attempts after a failed connect, each at another backend while there is one. Default 3. */
  readonly retries?: number | undefined
  /** Take a backend out for a while after 3 failed connects in a row. Default true. */
  readonly eject?: boolean | undefined

  /** Most open sessions; more are reset. Default: what the process's descriptor limit allows. */
  readonly maxConnections?: number | undefined
  /** End a session after so long without a byte either way; 0 = never. Default 1 h. */
  readonly idleTimeout?: Duration | undefined
  /** The same once one side has ended its direction. Default 1 min. */
  readonly halfClosedTimeout?: Duration | undefined
  /** What happens to the open sessions of a backend that goes down. Default `'keep'`. */
  readonly onDown?: 'keep' | 'close' | undefined

  /** Connect, ask over HTTP, do not check, or a probe of your own. Default `'tcp'`. */
  readonly check?: 'tcp' | 'http' | 'off' | Probe | undefined
  /** Time between two checks of a backend. Default 2 s. */
  readonly checkInterval?: Duration | undefined
  /** The same while a backend is about to go up or down. Default 500 ms. */
  readonly fastInterval?: Duration | undefined
  /** The same while a backend is down. Default {@link checkInterval}. */
  readonly downInterval?: Duration | undefined
  /** Time for one check. Default 1 s. */
  readonly checkTimeout?: Duration | undefined
  /** Passed checks in a row that bring a backend up. Default 2. */
  readonly rise?: number | undefined
  /** Failed checks in a row that take it down. Default 3. */
  readonly fall?: number | undefined
  /** State of a backend before its first check. Default `'up'`. */
  readonly initial?: 'up' | 'down' | undefined
  /** Raise the share of a recovered backend over this time; 0 = all at once. Default 0. */
  readonly slowStart?: Duration | undefined
  /** Port to check. Default: the backend's own. */
  readonly checkPort?: number | undefined
  /** Path that HTTP checks ask for. Default `'/health'`. */
  readonly checkPath?: string | undefined
  /** Status codes that pass: `200`, `'200-299'`, `[200, 204]`. Default `'200-399'`. */
  readonly checkExpect?: number | string | readonly (number | string)[] | undefined
  /** `Host` that HTTP checks send. Default: the backend's. */
  readonly checkHost?: string | undefined
  /** Headers that HTTP checks send: an object, or `'Name: value'`. */
  readonly checkHeader?: string | readonly string[] | Readonly<Record<string, string>> | undefined
  /** Text that must stand in the first 64 KiB of the answer. */
  readonly checkBody?: string | undefined

  /** How long `drain()` lets open sessions finish; 0 = as long as it takes. Default 30 s. */
  readonly shutdownTimeout?: Duration | undefined
  /**
   * How bytes are moved: `'handles'` is the fastest and uses an internal of Node, `'sockets'` only public
   * interfaces; `'auto'` (default) takes the fastest that this Node offers.
   */
  readonly io?: 'auto' | 'handles' | 'sockets' | undefined

  /** Its abort closes the balancer at once: open sessions are reset. */
  readonly signal?: AbortSignal | undefined
  /** Where all time comes from; tests pass one that they turn by hand. */
  readonly clock?: Clock | undefined
  /** Numbers in [0, 1); tests pass a seeded one. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}
