import type { BalancerOptions } from '../config/options.ts'
import { type Balancer, createBalancer } from '../control/balancer.ts'
import { ListenError } from '../core/errors.ts'
import { type HttpBackend, httpBackend } from '../testing/http-backend.ts'
import { announce } from './announce.ts'
import type { CommandContext } from './context.ts'
import { DemoKeys } from './demo-keys.ts'
import { openLog } from './open-log.ts'
import { openPresence } from './open-presence.ts'
import type { DemoRequest } from './requests.ts'
import { serveUntilStopped } from './serve-until-stopped.ts'

const BACKENDS = ['a', 'b', 'c']
const HIGHEST_PORT = 65_535

/** `fairlead demo`: three HTTP backends and a balancer before them, in one process. */
export async function demo(request: DemoRequest, context: CommandContext): Promise<number> {
  const backends = await Promise.all(BACKENDS.map((name) => httpBackend({ name })))
  try {
    const open = await openLog(request.logging, context)
    await using presence = openPresence(request.pidFile, { open, context })
    const balancer = await listenNear(request.port, {
      ...request.options,
      backends: backends.map(({ name, port }) => ({ id: name, address: port })),
    })
    presence.appear(balancer.addresses)
    const keys = new DemoKeys({
      keyboard: context.keyboard,
      backends,
      log: open.log,
      stop: () => context.signals.emit('SIGINT'),
    })
    const hints = hintsFor({ balancer, backends, wanted: request.port, keys })
    // JSON lines are for machines: people are told beside them.
    if (open.pretty === undefined) context.printError(`${hints.join('\n')}\n`)
    await announce(balancer, { open, logging: request.logging, hints })
    keys.start()
    try {
      return await serveUntilStopped(balancer, { open, context, presence })
    } finally {
      keys.end()
    }
  } finally {
    await Promise.all(backends.map((backend) => backend.stop()))
  }
}

/** Listens on `port`, or on the next one that is free. */
async function listenNear(port: number, options: Omit<BalancerOptions, 'listen'>): Promise<Balancer> {
  for (let candidate = port; ; candidate++) {
    try {
      return await createBalancer({ ...options, listen: candidate })
    } catch (error) {
      const cause: unknown = error instanceof ListenError ? error.cause : undefined
      const isTaken = (cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
      if (!isTaken || candidate >= HIGHEST_PORT) throw error
    }
  }
}

function hintsFor(facts: {
  balancer: Balancer
  backends: readonly HttpBackend[]
  wanted: number
  keys: DemoKeys
}): string[] {
  const { balancer, backends, wanted, keys } = facts
  const first = backends[0] as HttpBackend
  const health = `http://localhost:${first.port}/health`
  const { port, config } = balancer
  const isExplained = config.listeners[0]?.http?.explain === true
  return [
    ...(wanted === 0 || wanted === port ? [] : [`Port ${wanted} is in use, so this is ${port}.`, '']),
    'Now try, in another terminal:',
    '',
    `  curl http://localhost:${port}                       # again and again: a, b, c take turns`,
    ...(isExplained
      ? [`  curl -i http://localhost:${port}                    # x-fairlead-backend tells who`]
      : []),
    `  curl -X POST ${health}/fail   # a fails its checks and leaves`,
    `  curl -X POST ${health}/ok     # a passes them and comes back`,
    '',
    ...(keys.available
      ? ['Or press a, b or c to stop that backend and start it again; q quits.']
      : ['Ctrl-C lets open sessions finish and stops.']),
  ]
}
