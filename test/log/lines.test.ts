import t from 'tap'
import type { RequestEnd, SessionEnd } from '../../src/core/events.ts'
import { Events } from '../../src/core/events.ts'
import { describedEvents, describeEvent } from '../../src/log/describe-event.ts'
import { escapeText } from '../../src/log/escape-text.ts'
import { JsonLog } from '../../src/log/json-log.ts'
import { isLogged, type Log, type LogEntry, type LogLevel } from '../../src/log/log.ts'
import { logEvents } from '../../src/log/log-events.ts'
import { SESSION as END } from './ends.ts'

class Lines {
  readonly all: Record<string, unknown>[] = []

  write(line: string): void {
    this.all.push(JSON.parse(line) as Record<string, unknown>)
  }
}

/** What a log was given. */
class Recorder implements Log {
  readonly entries: LogEntry[] = []
  readonly ends: SessionEnd[] = []

  write(entry: LogEntry): void {
    this.entries.push(entry)
  }

  session(end: SessionEnd): void {
    this.ends.push(end)
  }

  request(end: RequestEnd): void {
    throw new Error(`no request was made, but ${end.path}`)
  }
}

void t.test('a session is one JSON line with everything that is known of it', async (sub) => {
  const lines = new Lines()
  new JsonLog(lines, { level: 'info' }).session(END, 'info')
  const [line] = lines.all
  sub.type(line?.['time'], 'number')
  sub.same(
    { ...line, time: 0 },
    {
      level: 30,
      time: 0,
      event: 'session:close',
      session: 7,
      listener: 'main',
      client: '192.0.2.1:50000',
      pool: 'main',
      backend: 'b',
      tried: [{ backend: 'a', reason: 'ECONNREFUSED' }],
      code: 'SD',
      reason: 'backend-reset',
      bytesIn: 79,
      bytesOut: 261,
      queue: 0,
      connect: 5.474,
      total: 1_009.364,
      active: { listener: 3, backend: 1 },
      msg: 'session',
    },
  )
})

void t.test('the faults that touched a session or a request are named, and no others', async (sub) => {
  const lines = new Lines()
  const log = new JsonLog(lines, { level: 'info' })
  log.session({ ...END, faults: ['slow', 'cut'] }, 'info')
  log.session(END, 'info')
  sub.same(lines.all[0]?.['faults'], ['slow', 'cut'])
  sub.notOk('faults' in (lines.all[1] as object))
})

void t.test('a session that no backend served has the backend null', async (sub) => {
  const lines = new Lines()
  new JsonLog(lines, { level: 'info' }).session({ ...END, backend: undefined }, 'info')
  sub.equal(lines.all[0]?.['backend'], null)
})

