import type { ListenerModel, Model, PoolModel } from './model.ts'
import { httpConfig, modeOf } from './resolve-http.ts'
import { poolConfig } from './resolve-pool.ts'
import { poolsOf, routesOf } from './resolve-routes.ts'
import type { Config, ListenerConfig, LogConfig } from './schema.ts'

/** The configuration that a model comes to, if `modelProblems` finds nothing wrong with it. */
export function configOf(model: Model): Config {
  const { values } = model
  const log: LogConfig = {
    level: values.logLevel,
    format: values.logFormat,
    sessions: values.sessionLog,
    accessLog: values.accessLog,
  }
  return {
    listeners: model.listeners.map((listener) => listenerConfig(listener, model.pools)),
    pools: model.pools.map(poolConfig),
    shutdownDelayMs: values.shutdownDelay,
    shutdownTimeoutMs: values.shutdownTimeout,
    admin: model.admin,
    log,
    pidFile: values.pidFile,
    io: values.io,
    faults: values.faults === true ? [] : values.faults,
  }
}

function listenerConfig(listener: ListenerModel, pools: readonly PoolModel[]): ListenerConfig {
  const { name, address, values } = listener
  const routes = routesOf(listener)
  const reached = poolsOf(listener, pools)
  return {
    name,
    address,
    pool: listener.pool ?? routes[0]?.pool ?? '',
    maxConnections: values.maxConnections,
    idleTimeoutMs: values.idleTimeout,
    halfClosedTimeoutMs: values.halfClosedTimeout,
    http: modeOf(listener, reached) === 'http' ? httpConfig(values, routes) : undefined,
  }
}
