import type { BackendMode } from '../../core/backend.ts'
import type { BackendSnapshot, PoolSnapshot } from '../../core/snapshot.ts'
import { formatShare, listInWords, plural } from './format.ts'

/** What somebody is about to command. */
export type Command =
  { readonly kind: 'mode'; readonly mode: BackendMode } | { readonly kind: 'weight'; readonly weight: number }

/** What will happen, told before it does. */
export interface Consequence {
  readonly text: string
  /** What should make one think twice. */
  readonly warning: string | undefined
}

export function consequenceOf(command: Command, backend: BackendSnapshot, pool: PoolSnapshot): Consequence {
  const { id, active } = backend
  const takesNone = command.kind === 'mode' ? command.mode !== 'ready' : command.weight === 0
  const others = pool.backends.filter((one) => one.id !== id && one.eligible)
  const warning = takesNone && backend.eligible ? warningFor(id, pool, others) : undefined
  if (command.kind === 'weight') return { text: weightText(command.weight, backend, pool), warning }
  const sessions =
    active === 0
      ? 'No session is open on it.'
      : `${plural(active, 'open session')} ${active === 1 ? 'goes' : 'go'} on until ${active === 1 ? 'its end' : 'their end'}.`
  const takeOver =
    backend.eligible && others.length > 0
      ? ` ${listInWords(others.map((one) => one.id))} take${others.length === 1 ? 's' : ''} over.`
      : ''
  if (command.mode === 'drain')
    return { text: `${id} gets no new clients.${takeOver} ${sessions} Its checks go on.`, warning }
  if (command.mode === 'maint')
    return { text: `${id} gets no new clients and no checks.${takeOver} ${sessions}`, warning }
  const back = backend.healthy
    ? 'New clients reach it at once.'
    : 'Its checks fail: it takes clients once they pass.'
  return { text: `${id} is back in rotation. ${back}`, warning: undefined }
}

function warningFor(
  id: string,
  { name, backends }: PoolSnapshot,
  others: readonly BackendSnapshot[],
): string | undefined {
  if (others.length > 0) return undefined
  const backups = backends.filter((one) => one.id !== id && canStandIn(one))
  if (backups.length > 0) return `Only backups are left: ${listInWords(backups.map((one) => one.id))}.`
  return `${id} is the last backend of pool ${name} that can serve: new clients will be refused.`
}

function canStandIn({ backup, healthy, ejected, mode, weight }: BackendSnapshot): boolean {
  return backup && healthy && !ejected && mode === 'ready' && weight > 0
}

function weightText(weight: number, backend: BackendSnapshot, pool: PoolSnapshot): string {
  if (weight === 0) return `${backend.id} gets no new clients; open sessions go on.`
  if (!backend.eligible) return `Weight ${weight} counts once ${backend.id} takes clients again.`
  const total = pool.backends.reduce(
    (sum, one) => sum + (one.id === backend.id ? weight : one.eligible ? one.weight : 0),
    0,
  )
  return `${backend.id} gets about ${formatShare(weight / total)} of pool ${pool.name}'s new clients.`
}
