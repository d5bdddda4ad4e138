import t from 'tap'
import { systemClock } from '../../src/core/clock.ts'
import type { SessionEnd } from '../../src/core/events.ts'
import type { BackendSnapshot, Snapshot } from '../../src/core/snapshot.ts'
import { formatBanner } from '../../src/log/banner.ts'
import { describeEvent } from '../../src/log/describe-event.ts'
import { humanBytes, humanMs, timeOfDay } from '../../src/log/human.ts'
import { createPaint, type Paint, wantsColor } from '../../src/log/paint.ts'
import { PrettyLog } from '../../src/log/pretty-log.ts'
import { PrettyColumns } from '../../src/log/pretty-columns.ts'
import { prettySession } from '../../src/log/pretty-session.ts'
import { REQUEST } from './ends.ts'

const PLAIN = createPaint(false)
const MARKED: Paint = (color, text) => `<${color}>${text}`

const END: SessionEnd = {
  id: 1,
  listener: 'main',
  client: '127.0.0.1:5000',
  pool: 'main',
  backend: 'a',
  tried: [],
  code: '--',
  reason: 'done',
  bytesIn: 79,
  bytesOut: 1_234_567,
  queueMs: 0,
  connectMs: 1,
  totalMs: 12.3,
  listenerActive: 0,
  backendActive: 0,
  faults: [],
}

void t.test('sessions stand in columns, and wider values widen them', async (sub) => {
  const columns = new PrettyColumns(PLAIN)
  sub.equal(prettySession(END, columns), '127.0.0.1:5000  → a  ↑   79 B ↓ 1.2 MB    12 ms')
  sub.equal(
    prettySession({ ...END, client: '203.0.113.77:50000', backend: 'backend-b' }, columns),
    '203.0.113.77:50000 → backend-b  ↑   79 B ↓ 1.2 MB    12 ms',
  )
  sub.equal(prettySession(END, columns), '127.0.0.1:5000     → a          ↑   79 B ↓ 1.2 MB    12 ms')
})

void t.test('a session that did not end well says so, and who was tried', async (sub) => {
  const columns = new PrettyColumns(PLAIN)
  sub.equal(
    prettySession(
      {
        ...END,
        backend: undefined,
        code: 'SC',
        reason: 'connect-refused',
        tried: [
          { backend: 'a', reason: 'ECONNREFUSED' },
          { backend: 'b', reason: 'timeout' },
        ],
        queueMs: 250,
      },
      columns,
    ),
    '127.0.0.1:5000  → -  ↑   79 B ↓ 1.2 MB    12 ms  SC connect-refused  after a (ECONNREFUSED), b (timeout)  queued 250 ms',
  )
})

void t.test('each backend keeps a colour of its own; ends are coloured by who caused them', async (sub) => {
  const columns = new PrettyColumns(MARKED)
  sub.match(prettySession(END, columns), '<cyan>a')
  sub.match(prettySession({ ...END, backend: 'b' }, columns), '<magenta>b')
  sub.match(prettySession(END, columns), '<cyan>a')
  sub.match(
    prettySession({ ...END, code: 'CD', reason: 'client-reset' }, columns),
    '<yellow> CD client-reset',
  )
  sub.match(prettySession({ ...END, code: 'SD', reason: 'backend-reset' }, columns), '<red> SD backend-reset')
})

void t.test('lines bear the time of day and a mark; those before the banner wait for it', async (sub) => {
  const lines: string[] = []
  const log = new PrettyLog({
    destination: { write: (line) => lines.push(line) },
    paint: PLAIN,
    clock: { ...systemClock, wallTime: () => new Date(2026, 0, 2, 9, 5, 1, 42).getTime() },
    level: 'info',
  })
  log.hold()
  log.session(END)
  log.write(describeEvent('backend:down', { id: 'c', pool: 'main', reason: 'shown by the banner' }))
  log.write(describeEvent('backend:eject', { id: 'c', pool: 'main', reason: 'x', forMs: 1_000 }))
  sub.same(lines, [])
  log.release('BANNER\n')
  log.write(describeEvent('backend:up', { id: 'c', pool: 'main', reason: 'y' }))
  log.write(describeEvent('fault:local', { code: 'EMFILE', message: 'z' }))
  log.request(REQUEST)
  log.raw('a finished line\n')
  sub.same(lines, [
    'BANNER\n',
    '09:05:01.042  127.0.0.1:5000  → a  ↑   79 B ↓ 1.2 MB    12 ms\n',
    '09:05:01.042  ◆ backend c is ejected for 1s: x\n',
    '09:05:01.042  ▲ backend c is up: y\n',
    '09:05:01.042  ✖ fault of this machine: EMFILE: z\n',
    '09:05:01.042  192.0.2.1:50000 → b  200  ↑    0 B ↓  261 B    12 ms  GET /a/b\n',
    'a finished line\n',
  ])
})