void t.test('every other event has a line of its own level', async (sub) => {
  const cases: [LogEntry, LogEntry['level'], string, object][] = [
    [
      describeEvent('listener:open', { listener: 'main', address: '[::]:8080' }),
      'info',
      'listening on [::]:8080',
      { listener: 'main', address: '[::]:8080' },
    ],
    [
      describeEvent('listener:full', { listener: 'main', rejected: 5, maxConnections: 100 }),
      'warn',
      'listener main is full (100 sessions): 5 more reset',
      { listener: 'main', rejected: 5, maxConnections: 100 },
    ],
    [
      describeEvent('session:open', { id: 1, listener: 'main', client: '192.0.2.1:1' }),
      'debug',
      'session 1 opened by 192.0.2.1:1',
      { session: 1, listener: 'main', client: '192.0.2.1:1' },
    ],
    [
      describeEvent('connect:retry', { id: 'a', pool: 'p', session: 4, reason: 'timeout', attempt: 2 }),
      'debug',
      'session 4: backend a failed attempt 2: timeout',
      { backend: 'a', pool: 'p', session: 4, reason: 'timeout', attempt: 2 },
    ],
    [
      describeEvent('fault:local', { code: 'EMFILE', message: 'too many open files' }),
      'error',
      'fault of this machine: EMFILE: too many open files',
      { code: 'EMFILE', message: 'too many open files' },
    ],
    [
      describeEvent('backend:up', { id: 'a', pool: 'p', reason: 'L4OK' }),
      'info',
      'backend a is up: L4OK',
      { backend: 'a', pool: 'p', reason: 'L4OK' },
    ],
    [
      describeEvent('backend:down', { id: 'a', pool: 'p', reason: 'L7STS: 503 \u001b[2J' }),
      'warn',
      'backend a is down: L7STS: 503 \\x1b[2J',
      { backend: 'a', pool: 'p', reason: 'L7STS: 503 \\x1b[2J' },
    ],
    [
      describeEvent('backend:eject', { id: 'a', pool: 'p', reason: '3 failed', forMs: 10_000 }),
      'warn',
      'backend a is ejected for 10s: 3 failed',
      { backend: 'a', pool: 'p', reason: '3 failed', forMs: 10_000 },
    ],
    [
      describeEvent('backend:return', { id: 'a', pool: 'p', reason: 'time is over' }),
      'info',
      'backend a is back: time is over',
      { backend: 'a', pool: 'p', reason: 'time is over' },
    ],
    [
      describeEvent('backend:mode', { id: 'a', pool: 'p', mode: 'drain' }),
      'info',
      'backend a is set to drain',
      { backend: 'a', pool: 'p', mode: 'drain' },
    ],
    [
      describeEvent('backend:weight', { id: 'a', pool: 'p', weight: 9 }),
      'info',
      'backend a has weight 9',
      { backend: 'a', pool: 'p', weight: 9 },
    ],
    [
      describeEvent('listener:close', { listener: 'l', address: '127.0.0.1:1' }),
      'info',
      'no longer listening on 127.0.0.1:1; its open sessions live on',
      { listener: 'l', address: '127.0.0.1:1' },
    ],
    [
      describeEvent('backend:limit', { id: 'a', pool: 'p', maxConnections: 9 }),
      'info',
      'backend a now takes at most 9 sessions',
      { backend: 'a', pool: 'p', maxConnections: 9 },
    ],
    [
      describeEvent('backend:limit', { id: 'a', pool: 'p', maxConnections: 0 }),
      'info',
      'backend a now takes any number of sessions',
      {},
    ],
    [
      describeEvent('config:reload', {
        at: 1,
        ok: true,
        changes: ['a', 'b'],
        problems: [],
        needsRestart: ['io'],
      }),
      'info',
      'reloaded: a; b; waits for a restart: io',
      { ok: true, changes: ['a', 'b'], needsRestart: ['io'] },
    ],
    [
      describeEvent('config:reload', { at: 1, ok: true, changes: [], problems: [], needsRestart: [] }),
      'info',
      'reloaded: nothing changed',
      {},
    ],
    [
      describeEvent('config:reload', {
        at: 1,
        ok: false,
        changes: [],
        problems: ['x: bad'],
        needsRestart: [],
      }),
      'error',
      'not reloaded, the old configuration stays: x: bad',
      { ok: false, problems: ['x: bad'] },
    ],
    [
      describeEvent('discovery:failed', { pool: 'p', source: 'dns:x', reason: 'a\tb' }),
      'warn',
      'pool p: dns:x cannot tell its backends, the last ones stay: a\\x09b',
      { pool: 'p', source: 'dns:x', reason: 'a\\x09b' },
    ],
    [
      describeEvent('discovery:recovered', { pool: 'p', source: 'dns:x' }),
      'info',
      'pool p: dns:x tells its backends again',
      { pool: 'p', source: 'dns:x' },
    ],
    [describeEvent('counters:reset', { at: 1 }), 'info', 'all counters are back at zero', {}],
    [
      describeEvent('backend:add', { id: 'a', pool: 'p', address: '127.0.0.1:1' }),
      'info',
      'backend a is added at 127.0.0.1:1',
      { backend: 'a', pool: 'p', address: '127.0.0.1:1' },
    ],
    [
      describeEvent('backend:add', { id: '127.0.0.1:1', pool: 'p', address: '127.0.0.1:1' }),
      'info',
      'backend 127.0.0.1:1 is added',
      {},
    ],
    [
      describeEvent('backend:remove', { id: 'a', pool: 'p' }),
      'info',
      'backend a is removed',
      { backend: 'a', pool: 'p' },
    ],
    [
      describeEvent('backend:check', {
        id: 'a',
        pool: 'p',
        result: { ok: false, code: 'L7STS', text: '503\tno', durationMs: 1.23456 },
      }),
      'debug',
      'check of backend a: L7STS 503\\x09no',
      { backend: 'a', check: { ok: false, code: 'L7STS', text: '503\\x09no', durationMs: 1.235 } },
    ],
    [
      describeEvent('drain:start', { sessions: 3, delayMs: 0, timeoutMs: 30_000 }),
      'info',
      'draining: waiting for 3 sessions, at most 30s',
      { sessions: 3, timeoutMs: 30_000 },
    ],
    [
      describeEvent('drain:start', { sessions: 1, delayMs: 0, timeoutMs: 0 }),
      'info',
      'draining: waiting for 1 session, as long as it takes',
      {},
    ],
    [
      describeEvent('drain:start', { sessions: 0, delayMs: 0, timeoutMs: 1 }),
      'info',
      'draining: no session is open',
      {},
    ],
    [
      describeEvent('fault:add', { fault: 'slow', type: 'latency', where: 'pool p', dangerous: false }),
      'warn',
      'fault slow on purpose: latency, pool p',
      { fault: 'slow', type: 'latency', where: 'pool p' },
    ],
    [
      describeEvent('fault:add', { fault: 'c', type: 'corrupt', where: 'everywhere', dangerous: true }),
      'warn',
      'fault c CHANGES BYTES on purpose, everywhere',
      {},
    ],
    [
      describeEvent('fault:remove', { fault: 'slow', type: 'latency', hits: 3 }),
      'info',
      'fault slow is removed; it struck 3 times',
      { fault: 'slow', hits: 3 },
    ],
    [describeEvent('drain:end', { cut: 0 }), 'info', 'drained', { cut: 0 }],
    [describeEvent('drain:end', { cut: 2 }), 'info', 'drained: 2 sessions reset', { cut: 2 }],
  ]
  for (const [entry, level, msg, fields] of cases) {
    sub.match(entry, { level, msg, fields }, msg)
  }
  sub.same(new Set(cases.map(([{ event }]) => event)), new Set(describedEvents.map(({ name }) => name)))
})

