import type { BackendSnapshot } from '../../core/snapshot.ts'

/** How much a state ought to trouble whoever looks. */
export type Tone = 'good' | 'quiet' | 'warn' | 'bad'

/** What a backend is, in one word; where several are true, the one that explains most. */
export interface BackendState {
  readonly key: 'up' | 'down' | 'ejected' | 'draining' | 'maintenance' | 'off' | 'slow-start' | 'standby'
  readonly label: string
  /** Its shape tells it apart where colours do not. */
  readonly symbol: string
  readonly tone: Tone
  /** In half a sentence: what that means for new clients. */
  readonly meaning: string
}

/** What an operator commanded comes first: it holds whatever checks say. */
export function stateOf(backend: BackendSnapshot): BackendState {
  const { mode, weight, effectiveWeight } = backend
  if (mode === 'maint') return STATES.maintenance
  if (mode === 'drain') return STATES.draining
  if (!backend.healthy) return STATES.down
  if (backend.ejected) return STATES.ejected
  if (weight === 0) return STATES.off
  if (backend.backup && !backend.eligible) return STATES.standby
  return effectiveWeight < weight ? STATES['slow-start'] : STATES.up
}

/** Not by anybody's wish. */
export function isTrouble({ tone }: BackendState): boolean {
  return tone === 'bad'
}

const STATES: { readonly [K in BackendState['key']]: BackendState & { readonly key: K } } = {
  up: { key: 'up', label: 'healthy', symbol: '●', tone: 'good', meaning: 'takes new clients' },
  down: { key: 'down', label: 'down', symbol: '▼', tone: 'bad', meaning: 'fails its checks: no new clients' },
  ejected: {
    key: 'ejected',
    label: 'ejected',
    symbol: '◆',
    tone: 'bad',
    meaning: 'failed under traffic: no new clients for a while',
  },
  draining: {
    key: 'draining',
    label: 'draining',
    symbol: '◐',
    tone: 'warn',
    meaning: 'no new clients, open sessions finish',
  },
  maintenance: {
    key: 'maintenance',
    label: 'maintenance',
    symbol: '■',
    tone: 'warn',
    meaning: 'no new clients, no checks',
  },
  off: { key: 'off', label: 'weight 0', symbol: '○', tone: 'warn', meaning: 'takes no new clients' },
  'slow-start': {
    key: 'slow-start',
    label: 'slow start',
    symbol: '◔',
    tone: 'good',
    meaning: 'comes back with a growing share',
  },
  standby: {
    key: 'standby',
    label: 'standby',
    symbol: '◌',
    tone: 'quiet',
    meaning: 'backup: serves when no other can',
  },
}
