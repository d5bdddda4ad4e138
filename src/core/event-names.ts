import type { EventName } from './events.ts'

const NAMES: Readonly<Record<EventName, true>> = {
  'listener:open': true,
  'listener:close': true,
  'listener:full': true,
  'session:open': true,
  'session:close': true,
  'request:end': true,
  'connect:retry': true,
  'fault:local': true,
  'backend:up': true,
  'backend:down': true,
  'backend:eject': true,
  'backend:return': true,
  'backend:mode': true,
  'backend:weight': true,
  'backend:limit': true,
  'backend:add': true,
  'backend:remove': true,
  'backend:check': true,
  'config:reload': true,
  'discovery:failed': true,
  'discovery:recovered': true,
  'fault:add': true,
  'fault:remove': true,
  'counters:reset': true,
  'drain:start': true,
  'drain:end': true,
}

/** Every event that a balancer has. */
export const EVENT_NAMES = Object.keys(NAMES) as readonly EventName[]