const BACKEND: BackendSnapshot = {
  id: 'a',
  address: '127.0.0.1:3001',
  mode: 'ready',
  healthy: true,
  ejected: false,
  eligible: true,
  weight: 1,
  effectiveWeight: 1,
  backup: false,
  maxConnections: 0,
  active: 0,
  sessions: 0,
  connectFailures: 0,
  ejections: 0,
  totalEjections: 0,
  connectTime: { boundsMs: [], counts: [0], sumMs: 0 },
  sessionTime: { boundsMs: [], counts: [0], sumMs: 0 },
  bytesToBackend: 0,
  bytesToClient: 0,
  checks: 1,
  failedChecks: 0,
  lastCheck: { ok: true, code: 'L4OK', text: 'connected', durationMs: 0.42 },
  healthySince: 0,
  requests: undefined,
}

function snapshotOf(address: string, backends: readonly BackendSnapshot[]): Snapshot {
  return {
    at: 0,
    startedAt: 0,
    state: 'running',
    version: 1,
    reloads: { succeeded: 0, failed: 0, lastOk: true, lastOkAt: 0 },
    listeners: [
      {
        name: 'main',
        address,
        pool: 'main',
        mode: 'tcp',
        active: 0,
        accepted: 0,
        rejected: 0,
        maxConnections: 9,
        ends: {},
      },
    ],
    pools: [
      {
        name: 'main',
        strategy: 'round-robin',
        modes: ['tcp'],
        queued: 0,
        retries: 0,
        replays: 0,
        queueTime: { boundsMs: [], counts: [0], sumMs: 0 },
        queueFailures: { timeout: 0, 'no-backend': 0, full: 0, 'client-left': 0 },
        backends,
      },
    ],
  }
}

void t.test('the banner shows where, how, who, and how they are', async (sub) => {
  const refused = { ok: false, code: 'L4CON', text: 'connect ECONNREFUSED', durationMs: 1 } as const
  const banner = formatBanner(
    {
      version: '1.2.3',
      snapshot: snapshotOf('[::]:8080', [
        BACKEND,
        { ...BACKEND, id: 'long-name', weight: 5, healthy: false, lastCheck: refused },
        { ...BACKEND, id: '127.0.0.1:9', address: '127.0.0.1:9', backup: true, lastCheck: undefined },
      ]),
      checks: new Map([['main', { text: 'tcp, every 2s', isOff: false }]]),
      dashboard: 'http://127.0.0.1:8090',
      hints: ['Try:', '', 'curl x  # now'],
    },
    PLAIN,
  )
  sub.equal(
    banner,
    `
fairlead 1.2.3

  listening on  port 8080, all interfaces
  dashboard     http://127.0.0.1:8090
  mode          tcp, connection by connection
  strategy      round-robin
  checks        tcp, every 2s
  backends      ● a           127.0.0.1:3001  up, 0.4 ms
                ● long-name   127.0.0.1:3001  down: connect ECONNREFUSED  weight 5
                ● 127.0.0.1:9                 up until checked  backup

  Try:

  curl x  # now

`,
  )
})

