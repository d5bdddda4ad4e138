import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { ControlPort } from '../control/port.ts'
import type { Address } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import { systemClock, wait } from '../core/clock.ts'
import { ListenError } from '../core/errors.ts'
import { descriptorLimit } from '../net/descriptors.ts'
import { hasBindings } from '../net/handle-bindings.ts'
import { boundAddress, listen } from '../net/listen.ts'
import { assertBalancer, assertOptions } from './assert-options.ts'
import { Connections } from './connections.ts'
import { assertGuarded } from './guards/check-exposure.ts'
import { Router } from './http/router.ts'
import type { AdminLimits } from './limits.ts'
import { adminLimits } from './limits.ts'
import { Parts } from './parts.ts'
import { RequestHandler } from './request-handler.ts'
import { routes } from './routes.ts'
import type { Admin, AdminOptions } from './start-admin.ts'
import type { Vestibule } from './vestibule.ts'

/** For answers that are being made when it closes. */
const CLOSE_PATIENCE_MS = 1_000
const MOST_HEAD_BYTES = 16 * 1024
/** All that wait are accepted in one go, while traffic waits: to accept one takes some hundredths of a millisecond. */
const BACKLOG = 64

/** Loaded here, so that the events of a balancer that has begun are heard in the same turn of the loop. */
const entrance = hasBindings ? await import('./vestibule.ts') : undefined

/** Use {@link startAdmin}. */
export class AdminServer implements Admin {
  readonly address: Address
  readonly #server: Server
  readonly #clock: Clock
  readonly #connections: Connections
  /** Undefined where Node has no handles that we know: node:http does it all then. */
  readonly #vestibule: Vestibule | undefined
  readonly #parts: Parts
  readonly #closing = new AbortController()
  #closed: Promise<void> | undefined

  static async start(control: ControlPort, options: AdminOptions): Promise<AdminServer> {
    assertBalancer(control)
    assertOptions(options)
    assertGuarded(options.address, options.token)
    const limits = { ...adminLimits(descriptorLimit()), ...options.limits }
    const server = await listen(options.address, () => undefined, {
      make: () => makeServer(limits),
      backlog: BACKLOG,
      ownerOnly: true,
    }).catch((error: unknown) => {
      if (!(error instanceof ListenError)) throw error
      throw new ListenError(error.address, error.cause as NodeJS.ErrnoException, 'the admin listener')
    })
    // Nothing can have come in yet: the loop has not turned since it listens.
    return new AdminServer(control, { options, limits, server: server as Server })
  }

  private constructor(
    control: ControlPort,
    made: {
      readonly options: AdminOptions
      readonly limits: AdminLimits
      readonly server: Server
    },
  ) {
    const { options, limits, server } = made
    this.address = boundAddress(server, options.address)
    this.#server = server
    this.#clock = options.clock ?? systemClock
    const { patienceMs, connections: most } = limits
    this.#parts = new Parts(control, { ...options, clock: this.#clock, address: this.address, limits })
    const handler = new RequestHandler({
      context: this.#parts,
      router: new Router(routes),
      hosts: options.address.kind === 'unix' ? undefined : new Set(options.hosts),
      patienceMs,
      closing: this.#closing.signal,
    })
    this.#connections = new Connections(server, {
      most,
      handle: (request, response) => void handler.handle(request, response),
    })
    this.#vestibule =
      entrance &&
      new entrance.Vestibule({
        clock: this.#clock,
        connections: this.#connections,
        most,
        patienceMs,
        mostHeadBytes: MOST_HEAD_BYTES,
      })
    this.#vestibule?.standBefore(server)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#closing.abort()
    this.#connections.close()
    this.#parts.close()
    this.#vestibule?.close()
    const inTime = new AbortController()
    await Promise.race([closed, wait(this.#clock, CLOSE_PATIENCE_MS, inTime.signal)])
    inTime.abort()
    this.#server.closeAllConnections()
    await closed
  }
}

function makeServer({ patienceMs }: AdminLimits): Server {
  const server = createServer({
    headersTimeout: patienceMs,
    requestTimeout: patienceMs,
    keepAliveTimeout: patienceMs,
    // Often: all whose time is up are turned away in one go.
    connectionsCheckingInterval: Math.max(10, patienceMs / 50),
    maxHeaderSize: MOST_HEAD_BYTES,
  })
  // Node drops the fields behind the thousandth: an Origin that stands there must be seen too. Their bytes are bounded.
  server.maxHeadersCount = 0
  return server
}
