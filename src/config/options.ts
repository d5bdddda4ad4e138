import type { StrategyName } from '../balance/strategies.ts'
import type { Address } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import type { Probe } from '../core/probe.ts'
import type { Seed } from '../core/seed.ts'
import type { StrategyFactory } from '../core/strategy.ts'
import type { FaultSpec } from '../faults/fault-spec.ts'

/** Milliseconds, or a text such as `'250ms'`, `'2s'`, `'1m30s'`, `'1h'`. */
export type Duration = number | string

/** Bytes, or a text such as `'16KiB'`, `'1MiB'`, `'10MB'`. */
export type Size = number | string

/** One backend, spelled out. A number or a text such as `'a=host:3001@5'` says the same in short. */
export interface BackendOptions {
  /**
   * `3001` (127.0.0.1), `'host:3001'`, `'[::1]:3001'`, `'unix:/run/app.sock'`, `'tcp://host:port'`,
   * `'tls://host:port'` (TLS to the backend), `'http://host'`, `'https://host'`. Name and weight may stand in it
   * too (`'a=host:3001@5'`), but not both there and here. Whatever has an `address` of its own, as the fixtures of
   * `fairlead/testing` have, may stand for a backend as it is.
   */
  readonly address: number | string | Address
  /** Its name in logs, snapshots and commands, unique; default the address. `[A-Za-z0-9._:\[\]/-]`, at most 128. */
  readonly id?: string | undefined
  /** 0 to 256, default 1; 0 takes no new sessions. */
  readonly weight?: number | undefined
  /** Serves only while no other backend can; default false. */
  readonly backup?: boolean | undefined
  /** Most sessions at once, 0 = no limit; default {@link PoolSettings.backendMaxConnections}. */
  readonly maxConnections?: number | undefined
  /** State before its first check; default {@link PoolSettings.initial}. */
  readonly initial?: 'up' | 'down' | undefined
}

/** How a pool balances. Given to `createBalancer` itself, it holds for all pools that say nothing else. */
export interface PoolSettings {
  /** How a backend is picked: a name, or a strategy of your own. Default `'round-robin'`. */
  readonly balance?: StrategyName | StrategyFactory | undefined
  /** Backends that serve only while no other can. */
  readonly backup?:
    number | string | BackendOptions | readonly (number | string | BackendOptions)[] | undefined
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

  /**
   * HTTP mode: keep each client at its backend: by a cookie of ours, or by a hash of a header's value. A backend that
   * is gone or full is replaced. Default `'off'`.
   */
  readonly sticky?: 'off' | 'cookie' | `header:${string}` | undefined
  /** HTTP mode: name of that cookie. Default `'fairlead'`. */
  readonly stickyCookie?: string | undefined
  /** CAs that TLS backends are verified by: a PEM file, or what is in it. Default: the system's. */
  readonly backendCa?: string | undefined
  /** Whether TLS backends must prove by their certificate that they are who they are called. Default true. */
  readonly backendVerify?: boolean | undefined
}

/** One of the pools that routes lead to. */
export interface PoolOptions extends PoolSettings {
  /** As {@link BalancerOptions.backends}. */
  readonly backends: readonly (number | string | BackendOptions)[]
}

/**
 * Which requests go to which pool. Exact hosts come first, then wildcards, then no host; longer paths come before
 * shorter ones, whatever the order in which they are given.
 */
export interface RouteOptions {
  /** `'app.example.org'`, or `'*.example.org'` for every name below it; default any. */
  readonly host?: string | undefined
  /** Prefix of whole segments: `'/api'` takes `/api` and `/api/x`, but not `/apis`. Default `'/'`. */
  readonly path?: string | undefined
  /** A name out of `pools`, or `'main'` for `backends`. */
  readonly pool: string
  /** Cut `path` off before the request goes out. Default false. */
  readonly stripPrefix?: boolean | undefined
  /** Fields that the backend gets, whatever the client sent. */
  readonly setRequestHeaders?: Readonly<Record<string, string>> | undefined
  readonly removeRequestHeaders?: string | readonly string[] | undefined
  /** Fields that the client gets, whatever the backend sent. */
  readonly setResponseHeaders?: Readonly<Record<string, string>> | undefined
  readonly removeResponseHeaders?: string | readonly string[] | undefined
}

