import type { CheckResult } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import { ConfigError } from '../core/errors.ts'
import type { Events } from '../core/events.ts'
import type { Probe } from '../core/probe.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import type { Dialer } from '../net/dial.ts'
import type { Io } from '../net/io.ts'
import type { Resolver } from '../net/resolver.ts'
import type { Session } from '../net/session.ts'
import { ActiveFault } from './active-fault.ts'
import type { FaultHome } from './fault-home.ts'
import type { FaultSpec, FaultType, HealthFault } from './fault-spec.ts'
import type { Fault, Faults } from './faults.ts'
import type { FaultyConn } from './faulty-conn.ts'
import { FaultyDialer } from './faulty-dialer.ts'
import { FaultyIo } from './faulty-io.ts'
import { readFault } from './read-fault.ts'
import type { Subject } from './subject.ts'
import { describeScope } from './subject.ts'

export interface FaultBoardOptions {
  readonly clock: Clock
  /** Numbers in [0, 1). One is taken for each fault that is added, and its own chance grows from that. */
  readonly random: () => number
}

/** All faults in force, and all connections that they may concern. */
export class FaultBoard implements Faults, FaultHome {
  readonly clock: Clock
  /** Told of each fault that comes or goes; set by the balancer. */
  events: Events | undefined = undefined
  readonly #random: () => number
  readonly #faults = new Map<string, ActiveFault>()
  readonly #conns = new Set<FaultyConn>()
  readonly #waiting = new Map<ActiveFault, Set<() => void>>()
  readonly #preset: ActiveFault[] = []
  #count = 0
  #lastKey = 0
  /** Each check is struck or not by a number of its own. */
  #lastCheck = 0

  constructor(options: FaultBoardOptions) {
    this.clock = options.clock
    this.#random = options.random
  }

  add(spec: FaultSpec): Fault {
    const fault = this.#put(spec)
    this.#tellOf(fault)
    for (const conn of this.#conns) conn.reconsider()
    return fault
  }

  /** In force before anything can be struck; told of once somebody can hear it. */
  preset(specs: readonly FaultSpec[]): void {
    const names = new Set(specs.map(({ name }) => name))
    for (const spec of specs) this.#preset.push(this.#put(spec, names))
  }

  tellPreset(): void {
    for (const fault of this.#preset.splice(0)) this.#tellOf(fault)
  }

  #put(spec: FaultSpec, reserved?: ReadonlySet<string | undefined>): ActiveFault {
    const read = readFault(spec)
    const name = read.name ?? this.#freeName(read.type, reserved)
    if (this.#faults.has(name)) {
      throw new ConfigError([{ path: 'name', message: `a fault ${name} is in force already` }])
    }
    const seed = Math.floor(this.#random() * 2 ** 32)
    const fault = new ActiveFault(name, read, { seed, onRemove: (gone) => this.#remove(gone) })
    this.#faults.set(name, fault)
    return fault
  }

  #freeName(type: FaultType, reserved?: ReadonlySet<string | undefined>): string {
    for (;;) {
      const name = `${type}-${++this.#count}`
      if (!this.#faults.has(name) && reserved?.has(name) !== true) return name
    }
  }

  #tellOf({ name, type, spec }: ActiveFault): void {
    this.events?.emit('fault:add', {
      fault: name,
      type,
      where: describeScope(spec),
      dangerous: type === 'corrupt',
    })
  }

  get(name: string): Fault | undefined {
    return this.#faults.get(name)
  }

  list(): readonly Fault[] {
    return [...this.#faults.values()]
  }

  clear(): number {
    const faults = [...this.#faults.values()]
    for (const fault of faults) fault.remove()
    return faults.length
  }

  /** The same, with faults on what `listener` accepts. */
  io(io: Io, listener: string): Io {
    return new FaultyIo(io, this, { listener })
  }

  /** A dialer with faults on its connects and on the connections to backends. */
  dialer(options: { io: Io; resolver: Resolver; wheel: TimerWheel }): Dialer {
    return new FaultyDialer({ ...options, board: this })
  }

  /** Connections in use, for leak checks. */
  get connections(): number {
    return this.#conns.size
  }

  /** The balancer is closed: what is still on its way is cut. */
  close(): void {
    this.#faults.clear()
    for (const conn of this.#conns) conn.abandon()
  }

  /** A fault that strikes a connect to `subject`'s backend. */
  strikeConnect(subject: Subject): ActiveFault | undefined {
    for (const fault of this.#faults.values()) {
      if (fault.type !== 'refuse' && fault.type !== 'connect_timeout') continue
      if (!fault.concerns(subject) || !fault.claim()) continue
      if (subject.session !== undefined) this.touched(subject.session, fault.name)
      return fault
    }
    return undefined
  }

  /** The same probe, unless a fault answers in its stead. */
  probe(probe: Probe, backend: { readonly id: string; readonly pool: string }): Probe {
    return async (address, signal) => this.#strikeCheck(backend) ?? (await probe(address, signal))
  }

  *faultsOfBytes(): Iterable<ActiveFault> {
    for (const fault of this.#faults.values()) if ('on' in fault.spec) yield fault
  }

  opened(conn: FaultyConn): void {
    this.#conns.add(conn)
  }

  closed(conn: FaultyConn): void {
    this.#conns.delete(conn)
  }

  /** Calls back once `fault` is removed, unless `notWhenRemoved` comes first. */
  whenRemoved(fault: ActiveFault, callback: () => void): void {
    const waiting = this.#waiting.get(fault) ?? new Set()
    this.#waiting.set(fault, waiting.add(callback))
  }

  notWhenRemoved(fault: ActiveFault, callback: () => void): void {
    this.#waiting.get(fault)?.delete(callback)
  }

  /** Numbers what has no number of its own. */
  nextKey(): number {
    return ++this.#lastKey
  }

  touched(session: Session, name: string): void {
    if (!session.faults.includes(name)) session.faults = [...session.faults, name]
    if (!session.requestFaults.includes(name)) session.requestFaults = [...session.requestFaults, name]
  }

  #remove(fault: ActiveFault): void {
    if (this.#faults.get(fault.name) !== fault) return
    this.#faults.delete(fault.name)
    for (const conn of this.#conns) conn.holds.letGo(fault)
    for (const callback of this.#waiting.get(fault) ?? []) callback()
    this.#waiting.delete(fault)
    this.events?.emit('fault:remove', { fault: fault.name, type: fault.type, hits: fault.hits })
  }

  #strikeCheck({ id, pool }: { id: string; pool: string }): Omit<CheckResult, 'durationMs'> | undefined {
    const check = ++this.#lastCheck
    for (const fault of this.#faults.values()) {
      if (fault.type !== 'health') continue
      const subject: Subject = {
        side: 'backend',
        listener: undefined,
        pool,
        backend: id,
        session: undefined,
        key: check,
      }
      if (!fault.concerns(subject) || !fault.claim()) continue
      const { ok = false, code = 'L7STS', text = '' } = fault.spec as HealthFault
      return { ok, code, text }
    }
    return undefined
  }
}
