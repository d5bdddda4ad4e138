import { readdirSync, readlinkSync } from 'node:fs'
import type { Test } from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import type { SessionEnd } from '../../src/core/events.ts'
import type { BackendSnapshot, ListenerSnapshot } from '../../src/core/snapshot.ts'

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
          // Not `testBalancer`: what has faults switched on runs through them.
          const balancer = await createBalancer({
            listen: '127.0.0.1:0',
            check: 'off',
            io,
            ...options,
          })
          started.push(balancer)
          return balancer
        }
        await body(sub, start, io)
        for (const balancer of started) if (balancer.state !== 'closed') await closeClean(balancer)
      } finally {
        for (const balancer of started) await balancer.close({ assertNoLeaks: false })
      }
    })
  }
}

/** Everything that is open ends by itself, and nothing is left behind it: else it throws, and says what. */
export async function closeClean(balancer: Balancer): Promise<void> {
  await balancer.waitForIdle()
  await balancer.close({ assertNoLeaks: true })
}

/** The end of the next session. Call it before the session can end. */
export async function nextEnd(balancer: Balancer): Promise<SessionEnd> {
  return await balancer.waitFor('session:close', {}, { timeoutMs: 20_000 })
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

/**
 * Descriptors that this process has open. Not the one that Node's loop opens with its first stream, which is of the test
 * itself where its output goes to a file, nor the one that reads the folder.
 */
export function openDescriptors(): number {
  return readdirSync(FOLDER).filter((name) => !['', '/dev/null'].includes(targetOf(name))).length
}

const FOLDER = '/proc/self/fd'

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`${FOLDER}/${descriptor}`)
  } catch {
    return ''
  }
}
