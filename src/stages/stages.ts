import type { Session } from '../net/session.ts'
import type { Counted } from './connection-limit.ts'
import { ConnectionLimit } from './connection-limit.ts'
import type { Stage } from './stage.ts'

export interface StagesConfig {
  readonly maxConnections: number
  readonly listener: Counted
}

/**
 * All stages of a listener in their fixed order: what costs us least and protects us most comes first, and who the
 * client is (PROXY header, TLS) comes before what may ask for it (access lists).
 */
export function makeStages(config: StagesConfig): readonly Stage[] {
  return [new ConnectionLimit({ listener: config.listener, most: config.maxConnections })]
}

/** Leads a session through the stages; a promise comes back only where a stage gave one. */
export function admit(stages: readonly Stage[], session: Session): void | Promise<void> {
  for (let i = 0; i < stages.length; i++) {
    const waiting = (stages[i] as Stage).admit(session)
    if (waiting !== undefined) return admitRest(stages, i + 1, session, waiting)
  }
}

async function admitRest(
  stages: readonly Stage[],
  from: number,
  session: Session,
  waiting: Promise<void>,
): Promise<void> {
  await waiting
  for (let i = from; i < stages.length; i++) await (stages[i] as Stage).admit(session)
}
