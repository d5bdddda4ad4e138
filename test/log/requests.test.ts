import t from 'tap'
import type { RequestEnd } from '../../src/core/events.ts'
import { Events } from '../../src/core/events.ts'
import { AccessLog } from '../../src/log/access-log.ts'
import { combinedLine, commonLine } from '../../src/log/common-log.ts'
import { JsonLog } from '../../src/log/json-log.ts'
import type { Log, LogEntry, LogLevel } from '../../src/log/log.ts'
import { logEvents } from '../../src/log/log-events.ts'
import { createPaint, type Paint } from '../../src/log/paint.ts'
import { PrettyColumns } from '../../src/log/pretty-columns.ts'
import { prettyRequest } from '../../src/log/pretty-request.ts'
import { REQUEST, SESSION } from './ends.ts'

const PLAIN = createPaint(false)
const MARKED: Paint = (color, text) => `<${color}>${text}`

/** What a log was given, in order. */
class Recorder implements Log {
  readonly calls: string[] = []

  write(entry: LogEntry): void {
    this.calls.push(entry.event)
  }

  session(_end: unknown, level: string): void {
    this.calls.push(`session ${level}`)
  }

  request(end: RequestEnd): void {
    this.calls.push(`request ${end.path}`)
  }
}

function jsonLine(end: RequestEnd): Record<string, unknown> {
  const lines: string[] = []
  new JsonLog({ write: (line) => lines.push(line) }, { level: 'info' }).request(end)
  return JSON.parse(lines.join('')) as Record<string, unknown>
}

void t.test('a request is one JSON line with everything that is known of it', async (sub) => {
  sub.same(
    { ...jsonLine({ ...REQUEST, tried: [{ backend: 'a', reason: 'timeout' }] }), time: 0 },
    {
      level: 30,
      time: 0,
      event: 'request:end',
      session: 7,
      listener: 'main',
      client: '192.0.2.1:50000',
      pool: 'main',
      backend: 'b',
      tried: [{ backend: 'a', reason: 'timeout' }],
      code: '--',
      reason: 'done',
      method: 'GET',
      path: '/a/b',
      status: 200,
      requestId: 'k3x9',
      bytesIn: 0,
      bytesOut: 261,
      queue: 0,
      connect: 0.214,
      firstByte: 2.346,
      total: 12.3,
      msg: 'request',
    },
  )
  sub.equal(jsonLine({ ...REQUEST, backend: undefined })['backend'], null)
})

const HOSTILE: RequestEnd = {
  ...REQUEST,
  method: 'GE\u001bT',
  path: '/%0d%0a\u0085\u001b[2J"\\x',
  requestId: 'id\u001b',
  referer: 'a"b\r\nc',
  userAgent: 'x\u001b]0;title\u0007" 200 5 "y\\',
}

void t.test('what came from the wire is escaped, never decoded, and one line', async (sub) => {
  sub.match(jsonLine(HOSTILE), {
    method: 'GE\\x1bT',
    path: '/%0d%0a\\x85\\x1b[2J"\\\\x',
    requestId: 'id\\x1b',
  })
  const combined = combinedLine(HOSTILE, Date.now())
  sub.ok(
    combined.endsWith(
      ' "GE\\x1bT /%0d%0a\\x85\\x1b[2J\\"\\\\x HTTP/1.1" 200 38' +
        ' "a\\"b\\x0d\\x0ac" "x\\x1b]0;title\\x07\\" 200 5 \\"y\\\\"',
    ),
    combined,
  )
  const pretty = prettyRequest(HOSTILE, new PrettyColumns(PLAIN), PLAIN)
  sub.match(pretty, 'GE\\x1bT /%0d%0a\\x85\\x1b[2J"\\\\x')
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  for (const line of [combined, pretty]) sub.notMatch(line, /[\x00-\x1f\x7f-\x9f]/)
})

void t.test('a long path is cut, so that no request fills the disk', async (sub) => {
  const path = `/${'x'.repeat(16_000)}`
  sub.equal(jsonLine({ ...REQUEST, path })['path'], `/${'x'.repeat(999)}…`)
  const line = combinedLine({ ...REQUEST, path, userAgent: path, referer: path }, 0)
  sub.ok(line.length < 3_200, `${line.length} characters`)
  sub.match(prettyRequest({ ...REQUEST, path }, new PrettyColumns(PLAIN), PLAIN), `GET /${'x'.repeat(59)}…`)
})

void t.test('the common and the combined log format, as log analysers read them', async (sub) => {
  const at = new Date(2026, 9, 3, 4, 5, 6).getTime()
  sub.match(
    commonLine(REQUEST, at),
    /^192\.0\.2\.1 - - \[03\/Oct\/2026:04:05:06 [+-]\d{4}\] "GET \/a\/b HTTP\/1\.1" 200 38$/,
  )
  sub.equal(combinedLine(REQUEST, at), `${commonLine(REQUEST, at)} "http://example.org/from" "curl/8.5.0"`)
  const [, zone = ''] = / ([+-]\d{4})\]/.exec(commonLine(REQUEST, at)) ?? []
  const iso = `2026-10-03T04:05:06${zone.slice(0, 3)}:${zone.slice(3)}`
  sub.equal(Date.parse(iso), at, 'the time and its zone tell the moment')
})