void t.test('no address and no name of a source can send escapes to a terminal', async (sub) => {
  const evil = 'unix:/tmp/a\u001b]0;PWNED\u0007\u009b2J\u202e'
  const told = String.raw`unix:/tmp/a\x1b]0;PWNED\x07\x9b2J\u202e`
  const place = { listener: 'main', address: evil }
  const source = { pool: 'main', source: evil, reason: 'x' }
  const reload = { at: 0, ok: true, changes: [`pool main: backend ${evil} added`], needsRestart: [] }
  const problems = [`${evil}: "a\\u0007" is wrong`]
  for (const { msg } of [
    describeEvent('listener:open', place),
    describeEvent('listener:close', place),
    describeEvent('backend:add', { id: 'a', pool: 'main', address: evil }),
    describeEvent('discovery:failed', source),
    describeEvent('discovery:recovered', source),
    describeEvent('config:reload', { ...reload, problems: [] }),
    describeEvent('config:reload', { ...reload, ok: false, problems }),
  ]) {
    sub.ok(msg.includes(told), msg)
    sub.notMatch(msg, /[\p{Cc}\u202e]/u)
  }
  sub.match(
    describeEvent('config:reload', { ...reload, ok: false, problems }).msg,
    String.raw`: "a\u0007" is wrong`,
    'what is escaped already stays as it is',
  )
  const banner = formatBanner(
    {
      version: '1',
      checks: new Map(),
      dashboard: evil,
      hints: [],
      snapshot: snapshotOf(evil, [{ ...BACKEND, address: evil }]),
    },
    PLAIN,
  )
  sub.notMatch(banner.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  sub.equal(banner.split(told).length - 1, 3)
})

void t.test('the banner without checks, without backends, on one address', async (sub) => {
  const checks = new Map([['main', { text: 'off', isOff: true }]])
  const facts = { version: '1', checks, dashboard: undefined, hints: [] } as const
  sub.match(formatBanner({ ...facts, snapshot: snapshotOf('127.0.0.1:1', [BACKEND]) }, PLAIN), 'not checked')
  const empty = formatBanner({ ...facts, snapshot: snapshotOf('127.0.0.1:1', []) }, PLAIN)
  sub.match(empty, '  listening on  127.0.0.1:1\n  mode          tcp, connection by connection\n')
  sub.match(empty, '  backends      none\n')
  const [pool] = snapshotOf('127.0.0.1:1', [BACKEND]).pools
  const two = snapshotOf('127.0.0.1:1', [])
  const pools = [pool, { ...pool, name: 'db' }] as typeof two.pools
  const both = formatBanner({ ...facts, snapshot: { ...two, pools } }, PLAIN)
  sub.match(
    both,
    '  pool          main\n  strategy ',
    'each pool is told by its name where there are several',
  )
  const [tcp] = two.listeners as [(typeof two.listeners)[0]]
  const listeners = [tcp, { ...tcp, mode: 'http' as const, pool: 'web' }]
  const banner = formatBanner({ ...facts, snapshot: { ...two, listeners } }, PLAIN)
  sub.match(banner, 'listening on  127.0.0.1:1, tcp, to main\n  listening on  127.0.0.1:1, http, to web\n')
  sub.match(both, '  pool          db\n')
})

void t.test('bytes and durations have few digits', async (sub) => {
  sub.same([0, 999, 1_000, 9_949, 9_950, 999_499, 999_500, 34e6, 5e12, 5e16].map(humanBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '999 kB',
    '1.0 MB',
    '34 MB',
    '5.0 TB',
    '50000 TB',
  ])
  sub.same([0, 0.44, 9.94, 9.96, 999.4, 999.6, 59_940, 59_960, 200_000, 7_500_000].map(humanMs), [
    '0.0 ms',
    '0.4 ms',
    '9.9 ms',
    '10 ms',
    '999 ms',
    '1.0 s',
    '59.9 s',
    '1m00s',
    '3m20s',
    '2h05m',
  ])
  sub.equal(timeOfDay(new Date(2026, 5, 1, 23, 4, 5, 6).getTime()), '23:04:05.006')
})

void t.test('colours are for terminals, unless the environment says otherwise', async (sub) => {
  sub.equal(wantsColor({ isTerminal: true, env: {} }), true)
  sub.equal(wantsColor({ isTerminal: false, env: {} }), false)
  sub.equal(wantsColor({ isTerminal: true, env: { NO_COLOR: '1' } }), false)
  sub.equal(wantsColor({ isTerminal: true, env: { NO_COLOR: '' } }), true)
  sub.equal(wantsColor({ isTerminal: true, env: { TERM: 'dumb' } }), false)
  sub.equal(wantsColor({ isTerminal: false, env: { FORCE_COLOR: '1' } }), true)
  sub.equal(wantsColor({ isTerminal: true, env: { FORCE_COLOR: '0' } }), false)
  sub.equal(createPaint(true)('red', 'x'), '\u001b[31mx\u001b[39m')
})
