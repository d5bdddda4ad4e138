import { stateOf } from './backend-state.ts'
import { formatMs, listInWords, plural } from './format.ts'
import type { Status } from '../status.ts'

/** All of it in one word, and why. */
export interface Verdict {
  readonly level: 'good' | 'warn' | 'bad'
  readonly headline: string
  /** One sentence each, the worst first; for `good` what is out on purpose. */
  readonly reasons: readonly string[]
}

/** What the last seconds had, which one snapshot cannot tell. */
export interface Recently {
  /** Share of what was handled, 0 to 1. */
  readonly errorShare: number
  readonly rejected: number
}

interface Finding {
  readonly level: 'warn' | 'bad'
  readonly text: string
}

/** A backend that somebody took out on purpose is no fault; a pool that can serve nobody is the worst. */
export function verdictOf(status: Status, recently: Recently): Verdict {
  const findings = [...poolFindings(status), ...processFindings(status, recently)]
  const bad = findings.filter(({ level }) => level === 'bad')
  const reasons = [...bad, ...findings.filter(({ level }) => level === 'warn')].map(({ text }) => text)
  if (bad.length > 0) return { level: 'bad', headline: notServing(status), reasons }
  if (status.state !== 'running') return { level: 'warn', headline: 'Draining', reasons }
  if (reasons.length > 0) return { level: 'warn', headline: 'Degraded', reasons }
  return { level: 'good', headline: 'All well', reasons: onPurpose(status) }
}

function notServing({ pools }: Status): string {
  const isAny = pools.some(({ backends }) => backends.some(({ eligible }) => eligible))
  return isAny ? 'Partly not serving' : 'Not serving'
}

function poolFindings({ pools }: Status): Finding[] {
  return pools.flatMap(({ name, backends, queued }): Finding[] => {
    const troubled = backends.filter((backend) => stateOf(backend).tone === 'bad')
    const found: Finding[] = []
    if (backends.length > 0 && !backends.some(({ eligible }) => eligible)) {
      found.push({
        level: 'bad',
        text: `Pool ${name} has no backend that can serve: new clients are refused.`,
      })
    } else if (backends.length === 0) {
      found.push({ level: 'bad', text: `Pool ${name} has no backends.` })
    }
    for (const [key, verb] of TROUBLES) {
      const ids = troubled.filter((backend) => stateOf(backend).key === key).map(({ id }) => id)
      if (ids.length === 0) continue
      const one = troubled.find(({ id }) => id === ids[0])
      const why = ids.length === 1 && key === 'down' ? whyDown(one?.lastCheck) : ''
      found.push({
        level: 'warn',
        text: `${listInWords(ids)} in pool ${name} ${ids.length === 1 ? 'is' : 'are'} ${verb}${why}.`,
      })
    }
    if (queued > 0) {
      found.push({
        level: 'warn',
        text: `${plural(queued, 'session')} wait${queued === 1 ? 's' : ''} for room in pool ${name}.`,
      })
    }
    return found
  })
}

function whyDown(check: Status['pools'][number]['backends'][number]['lastCheck']): string {
  if (check === undefined) return ': no check has passed yet'
  return check.ok ? ': its checks begin to pass again' : `: ${check.text}`
}

function processFindings(status: Status, { errorShare, rejected }: Recently): Finding[] {
  const { state, reloads, process } = status
  return [
    ...(state === 'running' ? [] : [warn('fairlead itself is draining: it takes no new clients.')]),
    ...(errorShare >= MUCH_ERRORS ? [warn(`${Math.round(errorShare * 100)}% of the latest failed.`)] : []),
    ...(rejected > 0
      ? [warn(`A listener is full: ${plural(rejected, 'session')} refused in the last seconds.`)]
      : []),
    ...(reloads.lastOk ? [] : [warn('The last reload failed: the configuration before it is in force.')]),
    ...(process.loop.lagP99Ms >= MUCH_LAG_MS
      ? [warn(`fairlead's own event loop is late by ${formatMs(process.loop.lagP99Ms)} (p99).`)]
      : []),
  ]
}

function warn(text: string): Finding {
  return { level: 'warn', text }
}

function onPurpose({ pools }: Status): string[] {
  const out = pools.flatMap(({ backends }) => backends).filter((one) => stateOf(one).tone === 'warn')
  if (out.length === 0) return []
  const verb = out.length === 1 ? 'is' : 'are'
  return [`${listInWords(out.map(({ id }) => id))} ${verb} out of rotation on purpose.`]
}

const TROUBLES = [
  ['down', 'down'],
  ['ejected', 'ejected after failures under traffic'],
] as const
const MUCH_ERRORS = 0.05
const MUCH_LAG_MS = 200