void t.test('the zone is that of the machine, also where it is behind and no whole hours', async (sub) => {
  const before = process.env['TZ']
  sub.teardown(() => {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  })
  const at = Date.UTC(2026, 0, 1, 0, 15, 9)
  for (const [zone, time] of [
    ['America/St_Johns', '31/Dec/2025:20:45:09 -0330'],
    ['Asia/Kathmandu', '01/Jan/2026:06:00:09 +0545'],
    ['UTC', '01/Jan/2026:00:15:09 +0000'],
  ] as const) {
    process.env['TZ'] = zone
    sub.match(commonLine(REQUEST, at), `[${time}]`)
  }
})

void t.test('what is not known is a dash', async (sub) => {
  const refused: RequestEnd = {
    ...REQUEST,
    method: '',
    path: '',
    version: '',
    referer: '',
    userAgent: '',
    status: 400,
    bytesOut: 0,
    bodyBytesOut: 0,
  }
  sub.ok(combinedLine(refused, 0).endsWith(' "-" 400 - "-" "-"'))
  sub.ok(commonLine({ ...REQUEST, status: 0, version: '1.0' }, 0).endsWith(' "GET /a/b HTTP/1.0" - 38'))
})

function hostOf(client: string): string | undefined {
  return commonLine({ ...REQUEST, client }, 0).split(' - - ')[0]
}

void t.test('the client stands there without its port', async (sub) => {
  sub.equal(hostOf('[2001:db8::1]:50000'), '2001:db8::1')
  sub.equal(hostOf('unix'), 'unix')
  sub.equal(hostOf('a b'), 'a_b')
  sub.equal(hostOf(''), '-')
})

void t.test('referer and user agent are looked up only where they are shown', async (sub) => {
  let looked = 0
  const lazy: RequestEnd = {
    ...REQUEST,
    get referer() {
      looked++
      return 'r'
    },
    get userAgent() {
      looked++
      return 'u'
    },
  }
  jsonLine(lazy)
  commonLine(lazy, 0)
  prettyRequest(lazy, new PrettyColumns(PLAIN), PLAIN)
  sub.equal(looked, 0)
  sub.ok(combinedLine(lazy, 0).endsWith(' "r" "u"'))
})

void t.test('on a terminal: who, by whom, the status, how much, how long, and what', async (sub) => {
  const columns = new PrettyColumns(PLAIN)
  sub.equal(
    prettyRequest(REQUEST, columns, PLAIN),
    '192.0.2.1:50000 → b  200  ↑    0 B ↓  261 B    12 ms  GET /a/b',
  )
  sub.equal(
    prettyRequest(
      {
        ...REQUEST,
        backend: undefined,
        status: 503,
        code: 'SC',
        reason: 'No backend could be reached',
        tried: [{ backend: 'a', reason: 'ECONNREFUSED' }],
        queueMs: 250,
        firstByteMs: 1_500,
      },
      columns,
      PLAIN,
    ),
    '192.0.2.1:50000 → -  503  ↑    0 B ↓  261 B    12 ms  GET /a/b  SC No backend could be reached' +
      '  after a (ECONNREFUSED)  queued 250 ms  first byte 1.5 s',
  )
  sub.equal(
    prettyRequest({ ...REQUEST, method: '', path: '', status: 400, backend: undefined }, columns, PLAIN),
    '192.0.2.1:50000 → -  400  ↑    0 B ↓  261 B    12 ms',
  )
  sub.match(prettyRequest({ ...REQUEST, status: 0 }, columns, PLAIN), /→ b {4}- {2}↑/)
})

void t.test('the status has the colour of its class', async (sub) => {
  const cases: [number, string][] = [
    [101, 'green'],
    [204, 'green'],
    [304, 'cyan'],
    [404, 'yellow'],
    [502, 'red'],
    [0, 'red'],
  ]
  for (const [status, color] of cases) {
    const line = prettyRequest({ ...REQUEST, status }, new PrettyColumns(MARKED), MARKED)
    sub.match(line, `<${color}>${status === 0 ? '  -' : status} `)
  }
})

function calls(options: { level: LogLevel; sessions?: boolean; http?: string }): string[] {
  const events = new Events()
  const log = new Recorder()
  const { http = SESSION.listener, ...rest } = options
  logEvents(events, log, { sessions: true, isHttp: (name) => name === http, ...rest })
  events.emit('session:close', SESSION)
  events.emit('request:end', REQUEST)
  return log.calls
}

void t.test('in HTTP mode requests have the lines, and sessions are a detail', async (sub) => {
  sub.same(calls({ level: 'info' }), ['request /a/b'])
  sub.same(calls({ level: 'debug' }), ['session debug', 'request /a/b'])
  sub.same(calls({ level: 'warn' }), [])
  sub.same(calls({ level: 'debug', sessions: false }), [])
  const beside = calls({ level: 'info', http: 'another' })
  sub.same(beside, ['session info', 'request /a/b'], 'sessions of a TCP listener beside it have their lines')
})

void t.test('a session of HTTP mode is a JSON line of level debug', async (sub) => {
  const lines: string[] = []
  const log = new JsonLog({ write: (line) => lines.push(line) }, { level: 'debug' })
  log.session(SESSION, 'debug')
  sub.match(JSON.parse(lines.join('')), { level: 20, event: 'session:close' })
})

void t.test(
  'an access log of its own form takes requests away from the log, and nothing else',
  async (sub) => {
    const inner = new Recorder()
    const requests: RequestEnd[] = []
    const log = new AccessLog(inner, (end) => requests.push(end))
    log.write({ level: 'info', event: 'drain:end', msg: '', fields: {} })
    log.session(SESSION, 'info')
    log.request(REQUEST)
    sub.same(inner.calls, ['drain:end', 'session info'])
    sub.same(requests, [REQUEST])
  },
)