void t.test('JSON lines carry the name of the event, its facts and its sentence', async (sub) => {
  const lines = new Lines()
  const log = new JsonLog(lines, { level: 'warn' })
  log.write(describeEvent('backend:up', { id: 'a', pool: 'p', reason: 'fine' }))
  log.write(describeEvent('backend:down', { id: 'a', pool: 'p', reason: 'L4CON' }))
  sub.same(
    lines.all.map((line) => ({ ...line, time: 0 })),
    [
      {
        level: 40,
        time: 0,
        event: 'backend:down',
        backend: 'a',
        pool: 'p',
        reason: 'L4CON',
        msg: 'backend a is down: L4CON',
      },
    ],
  )
})

void t.test('only what the level lets through is listened to', async (sub) => {
  sub.ok(heard('info', true).includes('session:close'))
  sub.notOk(heard('info', true).includes('backend:check'))
  sub.ok(heard('debug', true).includes('backend:check'))
  sub.notOk(heard('info', false).includes('session:close'))
  sub.same(heard('warn', true).toSorted(), [
    'backend:down',
    'backend:eject',
    'config:reload',
    'discovery:failed',
    'fault:add',
    'fault:local',
    'listener:full',
  ])
  sub.same(heard('silent', true), [])
})

void t.test('events reach the log, sessions as sessions', async (sub) => {
  const events = new Events()
  const log = new Recorder()
  logEvents(events, log, { level: 'info', sessions: true, isHttp: () => false })
  events.emit('backend:up', { id: 'a', pool: 'p', reason: 'fine' })
  events.emit('session:close', END)
  sub.same(log.ends, [END])
  sub.same(
    log.entries.map(({ event, msg }) => [event, msg]),
    [['backend:up', 'backend a is up: fine']],
  )
})

void t.test('levels', async (sub) => {
  sub.ok(isLogged('info', 'info'))
  sub.ok(isLogged('fatal', 'error'))
  sub.notOk(isLogged('debug', 'info'))
  sub.notOk(isLogged('fatal', 'silent'))
})

void t.test('nothing from the wire can move the cursor, turn the text around or fake a line', async (sub) => {
  const cases: [string, string][] = [
    ['plain text, ümlaut, 日本 and 🎉', 'plain text, ümlaut, 日本 and 🎉'],
    ['a\r\nb\tc\0', 'a\\x0d\\x0ab\\x09c\\x00'],
    ['\u001b[2J\u009b31m\u007f', '\\x1b[2J\\x9b31m\\x7f'],
    ['back\\slash', 'back\\\\slash'],
    ['\u202egnp.exe\u2028', '\\u202egnp.exe\\u2028'],
    ['half \ud83c pair', 'half \\ud83c pair'],
    ['\n🎉', '\\x0a🎉'],
    ['x'.repeat(301), `${'x'.repeat(300)}…`],
  ]
  for (const [text, escaped] of cases) sub.equal(escapeText(text), escaped)
})

function heard(level: LogLevel, sessions: boolean): string[] {
  const events = new Events()
  logEvents(events, new Recorder(), { level, sessions, isHttp: () => false })
  return events.eventNames().map(String)
}
