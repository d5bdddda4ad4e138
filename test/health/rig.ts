import type { CheckConfig } from '../../src/config/schema.ts'
import type { Address } from '../../src/core/address.ts'
import { Backend } from '../../src/core/backend.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { ProbeResult } from '../../src/core/probe.ts'
import { TimerWheel } from '../../src/core/timer-wheel.ts'
import type { HealthOptions } from '../../src/health/scheduler.ts'
import { HealthScheduler } from '../../src/health/scheduler.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

export const PASSED: ProbeResult = { ok: true, code: 'L7OK', text: '200 OK' }
export const FAILED: ProbeResult = { ok: false, code: 'L4CON', text: 'connect ECONNREFUSED 127.0.0.1:3001' }

export const CHECK: CheckConfig = {
  kind: 'custom',
  probe: undefined,
  intervalMs: 2_000,
  timeoutMs: 1_000,
  rise: 2,
  fall: 3,
  fastIntervalMs: 500,
  downIntervalMs: 4_000,
  initial: 'up',
  port: undefined,
  http: {
    path: '/health',
    expect: [{ from: 200, to: 399 }],
    host: undefined,
    headers: {},
    bodyContains: undefined,
  },
}

export type Reply = (
  clock: Clock,
  address: Address,
  signal: AbortSignal,
) => ProbeResult | Promise<ProbeResult>

export interface RigOptions {
  readonly backends?: number
  readonly clock?: ManualClock
  readonly random?: () => number
  readonly onResult?: HealthOptions['onResult']
  readonly onLocalFault?: HealthOptions['onLocalFault']
}

/** A scheduler on a clock turned by hand, with backends `a`, `b1`, `b2`, ..., and a log of all that it says. */
export class Rig {
  readonly log: string[] = []
  readonly backends: Backend[]
  readonly clock: ManualClock
  readonly wheel: TimerWheel
  readonly health: HealthScheduler
  readonly wallTimeAtStart: number

  constructor(reply: Reply, check: Partial<CheckConfig> = {}, options: RigOptions = {}) {
    const clock = options.clock ?? new ManualClock()
    this.clock = clock
    this.wallTimeAtStart = clock.wallTime()
    this.wheel = new TimerWheel({ clock, resolutionMs: 100 })
    const probe = async (address: Address, signal: AbortSignal): Promise<ProbeResult> =>
      await reply(clock, address, signal)
    const say = (backend: Backend, what: string): void => {
      this.log.push(`${clock.now()} ${backend.id} ${what}`)
    }
    this.health = new HealthScheduler({
      check: { ...CHECK, probe, ...check },
      clock,
      random: options.random ?? (() => 0.5),
      wheel: this.wheel,
      onResult: (backend, result) => {
        say(backend, result.ok ? 'ok' : 'failed')
        options.onResult?.(backend, result)
      },
      onVerdict: (backend, up, reason) => say(backend, `${up ? 'UP' : 'DOWN'} ${reason}`),
      ...(options.onLocalFault === undefined ? {} : { onLocalFault: options.onLocalFault }),
    })
    this.backends = Array.from(Array(options.backends ?? 1).keys(), (i) =>
      makeBackend(i === 0 ? 'a' : `b${i}`),
    )
    for (const backend of this.backends) this.health.watch(backend)
  }

  get backend(): Backend {
    return this.backends[0] as Backend
  }

  start(): void {
    this.health.start()
  }

  turn(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.health[Symbol.asyncDispose]()
  }
}

/** Replies `+` passed and `-` failed in turn, and passed from then on. */
export function script(replies: string): Reply {
  const left = replies.split(/ +/)
  return () => (left.shift() === '-' ? FAILED : PASSED)
}

export function untilAborted(signal: AbortSignal, ending: ProbeResult | Error): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => (ending instanceof Error ? reject(ending) : resolve(ending)))
  })
}

export function makeBackend(
  id: string,
  address: Address = { kind: 'tcp', host: '127.0.0.1', port: 3001 },
): Backend {
  const spec = { id, address, transport: 'plain', weight: 1, backup: false, maxConnections: 0 } as const
  return new Backend(spec, 'main')
}
