import { inspect } from 'node:util'
import type { PastEvent } from '../core/event-history.ts'
import type { BackendSnapshot, ListenerSnapshot, PoolSnapshot, Snapshot } from '../core/snapshot.ts'

/** Checks come by the dozen and say what the state of the backend says too. */
const RARELY_WANTED = 'backend:check'
const EVENTS_SHOWN = 12
const MOST_CHARACTERS = 200

/** A balancer's state and its latest events as lines for people: what a failed test has to show. */
export function describeBalancer(
  snapshot: Snapshot,
  facts: {
    readonly past: readonly PastEvent[]
    readonly seed?: number | string | undefined
    /** A kind of event that is shown whatever it is. */
    readonly asked?: string | undefined
  },
): string {
  const seed = facts.seed === undefined ? '' : `, seed ${facts.seed}`
  const shown = facts.past.filter(({ name }) => name !== RARELY_WANTED || name === facts.asked)
  const latest = shown.slice(-EVENTS_SHOWN)
  return [
    `balancer: ${snapshot.state}${seed}`,
    ...snapshot.listeners.map(listenerLine),
    ...snapshot.pools.flatMap(poolLines),
    ...(latest.length === 0 ? ['no events'] : [`events (last ${latest.length} of ${shown.length}):`]),
    ...latest.map((event) => eventLine(event, snapshot.startedAt)),
  ].join('\n')
}

function listenerLine({ name, address, active, accepted, ends }: ListenerSnapshot): string {
  const counts = Object.entries(ends).map(([code, count]) => `${code} ${count}`)
  const ended = counts.length === 0 ? '' : `, ended: ${counts.join(', ')}`
  return `  listener ${name} ${address}: ${active} open of ${accepted} accepted${ended}`
}

function poolLines({ name, strategy, queued, backends }: PoolSnapshot): string[] {
  const waiting = queued === 0 ? '' : `, ${queued} in the queue`
  return [`  pool ${name} (${strategy}${waiting}):`, ...backends.map(backendLine)]
}

function backendLine(backend: BackendSnapshot): string {
  const { id, address, healthy, ejected, mode, lastCheck, active, sessions, connectFailures } = backend
  const check = lastCheck === undefined ? '' : ` (${lastCheck.code} ${lastCheck.text})`
  const states = [
    healthy ? 'up' : `down${check}`,
    ...(ejected ? ['ejected'] : []),
    ...(mode === 'ready' ? [] : [mode]),
    `${active} active of ${sessions} leases`,
    ...(connectFailures === 0 ? [] : [`${connectFailures} connects failed`]),
  ]
  return `    ${id}${id === address ? '' : ` ${address}`}: ${states.join(', ')}`
}

function eventLine({ at, name, data }: PastEvent, startedAt: number): string {
  const text = inspect(data, { breakLength: Infinity, depth: 2, getters: false })
  const short = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text
  return `  +${at - startedAt} ms ${name} ${short}`
}
