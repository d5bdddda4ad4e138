import { formatDuration } from '../config/format-duration.ts'
import type { BalancerEvents, EventName } from '../core/events.ts'
import { escapeControls, escapeText } from './escape-text.ts'
import type { LogEntry } from './log.ts'
import { roundMs } from './session-fields.ts'

/** The ends of sessions and requests have lines of their own. */
export type DescribedEvent = Exclude<EventName, 'session:close' | 'request:end'>

/** The line of one event. */
export function describeEvent<Name extends DescribedEvent>(
  name: Name,
  event: BalancerEvents[Name][0],
): LogEntry {
  const { level, levelOf, describe } = DESCRIPTIONS[name]
  return { event: name, level: levelOf?.(event) ?? level, ...describe(event) }
}

interface Description<Event> {
  /** The loudest that it may be. */
  readonly level: LogEntry['level']
  /** Where it is not always that loud. */
  readonly levelOf?: (event: Event) => LogEntry['level']
  readonly describe: (event: Event) => Pick<LogEntry, 'msg' | 'fields'>
}

/** A new event is one entry here. */
const DESCRIPTIONS: { readonly [Name in DescribedEvent]: Description<BalancerEvents[Name][0]> } = {
  'listener:open': {
    level: 'info',
    describe: ({ listener, address }) => ({
      msg: `listening on ${escapeText(address)}`,
      fields: { listener, address },
    }),
  },
  'listener:close': {
    level: 'info',
    describe: ({ listener, address }) => ({
      msg: `no longer listening on ${escapeText(address)}; its open sessions live on`,
      fields: { listener, address },
    }),
  },
  'listener:full': {
    level: 'warn',
    describe: ({ listener, rejected, maxConnections }) => ({
      msg: `listener ${listener} is full (${maxConnections} sessions): ${rejected} more reset`,
      fields: { listener, rejected, maxConnections },
    }),
  },
  'session:open': {
    level: 'debug',
    describe: ({ id, listener, client }) => ({
      msg: `session ${id} opened by ${escapeText(client)}`,
      fields: { session: id, listener, client: escapeText(client) },
    }),
  },
  'connect:retry': {
    // Not louder: the line of the session names everyone that was tried.
    level: 'debug',
    describe: ({ id, pool, session, reason, attempt }) => ({
      msg: `session ${session}: backend ${id} failed attempt ${attempt}: ${escapeText(reason)}`,
      fields: { backend: id, pool, session, reason: escapeText(reason), attempt },
    }),
  },
  'fault:local': {
    level: 'error',
    describe: ({ code, message }) => ({
      msg: `fault of this machine: ${code}: ${escapeText(message)}`,
      fields: { code, message: escapeText(message) },
    }),
  },
  'backend:up': {
    level: 'info',
    describe: ({ id, pool, reason }) => state(`backend ${id} is up`, { backend: id, pool, reason }),
  },
  'backend:down': {
    level: 'warn',
    describe: ({ id, pool, reason }) => state(`backend ${id} is down`, { backend: id, pool, reason }),
  },
  'backend:eject': {
    level: 'warn',
    describe: ({ id, pool, reason, forMs }) =>
      state(`backend ${id} is ejected for ${formatDuration(forMs)}`, { backend: id, pool, reason, forMs }),
  },
  'backend:return': {
    level: 'info',
    describe: ({ id, pool, reason }) => state(`backend ${id} is back`, { backend: id, pool, reason }),
  },
  'backend:mode': {
    level: 'info',
    describe: ({ id, pool, mode }) => ({
      msg: `backend ${id} is set to ${mode}`,
      fields: { backend: id, pool, mode },
    }),
  },
  'backend:weight': {
    level: 'info',
    describe: ({ id, pool, weight }) => ({
      msg: `backend ${id} has weight ${weight}`,
      fields: { backend: id, pool, weight },
    }),
  },
  'backend:add': {
    level: 'info',
    describe: ({ id, pool, address }) => ({
      msg: id === address ? `backend ${id} is added` : `backend ${id} is added at ${escapeText(address)}`,
      fields: { backend: id, pool, address },
    }),
  },
  'backend:remove': {
    level: 'info',
    describe: ({ id, pool }) => ({ msg: `backend ${id} is removed`, fields: { backend: id, pool } }),
  },
  'backend:check': {
    level: 'debug',
    describe: ({ id, pool, result }) => ({
      msg: `check of backend ${id}: ${result.code} ${escapeText(result.text)}`,
      fields: {
        backend: id,
        pool,
        check: { ...result, text: escapeText(result.text), durationMs: roundMs(result.durationMs) },
      },
    }),
  },
  'backend:limit': {
    level: 'info',
    describe: ({ id, pool, maxConnections }) => ({
      msg: `backend ${id} now takes ${maxConnections === 0 ? 'any number of' : `at most ${maxConnections}`} sessions`,
      fields: { backend: id, pool, maxConnections },
    }),
  },
  'config:reload': {
    level: 'error',
    levelOf: ({ ok }) => (ok ? 'info' : 'error'),
    describe: ({ ok, changes, problems, needsRestart }) => ({
      msg: ok
        ? `reloaded: ${changes.length === 0 ? 'nothing changed' : changes.map(escapeControls).join('; ')}${
            needsRestart.length === 0 ? '' : `; waits for a restart: ${needsRestart.join(', ')}`
          }`
        : `not reloaded, the old configuration stays: ${problems.map(escapeControls).join('; ')}`,
      fields: { ok, changes, problems, needsRestart },
    }),
  },
  'discovery:failed': {
    level: 'warn',
    describe: ({ pool, source, reason }) => ({
      msg: `pool ${pool}: ${escapeText(source)} cannot tell its backends, the last ones stay: ${escapeText(reason)}`,
      fields: { pool, source, reason: escapeText(reason) },
    }),
  },
  'discovery:recovered': {
    level: 'info',
    describe: ({ pool, source }) => ({
      msg: `pool ${pool}: ${escapeText(source)} tells its backends again`,
      fields: { pool, source },
    }),
  },
  'fault:add': {
    level: 'warn',
    describe: ({ fault, type, where, dangerous }) => ({
      msg: dangerous
        ? `fault ${fault} CHANGES BYTES on purpose, ${where}`
        : `fault ${fault} on purpose: ${type}, ${where}`,
      fields: { fault, type, where },
    }),
  },
  'fault:remove': {
    level: 'info',
    describe: ({ fault, type, hits }) => ({
      msg: `fault ${fault} is removed; it struck ${hits} times`,
      fields: { fault, type, hits },
    }),
  },
  'counters:reset': {
    level: 'info',
    describe: () => ({ msg: 'all counters are back at zero', fields: {} }),
  },
  'drain:start': {
    level: 'info',
    describe: ({ sessions, delayMs, timeoutMs }) => ({
      msg: `draining: ${drainPlan(sessions, { delayMs, timeoutMs })}`,
      fields: { sessions, delayMs, timeoutMs },
    }),
  },
  'drain:end': {
    level: 'info',
    describe: ({ cut }) => ({
      msg: cut === 0 ? 'drained' : `drained: ${count(cut)} reset`,
      fields: { cut },
    }),
  },
}

/** Levels by event, so that nobody listens to what would not be logged. */
export const describedEvents = Object.entries(DESCRIPTIONS).map(([name, { level }]) => ({
  name: name as DescribedEvent,
  level,
}))

function state(
  what: string,
  fields: Readonly<Record<string, unknown>> & { readonly reason: string },
): Pick<LogEntry, 'msg' | 'fields'> {
  const reason = escapeText(fields.reason)
  return { msg: `${what}: ${reason}`, fields: { ...fields, reason } }
}

function drainPlan(sessions: number, wait: { readonly delayMs: number; readonly timeoutMs: number }): string {
  const { delayMs, timeoutMs } = wait
  const patience = timeoutMs === 0 ? 'as long as it takes' : `at most ${formatDuration(timeoutMs)}`
  if (delayMs > 0) {
    return `accepting for ${formatDuration(delayMs)} more, then waiting for what is open, ${patience}`
  }
  return sessions === 0 ? 'no session is open' : `waiting for ${count(sessions)}, ${patience}`
}

function count(sessions: number): string {
  return sessions === 1 ? '1 session' : `${sessions} sessions`
}
