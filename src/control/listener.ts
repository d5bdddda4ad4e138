import type { Server } from 'node:net'
import type { ListenerConfig } from '../config/schema.ts'
import type { Address } from '../core/address.ts'
import { formatAddress } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import { RejectedError } from '../core/errors.ts'
import type { EndCode, Events } from '../core/events.ts'
import { RequestEnds } from '../core/request-ends.ts'
import type { Handler } from '../handlers/handler.ts'
import type { Conn } from '../net/conn.ts'
import type { Io } from '../net/io.ts'
import type { InheritedSocket } from '../net/inherited-sockets.ts'
import { boundAddress, listen } from '../net/listen.ts'
import type { SessionOutcome, SessionOwner } from '../net/session.ts'
import { Session } from '../net/session.ts'
import { LISTENER_FULL } from '../stages/connection-limit.ts'
import type { Stage } from '../stages/stage.ts'
import { admit, makeStages } from '../stages/stages.ts'
import { sessionEnd } from './session-end.ts'
import { Throttle } from './throttle.ts'

/** What a listener does with its sessions; may change while it is open. */
export interface ListenerRules {
  readonly config: ListenerConfig
  /** The limit in force. */
  readonly maxConnections: number
  readonly handler: Handler
}

export interface ListenerOptions extends ListenerRules {
  /** More policies, passed after the built-in ones. */
  readonly stages?: readonly Stage[]
  readonly io: Io
  readonly clock: Clock
  readonly events: Events
  /** Numbers the sessions of all listeners. */
  readonly nextSessionId: () => number
}

/** A server that listens, and where. */
export interface BoundServer {
  readonly server: Server
  readonly address: Address
  /** Its socket was opened by whoever started us. */
  readonly isInherited: boolean
}

/** An address that we accept on: leads each session through the stages to the handler, and counts it. */
export class Listener implements SessionOwner {
  /** Open sessions, those that wait for a stage or a backend included. */
  readonly sessions = new Set<Session>()
  readonly ends = new Map<EndCode, number>()
  /** HTTP mode only. */
  requests: RequestEnds | undefined
  accepted = 0
  rejected = 0
  /** Where it listens; port 0 has become a real one once it is open. */
  address: Address
  /** On a socket that was opened by whoever started us, and who may hold it as well. */
  isInherited = false
  readonly #options: ListenerOptions
  readonly #full: Throttle
  #rules: ListenerRules
  #stages: readonly Stage[]
  #server: Server | undefined
  #onEmpty: (() => void)[] = []

