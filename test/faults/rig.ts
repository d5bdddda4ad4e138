import { readdirSync } from 'node:fs'
import type { Test } from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/balancer.ts'
import type { SessionEnd } from '../../src/core/events.ts'
import type { BackendSnapshot, ListenerSnapshot } from '../../src/core/snapshot.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'

/** The two ways to do I/O: every fault of the data plane is provoked over both. */
export const IO_KINDS = ['handles', 'sockets'] as const

export type IoKind = (typeof IO_KINDS)[number]

type Body = (sub: Test, start: StartBalancer, io: IoKind) => Promise<void>

/** A balancer without checks on a free port of 127.0.0.1, but for what the test wants otherwise. */
export type StartBalancer = (
  options: Partial<BalancerOptions> & Pick<BalancerOptions, 'backends'>,
) => Promise<Balancer>

/**
 * One subtest over each way to do I/O. When the body is done, everything that its balancers counted as open must
 * be closed, given back and zero, without anybody's help; then they are closed.
 */
export function overBothIos(t: Test, name: string, body: Body): void {
  for (const io of IO_KINDS) {
    void t.test(`${name} (${io})`, async (sub) => {
      const started: Balancer[] = []
      try {
        const start: StartBalancer = async (options) => {
          const balancer = await createBalancer({ listen: '127.0.0.1:0', check: 'off', io, ...options })
          started.push(balancer)
          return balancer
        }
        await body(sub, start, io)
        for (const balancer of started) if (balancer.state !== 'closed') await assertClean(sub, balancer)
      } finally {
        for (const balancer of started) await balancer.close()
      }
    })
  }
}

/** Every counter of something open is zero, or becomes so by itself. */
export async function assertClean(t: Test, balancer: Balancer): Promise<void> {
  try {
    await waitUntil(() => openThings(balancer).length === 0)
  } catch {
    // The assertion below says what is left.
  }
  t.strictSame(openThings(balancer), [], 'no session, lease or place in the queue is left')
}

/** The end of the next session. Call it before the session can end. */
export async function nextEnd(balancer: Balancer): Promise<SessionEnd> {
  const [end] = await waitForEvent(balancer, 'session:close', undefined, { timeoutMs: 20_000 })
  return end
}

/** All ends from the call on. */
export function recordEnds(balancer: Balancer): SessionEnd[] {
  const ends: SessionEnd[] = []
  balancer.on('session:close', (end) => ends.push(end))
  return ends
}

/** How the sessions of the only listener ended so far, by code. */
export function endCounts(balancer: Balancer): ListenerSnapshot['ends'] {
  return listenerOf(balancer).ends
}

export function listenerOf(balancer: Balancer): ListenerSnapshot {
  const [listener] = balancer.snapshot().listeners
  if (listener === undefined) throw new Error('no listener')
  return listener
}

export function backendOf(balancer: Balancer, id: string): BackendSnapshot {
  const found = balancer.snapshot().pools.flatMap(({ backends }) => backends.filter((b) => b.id === id))[0]
  if (found === undefined) throw new Error(`no backend ${id}`)
  return found
}

export function queuedIn(balancer: Balancer): number {
  return balancer.snapshot().pools.reduce((sum, { queued }) => sum + queued, 0)
}

/** Descriptors that this process has open; the one that reads the folder is among them each time. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

/** What is still open, in words; empty when nothing is. */
export function openThings(balancer: Balancer): string[] {
  const { listeners, pools } = balancer.snapshot()
  const counts: [string, number][] = [
    ...listeners.map(({ name, active }): [string, number] => [`sessions of ${name}`, active]),
    ...pools.map(({ name, queued }): [string, number] => [`queue of ${name}`, queued]),
    ...pools.flatMap(({ backends }) =>
      backends.map(({ id, active }): [string, number] => [`leases of ${id}`, active]),
    ),
  ]
  return counts.filter(([, count]) => count !== 0).map(([what, count]) => `${what}: ${count}`)
}
