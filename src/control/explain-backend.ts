import { formatDuration } from '../config/format-duration.ts'
import type { PoolConfig } from '../config/schema.ts'
import type { Backend } from '../core/backend.ts'
import type { BackendExplanation } from '../core/explanation.ts'
import type { Pool } from '../pool/pool.ts'

export interface ExplainBackendFrom {
  readonly pool: Pool
  readonly config: PoolConfig
  readonly odds: ReadonlyMap<Backend, number> | undefined
  readonly home: Home | undefined
  /** Wall-clock ms. */
  readonly at: number
}

/** Where the client's cookie or field leads. */
export interface Home {
  readonly backend: Backend
  /** It serves its own clients, and has room. */
  readonly isOpen: boolean
  /** `cookie fairlead`, `header x-user`. */
  readonly by: string
}

type Verdict = Pick<BackendExplanation, 'verdict' | 'reason'>

/** Why one backend would be picked, or not. */
export function explainBackend(backend: Backend, from: ExplainBackendFrom): BackendExplanation {
  const { odds } = from
  const chance = odds === undefined && isOpen(backend, from) ? undefined : (odds?.get(backend) ?? 0)
  return { id: backend.id, chance, ...verdictOf(backend, { ...from, chance }) }
}

function isOpen(backend: Backend, { pool }: ExplainBackendFrom): boolean {
  return pool.eligible.includes(backend) && !backend.isFull
}

function verdictOf(backend: Backend, from: ExplainBackendFrom & { chance: number | undefined }): Verdict {
  const { pool, config, chance, odds, home } = from
  const anyway = anywayOf(backend, from)
  if (chance === 1) {
    const isHome = home?.isOpen === true
    const why = isHome ? `where its ${home.by} leads` : `${TURN[config.strategy] ?? config.strategy}${anyway}`
    return { verdict: 'picked', reason: `picked: ${why}; ${loadOf(backend)}` }
  }
  if (chance === undefined)
    return { verdict: 'possible', reason: `${config.strategy} decides${anyway}; ${loadOf(backend)}` }
  if (chance > 0) {
    const percent = Number((chance * 100).toPrecision(3))
    return { verdict: 'possible', reason: `${percent}% by ${config.strategy}${anyway}; ${loadOf(backend)}` }
  }
  const hindrance = pool.eligible.includes(backend) ? undefined : hindranceOf(backend, from)
  if (hindrance !== undefined) return hindrance
  if (backend.isFull) {
    return { verdict: 'full', reason: `full: ${backend.active} of ${backend.connectionLimit} sessions` }
  }
  const [other] = odds?.keys() ?? []
  const why =
    home?.isOpen === true
      ? `its ${home.by} leads to ${home.backend.id}`
      : `${config.strategy} picks ${other?.id ?? 'another'}`
  return {
    verdict: 'not-its-turn',
    reason: `serves, but ${odds?.size === 1 ? why : `${config.strategy} never picks the one that carries most`}; ${loadOf(backend)}`,
  }
}

/** Why it is not eligible, what an operator said first. */
function hindranceOf(backend: Backend, { pool, at }: ExplainBackendFrom): Verdict | undefined {
  if (backend.mode === 'maint')
    return { verdict: 'maint', reason: 'in maintenance, by an operator: no sessions, no checks' }
  if (backend.mode === 'drain') {
    return {
      verdict: 'drain',
      reason: `drains, by an operator: no new clients, ${backend.active} sessions live on`,
    }
  }
  if (backend.weight === 0) return { verdict: 'weight-0', reason: 'weight 0: takes no new sessions' }
  if (!backend.healthy) return { verdict: 'down', reason: downReason(backend, at) }
  const ejection = pool.ejectionOf(backend)
  if (ejection !== undefined) {
    const failed = ejection.kind === 'connect' ? 'failed connects' : 'requests without an answer'
    const count = ejection.kind === 'connect' ? backend.failuresInRow : backend.requestFailuresInRow
    return {
      verdict: 'ejected',
      reason: `ejected for ${duration(ejection.leftMs)} more after ${count} ${failed}`,
    }
  }
  if (!backend.backup) return undefined
  const serving = pool.eligible.slice(0, MOST_NAMED).map(({ id }) => id)
  const more = pool.eligible.length - serving.length
  const names = serving.join(', ') + (more > 0 ? ` and ${more} more` : '')
  return {
    verdict: 'backup-not-needed',
    reason: `backup: not needed while ${names} serve${serving.length === 1 ? 's' : ''}`,
  }
}

/** Names in one sentence. */
const MOST_NAMED = 3

/** Where nothing serves and all are tried (`whenAllDown: try`), why this one would not serve otherwise. */
function anywayOf(backend: Backend, { at }: ExplainBackendFrom): string {
  if (!backend.healthy) return ` (tried since none is up: ${downReason(backend, at)})`
  return backend.ejected ? ' (tried since none is up: ejected)' : ''
}

function downReason(backend: Backend, at: number): string {
  const { healthReason, healthySince } = backend
  if (healthReason === '') return 'down: no check has passed yet'
  return `down since ${duration(at - healthySince)}: ${healthReason}`
}

function loadOf(backend: Backend): string {
  const weight = Number(backend.effectiveWeight.toPrecision(3))
  const slowly = backend.ramp === 1 ? '' : ` of ${backend.weight} (comes back slowly)`
  return `${backend.active} open session${backend.active === 1 ? '' : 's'}, weight ${weight}${slowly}`
}

/** Whole seconds, at least one. */
function duration(ms: number): string {
  return formatDuration(Math.max(1, Math.round(ms / 1_000)) * 1_000)
}

/** Why a strategy picks the one that it picks. */
const TURN: Readonly<Record<string, string>> = {
  'round-robin': 'its turn by round-robin',
  'least-connections': 'the least open sessions for its weight',
  'source-hash': "where the hash of the client's address leads",
  'power-of-two': 'the only one that can be picked',
  random: 'the only one that can be picked',
  first: 'the first that has room',
}
