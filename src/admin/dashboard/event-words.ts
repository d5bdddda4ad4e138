import type { BalancerEvents, EventName } from '../../core/events.ts'
import type { Tone } from './backend-state.ts'
import { formatAge, plural } from './format.ts'

/** An event as the stream sends it. */
export interface SeenEvent {
  readonly id: number
  readonly at: number
  readonly name: EventName
  readonly data: unknown
}

/** One line of the feed. */
export interface EventLine {
  readonly tone: Tone
  /** Whom it is about; empty where it is about all. */
  readonly subject: string
  /** Of the backend that it is about; empty for all else. */
  readonly pool: string
  readonly text: string
  /** Why, where the event knows. */
  readonly reason: string
}

/** What happened, in words; names that a newer fairlead made are shown as they are. */
export function wordsFor({ name, data }: SeenEvent): EventLine {
  const describe = WORDS[name] as ((data: unknown) => Partial<EventLine> & { text: string }) | undefined
  const told = describe?.(data) ?? { text: name }
  return {
    tone: 'quiet',
    subject: '',
    reason: '',
    ...told,
    pool: name.startsWith('backend:') ? poolOf(data) : '',
  }
}

function poolOf(data: unknown): string {
  return (data as { readonly pool?: string }).pool ?? ''
}

type Describe = {
  readonly [Name in EventName]?: (
    data: BalancerEvents[Name][0],
  ) => Partial<EventLine> & { readonly text: string }
}

const WORDS: Describe = {
  'backend:up': ({ id, reason }) => ({ tone: 'good', subject: id, text: 'is up', reason }),
  'backend:down': ({ id, reason }) => ({ tone: 'bad', subject: id, text: 'is down', reason }),
  'backend:eject': ({ id, reason, forMs }) => ({
    tone: 'bad',
    subject: id,
    text: `is ejected for ${formatAge(forMs)}`,
    reason,
  }),
  'backend:return': ({ id, reason }) => ({ tone: 'good', subject: id, text: 'is back', reason }),
  'backend:mode': ({ id, mode }) => ({
    tone: mode === 'ready' ? 'good' : 'warn',
    subject: id,
    text: MODES[mode],
  }),
  'backend:weight': ({ id, weight }) => ({ subject: id, text: `has weight ${weight}` }),
  'backend:limit': ({ id, maxConnections }) => ({
    subject: id,
    text:
      maxConnections === 0
        ? 'takes any number of sessions'
        : `takes at most ${plural(maxConnections, 'session')}`,
  }),
  'backend:add': ({ id, address }) => ({
    subject: id,
    text: 'is added',
    reason: id === address ? '' : address,
  }),
  'backend:remove': ({ id }) => ({ subject: id, text: 'is removed' }),
  'listener:open': ({ listener, address }) => ({ subject: listener, text: `listens on ${address}` }),
  'listener:close': ({ listener, address }) => ({
    subject: listener,
    text: `no longer listens on ${address}`,
  }),
  'listener:full': ({ listener, rejected, maxConnections }) => ({
    tone: 'bad',
    subject: listener,
    text: `is full: ${plural(rejected, 'session')} refused`,
    reason: `its limit is ${maxConnections}`,
  }),
  'config:reload': ({ ok, changes, problems }) => ({
    tone: ok ? 'good' : 'bad',
    text: ok ? `Reloaded: ${plural(changes.length, 'change')}` : 'Reload failed, nothing changed',
    reason: (ok ? changes : problems).join('; '),
  }),
  'discovery:failed': ({ pool, source, reason }) => ({
    tone: 'bad',
    subject: pool,
    text: `${source} cannot tell its backends; the last ones stay`,
    reason,
  }),
  'discovery:recovered': ({ pool, source }) => ({
    tone: 'good',
    subject: pool,
    text: `${source} tells its backends again`,
  }),
  'fault:local': ({ code, message }) => ({
    tone: 'bad',
    text: `Fault of this machine: ${code}`,
    reason: message,
  }),
  'fault:add': ({ fault, type, where }) => ({
    tone: 'warn',
    subject: fault,
    text: `fault on purpose: ${type}`,
    reason: where,
  }),
  'fault:remove': ({ fault, hits }) => ({
    subject: fault,
    text: `fault removed; it struck ${plural(hits, 'time')}`,
  }),
  'counters:reset': () => ({ text: 'All counters are back at zero' }),
  'drain:start': ({ sessions }) => ({
    tone: 'warn',
    text: `fairlead drains: ${plural(sessions, 'session')} open`,
  }),
  'drain:end': ({ cut }) => ({
    tone: cut > 0 ? 'bad' : 'good',
    text: cut === 0 ? 'fairlead has drained' : `fairlead has drained; ${plural(cut, 'session')} reset`,
  }),
}

const MODES = {
  ready: 'is put back in rotation',
  drain: 'drains: no new clients, open sessions finish',
  maint: 'is put in maintenance: no clients, no checks',
}
