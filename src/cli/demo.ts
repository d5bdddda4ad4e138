import { resolveOptions } from '../config/resolve.ts'
import type { AdminConfig } from '../config/schema.ts'
import type { TcpAddress } from '../core/address.ts'
import { ListenError } from '../core/errors.ts'
import { type HttpBackend, httpBackend } from '../testing/http-backend.ts'
import type { Presence } from '../service/presence.ts'
import { type Service, startService } from '../service/service.ts'
import { announce, beginLog, dashboardOf } from './announce.ts'
import type { CommandContext } from './context.ts'
import { DemoKeys } from './demo-keys.ts'
import { HangUps } from './hang-ups.ts'
import { type OpenLog, openLog } from './open-log.ts'
import { openPresence } from './open-presence.ts'
import type { DemoRequest } from './requests.ts'
import { serveUntilStopped } from './serve-until-stopped.ts'
import { StopRequests } from './stop-requests.ts'

const BACKENDS = ['a', 'b', 'c']
const HIGHEST_PORT = 65_535

/** `fairlead demo`: three HTTP backends and a balancer before them, in one process. */
export async function demo(request: DemoRequest, context: CommandContext): Promise<number> {
  const backends = await Promise.all(BACKENDS.map((name) => httpBackend({ name })))
  try {
    const hangUps = new HangUps(context)
    const open = await openLog(request.logging, context)
    await using presence = openPresence(request.pidFile, { open, context })
    const stops = new StopRequests(context)
    await using service = await listenNear(request, { backends, presence, open, stops })
    const keys = new DemoKeys({
      keyboard: context.keyboard,
      backends,
      log: open.log,
      stop: () => context.signals.emit('SIGINT'),
    })
    const hints = hintsFor({ service, backends, request, keys })
    // JSON lines are for machines: people are told beside them.
    if (open.pretty === undefined) context.printError(`${hints.join('\n')}\n`)
    await announce(service, { open, logging: request.logging, hints })
    keys.start()
    try {
      return await serveUntilStopped(service, { open, context, hangUps, stops })
    } finally {
      keys.end()
    }
  } finally {
    await Promise.all(backends.map((backend) => backend.stop()))
  }
}

/** Listens on the port that was asked for, or on the next one that is free; so does the dashboard, unless it was told where. */
async function listenNear(
  { port, options, logging, pidFile, admin, isAdminGiven }: DemoRequest,
  facts: {
    readonly backends: readonly HttpBackend[]
    readonly presence: Presence
    readonly open: OpenLog
    readonly stops: StopRequests
  },
): Promise<Service> {
  const { backends, presence, open, stops } = facts
  let listen = port
  let dashboard = admin
  for (;;) {
    const config = resolveOptions({
      ...options,
      listen,
      backends: backends.map((backend) => ({ id: backend.name, address: backend.port })),
    })
    try {
      return await startService({
        config: { ...config, log: logging, pidFile, admin: dashboard },
        presence,
        onOpening: stops.begin,
        onBegun: (balancer) => beginLog(balancer, { open, logging }),
      })
    } catch (error) {
      const taken = addressInUse(error)
      if (taken === undefined) throw error
      const next = isAdminGiven ? undefined : nextPort(dashboard, taken)
      if (next !== undefined) dashboard = next
      else if (taken.port === listen && listen < HIGHEST_PORT) listen++
      else throw error
    }
  }
}

function addressInUse(error: unknown): TcpAddress | undefined {
  if (!(error instanceof ListenError) || error.address.kind === 'unix') return undefined
  return (error.cause as NodeJS.ErrnoException).code === 'EADDRINUSE' ? error.address : undefined
}

/** The same one port up, where it is this one that is taken. */
function nextPort(admin: AdminConfig | undefined, taken: TcpAddress): AdminConfig | undefined {
  if (admin?.address.kind !== 'tcp' || admin.address.port !== taken.port || taken.port >= HIGHEST_PORT)
    return undefined
  return { ...admin, address: { ...admin.address, port: taken.port + 1 } }
}

function hintsFor(facts: {
  service: Service
  backends: readonly HttpBackend[]
  request: DemoRequest
  keys: DemoKeys
}): string[] {
  const { service, backends, request, keys } = facts
  const first = backends[0] as HttpBackend
  const health = `http://localhost:${first.port}/health`
  const { port, config } = service.balancer
  const wanted = request.port
  const dashboard = dashboardOf(service)
  const isExplained = config.listeners[0]?.http?.explain === true
  return [
    ...(wanted === 0 || wanted === port ? [] : [`Port ${wanted} is in use, so this is ${port}.`, '']),
    ...(dashboard === undefined ? [] : [`Watch it live: ${dashboard}`, '']),
    'Now try, in another terminal:',
    '',
    ...inColumns([
      [`curl http://localhost:${port}`, 'again and again: a, b, c take turns'],
      ...(isExplained ? [[`curl -i http://localhost:${port}`, 'x-fairlead-backend tells who'] as const] : []),
      [`curl -X POST ${health}/fail`, 'a fails its checks and leaves'],
      [`curl -X POST ${health}/ok`, 'a passes them and comes back'],
    ]),
    '',
    ...(keys.available
      ? ['Or press a, b or c to stop that backend and start it again; q quits.']
      : ['Ctrl-C lets open sessions finish and stops.']),
  ]
}

function inColumns(lines: readonly (readonly [command: string, what: string])[]): string[] {
  const width = Math.max(...lines.map(([command]) => command.length))
  return lines.map(([command, what]) => `  ${command.padEnd(width)}   # ${what}`)
}