/** How a listener takes sessions and requests. Given to `createBalancer` itself, it holds for its one listener. */
export interface ListenerSettings {
  /** Most open sessions; more are reset. Default: what the process's descriptor limit allows. */
  readonly maxConnections?: number | undefined
  /** End a session after so long without a byte either way; 0 = never. Default 1 h. */
  readonly idleTimeout?: Duration | undefined
  /** The same once one side has ended its direction. Default 1 min. */
  readonly halfClosedTimeout?: Duration | undefined
  /**
   * Balance connections or HTTP requests. `'auto'` (default): requests where every backend is given as `http://` or
   * `https://`, else connections.
   */
  readonly mode?: 'tcp' | 'http' | 'auto' | undefined
  /** HTTP mode: time for a request's head to arrive; 0 = no limit. Default 10 s. */
  readonly requestTimeout?: Duration | undefined
  /** HTTP mode: time between two pieces of a request's body; 0 = no limit. Default 30 s. */
  readonly bodyTimeout?: Duration | undefined
  /** HTTP mode: time for a backend to begin its answer; 0 = no limit. Default 60 s. */
  readonly responseTimeout?: Duration | undefined
  /** HTTP mode: time between two requests of a client; 0 = no limit. Default 60 s. */
  readonly keepAliveTimeout?: Duration | undefined
  /** HTTP mode: most bytes in the head of a request or a response. Default 16 KiB. */
  readonly maxHeadSize?: Size | undefined
  /** HTTP mode: most bytes in the body of a request; 0 (default) = any. */
  readonly maxBodySize?: Size | undefined
  /** HTTP mode: addresses and networks (`'10.0.0.0/8'`) whose X-Forwarded-* and Forwarded count. Default none. */
  readonly trustedProxies?: string | readonly string[] | undefined
  /** HTTP mode: send `Forwarded` (RFC 7239) to backends too. Default false. */
  readonly forwarded?: boolean | undefined
  /** HTTP mode: our name in `Via`, both ways. Default: no such field. */
  readonly via?: string | undefined
  /** HTTP mode: `X-Fairlead-Backend` and `X-Fairlead-Tried` in each response. Default false. */
  readonly explain?: boolean | undefined
  /** HTTP mode: protocols that a connection may be upgraded to; `'none'` = no upgrades. Default `'websocket'`. */
  readonly upgrades?: string | readonly string[] | undefined
  /** HTTP mode: folder with error pages: `503.html`, `503.json`, `503.txt`, ... Default: our own. */
  readonly errorPages?: string | undefined
}

/** What `createBalancer` takes. Nearly every option is the flag of the same name in camelCase. */
export interface BalancerOptions extends PoolSettings, ListenerSettings {
  /**
   * Where to listen: `8080` (all interfaces), `0` (a free port), `'127.0.0.1:8080'`, `'[::1]:8080'`,
   * `'unix:/run/lb.sock'`.
   */
  readonly listen: number | string
  /**
   * Numbers, texts (several with commas between) or objects. May be empty: see `addBackend`. Beside `pools` it may be
   * left out; a request that no route takes is then answered 404.
   */
  readonly backends?: readonly (number | string | BackendOptions)[] | undefined
  /** HTTP mode: more pools, by name, for `routes` to lead to. What one leaves out it has from here. */
  readonly pools?: Readonly<Record<string, PoolOptions>> | undefined
  /** HTTP mode: which requests go to which pool; the rest goes to `backends`. */
  readonly routes?: readonly RouteOptions[] | undefined

  /** How long `drain()` lets open sessions finish; 0 = as long as it takes. Default 30 s. */
  readonly shutdownTimeout?: Duration | undefined
  /** How long `drain` goes on accepting while `state` is `draining` already, so that others can turn away. Default 0. */
  readonly shutdownDelay?: Duration | undefined
  /**
   * How bytes are moved: `'handles'` is the fastest and uses an internal of Node, `'sockets'` only public
   * interfaces; `'auto'` (default) takes the fastest that this Node offers.
   */
  readonly io?: 'auto' | 'handles' | 'sockets' | undefined

  /**
   * Allows faults on purpose (`lb.faults`), for tests: refused connects, latency, resets, ... Default false: then nothing
   * of it is even loaded. A list allows them too, and these are in force from the start.
   */
  readonly faults?: boolean | readonly FaultSpec[] | undefined

  /** Its abort closes the balancer at once: open sessions are reset. */
  readonly signal?: AbortSignal | undefined
  /** Where all time comes from; tests pass one that they turn by hand. */
  readonly clock?: Clock | undefined
  /** Numbers in [0, 1); tests pass a seeded one, or a `seed`. Default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Makes every choice by chance repeatable, and stands in what `describe` says. Not beside `random`. */
  readonly seed?: Seed | undefined
  /** Keeps all events for `history()`, the latest 1,000 or so many. For tests: it costs a little per session. Default false. */
  readonly history?: boolean | { readonly most?: number | undefined } | undefined
  /** What `close()` does unless it is told: throw where sessions, leases, sockets or timers are left. Default false. */
  readonly assertNoLeaks?: boolean | undefined
}