  constructor(options: ListenerOptions) {
    const { config, clock, events } = options
    this.#options = options
    this.#rules = options
    this.address = config.address
    this.requests = config.http === undefined ? undefined : new RequestEnds()
    this.#stages = this.#makeStages()
    this.#full = new Throttle({
      clock,
      report: (rejected) => {
        const { maxConnections } = this
        events.emit('listener:full', { listener: this.config.name, rejected, maxConnections })
      },
    })
  }

  get name(): string {
    return this.config.name
  }

  get config(): ListenerConfig {
    return this.#rules.config
  }

  get maxConnections(): number {
    return this.#rules.maxConnections
  }

  get handler(): Handler {
    return this.#rules.handler
  }

  get isOpen(): boolean {
    return this.#server !== undefined
  }

  get active(): number {
    return this.sessions.size
  }

  /**
   * @param socket one that listens already and is used instead of one of our own, wherever it listens.
   * @throws {ListenError}
   */
  async open(socket?: InheritedSocket): Promise<void> {
    this.take(await this.bind(socket?.address ?? this.config.address, socket?.fd))
  }

  /**
   * Listens on `address` as well, for `take` to go there. Whoever connects is served from here on, by the rules of now.
   * @throws {ListenError}
   */
  async bind(address: Address, fd?: number): Promise<BoundServer> {
    const { io } = this.#options
    const attach = (listening: Server): void => io.accept(listening, (conn) => this.#accept(conn))
    const server = await listen(address, attach, { fd })
    return { server, address: boundAddress(server, address), isInherited: fd !== undefined }
  }

  /** Goes on at `bound`, and there only. */
  take({ server, address, isInherited }: BoundServer): void {
    const { events } = this.#options
    const before = this.#server === undefined ? undefined : this.address
    this.closeServer()
    this.#server = server
    this.isInherited = isInherited
    this.address = address
    this.handler.listening?.(portOf(address))
    const listener = this.config.name
    if (before !== undefined) events.emit('listener:close', { listener, address: formatAddress(before) })
    events.emit('listener:open', { listener, address: formatAddress(address) })
  }

  /** Accepts no more at its address, which is free again when this returns. Sessions do not notice. */
  closeServer(): void {
    // Its callback would wait for sockets of Node's making; the sessions are counted here.
    this.#server?.close()
    this.#server = undefined
  }

  /**
   * Back to where it was before `closeServer`; nobody is told of either.
   * @throws {ListenError}
   */
  async reopen(): Promise<void> {
    const { server } = await this.bind(this.address)
    this.#server = server
  }

  /** New sessions go by other rules; those that are open stay with the handler that has them. */
  configure(rules: ListenerRules): void {
    this.#full.flush()
    const { handler } = this.#rules
    this.#rules = rules
    if (rules.config.http !== undefined) this.requests ??= new RequestEnds()
    this.#stages = this.#makeStages()
    if (handler === rules.handler) return
    handler.drain?.()
    if (this.isOpen) rules.handler.listening?.(portOf(this.address))
  }

  /** Accepts no more; open sessions go on. The address is free again when it returns. */
  stop(): void {
    this.#full.flush()
    this.handler.drain?.()
    this.closeServer()
  }

  /** Resets all open sessions; tells how many there were. */
  abortAll(outcome: SessionOutcome): number {
    // Newest first: else each end would make room for one that queues, which would dial for nothing.
    const open = [...this.sessions].toReversed()
    for (const session of open) {
      if (session.holder !== undefined) session.holder.abort(outcome)
      else this.#drop(session)
    }
    return open.length
  }

  /** Resolves once no session is open. */
  whenEmpty(): Promise<void> {
    if (this.sessions.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve)
    })
  }

  onSessionEnd(session: Session, outcome: SessionOutcome, now?: number): void {
    const { events, clock } = this.#options
    this.#forget(session)
    this.ends.set(outcome.code, (this.ends.get(outcome.code) ?? 0) + 1)
    if (!events.wants('session:close')) return
    events.emit('session:close', sessionEnd(session, outcome, { listener: this, now: now ?? clock.now() }))
  }

  onRequestEnd(code: EndCode, status: number): void {
    this.requests?.add(code, status)
  }

  /** Counters back to zero; open sessions stay. */
  resetCounters(): void {
    this.ends.clear()
    this.requests?.reset()
    this.accepted = 0
    this.rejected = 0
  }

  #makeStages(): readonly Stage[] {
    const { maxConnections } = this.#rules
    return [...makeStages({ maxConnections, listener: this }), ...(this.#options.stages ?? [])]
  }

  #accept(conn: Conn): void {
    const { clock, nextSessionId } = this.#options
    this.accepted++
    const session = new Session(this, conn, { id: nextSessionId(), startedAt: clock.now() })
    this.sessions.add(session)
    try {
      const waiting = admit(this.#stages, session)
      if (waiting !== undefined) return void this.#acceptLater(session, waiting)
    } catch (error) {
      return this.#reject(session, error)
    }
    this.#handle(session)
  }

  async #acceptLater(session: Session, waiting: Promise<void>): Promise<void> {
    try {
      await waiting
    } catch (error) {
      return this.#reject(session, error)
    }
    if (this.sessions.has(session)) this.#handle(session)
  }

  #handle(session: Session): void {
    const { events } = this.#options
    const { handler, config } = this.#rules
    // Whoever hears of the end wants the client's address, which the system forgets at a reset: it is read here.
    if (events.wants('session:open') || events.wants('session:close')) {
      events.emit('session:open', { id: session.id, listener: config.name, client: session.client })
    }
    handler.handle(session)
  }

  #reject(session: Session, error: unknown): void {
    this.rejected++
    this.#drop(session)
    if (error instanceof RejectedError && error.code === LISTENER_FULL) this.#full.add()
    // A stage that fails in a way of its own costs this session, and must not cost all others theirs.
    if (error instanceof RejectedError) return
    this.#options.events.emit('fault:local', { code: 'STAGE', message: `a stage failed: ${String(error)}` })
  }

  #drop(session: Session): void {
    session.conn.reset()
    this.#forget(session)
  }

  #forget(session: Session): void {
    this.sessions.delete(session)
    if (this.sessions.size > 0) return
    for (const resolve of this.#onEmpty.splice(0)) resolve()
  }
}

function portOf(address: Address): number {
  return address.kind === 'tcp' ? address.port : 0
}
