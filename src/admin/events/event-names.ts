import type { EventName } from '../../core/events.ts'

/**
 * `kept`: changes of state, the latest of which are there for those who come later. `live`: what comes per session,
 * request or check; sent to those who ask, never kept, and not even made while nobody asks.
 */
const KINDS: Readonly<Record<EventName, 'kept' | 'live'>> = {
  'listener:open': 'kept',
  'listener:close': 'kept',
  'listener:full': 'kept',
  'session:open': 'live',
  'session:close': 'live',
  'request:end': 'live',
  'connect:retry': 'live',
  'fault:local': 'kept',
  'backend:up': 'kept',
  'backend:down': 'kept',
  'backend:eject': 'kept',
  'backend:return': 'kept',
  'backend:mode': 'kept',
  'backend:weight': 'kept',
  'backend:limit': 'kept',
  'backend:add': 'kept',
  'backend:remove': 'kept',
  'backend:check': 'live',
  'config:reload': 'kept',
  'discovery:failed': 'kept',
  'discovery:recovered': 'kept',
  'fault:add': 'kept',
  'fault:remove': 'kept',
  'counters:reset': 'kept',
  'drain:start': 'kept',
  'drain:end': 'kept',
}

export const KEPT_EVENTS: readonly EventName[] = namesOf('kept')
export const LIVE_EVENTS: readonly EventName[] = namesOf('live')

function namesOf(kind: 'kept' | 'live'): EventName[] {
  return (Object.keys(KINDS) as EventName[]).filter((name) => KINDS[name] === kind)
}
