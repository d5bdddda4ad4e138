import type { ListenerConfig } from '../config/schema.ts'
import type { Balancer } from '../control/balancer.ts'
import { formatAddress } from '../core/address.ts'
import { systemClock } from '../core/clock.ts'
import type { BalancerEvents } from '../core/events.ts'
import type { PoolSnapshot } from '../core/snapshot.ts'
import { formatBanner } from '../log/banner.ts'
import { escapeText } from '../log/escape-text.ts'
import { isLogged } from '../log/log.ts'
import { logEvents } from '../log/log-events.ts'
import type { Service } from '../service/service.ts'
import { checkInWords } from './check-in-words.ts'
import type { OpenLog } from './open-log.ts'
import type { LoggingOptions } from './requests.ts'
import { packageVersion } from '../core/package-version.ts'

/** How long the banner waits to show the result of each backend's first check. Traffic waits for nothing. */
const BANNER_PATIENCE_MS = 500

/**
 * Connects the log to a balancer that has just begun to listen. What it tells is kept back until `announce`, for the rest
 * of the service may fail to start.
 */
export function beginLog(
  balancer: Balancer,
  { open, logging }: { readonly open: OpenLog; readonly logging: LoggingOptions },
): void {
  if (open.pretty === undefined) {
    open.destination.hold()
    if (isLogged('info', logging.level)) announceListeners(balancer, open)
  } else open.pretty.hold()
  logEvents(balancer, open.log, {
    ...logging,
    isHttp: (name) =>
      balancer.config.listeners.find((listener) => listener.name === name)?.http !== undefined,
  })
}

/** Tells of the start of a service, and of what has happened since `beginLog`. */
export async function announce(
  service: Service,
  options: { readonly open: OpenLog; readonly logging: LoggingOptions; readonly hints?: readonly string[] },
): Promise<void> {
  const { open, logging } = options
  const { balancer } = service
  if (open.pretty === undefined) {
    if (isLogged('info', logging.level)) announceAdmin(service, open)
    return open.destination.release()
  }
  await firstChecks(balancer)
  const banner = formatBanner(
    {
      version: packageVersion(),
      snapshot: balancer.snapshot(),
      checks: new Map(
        balancer.config.pools.map(({ name, check }) => [
          name,
          { text: checkInWords(check), isOff: check.kind === 'off' },
        ]),
      ),
      dashboard: dashboardOf(service),
      hints: options.hints ?? ['Ctrl-C lets open sessions finish and stops.'],
    },
    open.paint,
  )
  open.pretty.release(isLogged('info', logging.level) ? banner : '')
}

/** As a browser is told it, or as the commands are where it is a unix socket. */
export function dashboardOf({ adminAddress }: Pick<Service, 'adminAddress'>): string | undefined {
  if (adminAddress === undefined) return undefined
  return adminAddress.kind === 'unix' ? formatAddress(adminAddress) : `http://${formatAddress(adminAddress)}`
}

function announceAdmin({ adminAddress }: Service, open: OpenLog): void {
  if (adminAddress === undefined) return
  const address = formatAddress(adminAddress)
  open.log.write({
    level: 'info',
    event: 'admin:open',
    msg: `operators are welcome on ${escapeText(address)}`,
    fields: { address },
  })
}

function announceListeners(balancer: Balancer, open: OpenLog): void {
  const { listeners, pools } = balancer.snapshot()
  // Each pool is told once, at the first listener that leads to it: where there are many of both, the lines stay short.
  const told = new Set<string>()
  for (const { name, address, mode, maxConnections } of listeners) {
    const reached = poolsOf(balancer.config.listeners.find((listener) => listener.name === name))

    open.log.write({
      level: 'info',
      event: 'listener:open',
      msg: `listening on ${escapeText(address)}`,
      fields: {
        listener: name,
        address,
        mode,
        maxConnections,
        version: packageVersion(),
        pid: process.pid,
        pools: pools
          .filter((pool) => reached.has(pool.name))
          .map((pool) => ({ pool: pool.name, ...(isNew(told, pool.name) ? detailsOf(pool) : {}) })),
      },
    })
  }
}

/** Of one that a listener leads to, by a route or at last. */
function poolsOf(listener: ListenerConfig | undefined): ReadonlySet<string> {
  const routes = listener?.http?.routes ?? []
  return new Set([listener?.pool ?? '', ...routes.map(({ pool }) => pool)])
}

function isNew(told: Set<string>, name: string): boolean {
  const size = told.size
  return told.add(name).size > size
}

function detailsOf({ strategy, backends }: PoolSnapshot): object {
  return {
    strategy,
    backends: backends.map(({ id, address, weight, backup }) => ({ id, address, weight, backup })),
  }
}

/** Resolves once each backend was checked, or when patience ends. */
async function firstChecks(balancer: Balancer): Promise<void> {
  const unchecked = new Set(
    balancer
      .snapshot()
      .pools.flatMap(({ backends }) => backends)
      .filter(({ lastCheck }) => lastCheck === undefined)
      .map(({ id }) => id),
  )
  const isChecked = balancer.config.pools.some(({ check }) => check.kind !== 'off')
  if (!isChecked || unchecked.size === 0) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      timer.cancel()
      balancer.off('backend:check', onCheck)
      resolve()
    }
    const onCheck = ({ id }: BalancerEvents['backend:check'][0]): void => {
      unchecked.delete(id)
      // The check is emitted before what it changes; the banner shall show the change.
      if (unchecked.size === 0) setImmediate(done)
    }
    const timer = systemClock.setTimer(done, BANNER_PATIENCE_MS)
    balancer.on('backend:check', onCheck)
  })
}
