import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import type { Status } from '../../../src/cli/operate/ask-status.ts'
import { checkOf, stateOf } from '../../../src/cli/operate/backend-state.ts'
import { eventLine } from '../../../src/cli/operate/event-line.ts'
import { backendLines } from '../../../src/cli/operate/explain.ts'
import { findBackend } from '../../../src/cli/operate/find-backend.ts'
import { type BackendRates, ratesBetween } from '../../../src/cli/operate/rates.ts'
import { readMessages } from '../../../src/cli/operate/read-messages.ts'
import { jsonLine, parseSafely } from '../../../src/cli/operate/safe-json.ts'
import { canServe, statusLines } from '../../../src/cli/operate/status-view.ts'
import { cutText, tableLines } from '../../../src/cli/operate/table.ts'
import { textLine } from '../../../src/cli/operate/text-line.ts'
import { order, SORTS, topLines, type TopModel } from '../../../src/cli/operate/top-view.ts'
import type { BackendSnapshot, LatencySnapshot } from '../../../src/core/snapshot.ts'
import type { BackendExplanation } from '../../../src/core/explanation.ts'
import { createPaint } from '../../../src/log/paint.ts'

const plain = createPaint(false)
const colored = createPaint(true)
const NOW = 1_000_000

function latencies(counts: readonly number[]): LatencySnapshot {
  return { boundsMs: [1, 10, 100], counts, sumMs: 0 }
}

function backend(id: string, more: Partial<BackendSnapshot> = {}): BackendSnapshot {
  const none = latencies([0, 0, 0, 0])
  return {
    id,
    address: `10.0.0.1:${id.length}`,
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
    connectTime: none,
    sessionTime: none,
    bytesToBackend: 0,
    bytesToClient: 0,
    checks: 0,
    failedChecks: 0,
    lastCheck: { ok: true, code: 'L4OK', text: '', durationMs: 2 },
    healthySince: NOW - 90_000,
    ...more,
  }
}

function status(
  pools: Readonly<Record<string, readonly BackendSnapshot[]>>,
  more: Partial<Status> = {},
): Status {
  return {
    at: NOW,
    startedAt: NOW - 60_000,
    state: 'running',
    version: 1,
    reloads: { succeeded: 0, failed: 0, lastOk: true, lastOkAt: 0 },
    listeners: [
      {
        name: 'web',
        address: '127.0.0.1:8080',
        pool: 'web',
        mode: 'tcp',
        active: 95,
        accepted: 1_234,
        rejected: 7,
        maxConnections: 100,
        ends: {},
      },
    ],
    pools: Object.entries(pools).map(([name, backends]) => ({
      name,
      strategy: 'round-robin',
      modes: ['tcp'],
      queued: 0,
      retries: 0,
      replays: 0,
      queueTime: latencies([0, 0, 0, 0]),
      queueFailures: { timeout: 0, full: 0 } as never,
      backends,
    })),
    process: {
      version: '1.2.3',
      node: '20.0.0',
      pid: 42,
      startedAt: 0,
      uptimeMs: 1,
      openDescriptors: 1,
      cpuUserMs: 1,
      cpuSystemMs: 1,
      memory: { residentBytes: 50e6, heapUsedBytes: 1, heapTotalBytes: 1, externalBytes: 1 },
      loop: { lagP50Ms: 1, lagP99Ms: 2, lagMaxMs: 3, utilization: 0.25 },
    },
    ...more,
  }
}

const DOWN = backend('b', {
  healthy: false,
  eligible: false,
  connectFailures: 3,
  lastCheck: { ok: false, code: 'L4CON', text: 'connect ECONNREFUSED 10.0.0.1:3002', durationMs: 1 },
})

void t.test('a page of status: columns of all pools stand under each other', async (sub) => {
  const page = status({ web: [backend('a', { active: 4, maxConnections: 9 }), DOWN], empty: [] })
  sub.same(statusLines(page, { paint: plain }), [
    'fairlead 1.2.3  ·  running for 1m00s  ·  pid 42  ·  50 MB  ·  loop 25% busy, late by 2.0 ms (p99)',
    '',
    'LISTENER  ADDRESS         MODE  OPEN   OF  ACCEPTED  REJECTED',
    'web       127.0.0.1:8080  tcp     95  100      1234         7',
    '',
    'pool web  ·  1 of 2 can serve  ·  round-robin',
    'BACKEND  ADDRESS     STATE  WEIGHT  OPEN  SERVED  FAILED   IN  OUT  LAST CHECK',
    'a        10.0.0.1:1  up          1   4/9       0       0  0 B  0 B  L4OK in 2.0 ms',
    'b        10.0.0.1:1  down        1     0       0       3  0 B  0 B  down for 1m30s: L4CON connect ECONNREFUSED 10.0.0.1:3002',
    '',
    'pool empty  ·  0 of 0 can serve  ·  round-robin',
  ])
  sub.match(statusLines(status({}, { listeners: [] }), { paint: plain })[2], 'no listeners')
  const stopping = statusLines(status({}, { state: 'draining' }), { paint: plain })[0]
  sub.match(stopping, '·  draining, up for 1m00s  ·', 'not: draining for as long as it is up')
})

void t.test('colours take no room, and no line is wider than the terminal', async (sub) => {
  const page = status({
    web: [backend('a'), DOWN],
    other: [backend('a-backend-with-a-long-name', { backup: true })],
  })
  for (const width of [1, 10, 40, 60, 80, 100]) {
    const lines = statusLines(page, { paint: colored, width })
    const bare = lines.map((line) => stripVTControlCharacters(line))
    sub.ok(Math.max(...bare.map(({ length }) => length)) <= width, `${width}`)
    const uncolored = statusLines(page, { paint: plain, width })
    sub.same(
      bare.map((line) => line.trimEnd()),
      uncolored.map((line) => line.trimEnd()),
    )
  }
  sub.equal(cutText('abcdef', 4), 'abc…')
  sub.equal(cutText('abcdef', 0), '')
})

void t.test('where there is no room, columns go in their order, and facts from the end', async (sub) => {
  const columns = [
    { title: 'A' },
    { title: 'B', spare: 2 },
    { title: 'C', spare: 1, right: true },
    { title: 'D' },
  ]
  const rows = [['a1', 'b1', { text: '7', color: 'red' as const }, 'long text of d']]
  const table = (width?: number): string[] => tableLines(columns, rows, { paint: plain, width })
  sub.same(table(), ['A   B   C  D', 'a1  b1  7  long text of d'])
  sub.same(
    table(20),
    ['A   B   D', 'a1  b1  long text o…'.slice(0, 20)].map((line) => line),
  )
  sub.same(table(17), ['A   D', 'a1  long text of…'])
  sub.same(tableLines(columns, [], { paint: plain }), ['A  B  C  D'])
  const facts = [{ text: 'one' }, { text: 'two', color: 'red' as const }, { text: 'three' }]
  sub.equal(textLine(facts, { paint: plain }), 'one  ·  two  ·  three')
  sub.equal(textLine(facts, { paint: plain, width: 12 }), 'one  ·  two')
  sub.equal(textLine(facts, { paint: plain, width: 2 }), 'o…')
})

void t.test('a backend in one word', async (sub) => {
  const words = (more: Partial<BackendSnapshot>): string => stateOf(backend('a', more)).text
  sub.equal(words({}), 'up')
  sub.equal(words({ healthy: false }), 'down')
  sub.equal(words({ ejected: true }), 'ejected')
  sub.equal(words({ weight: 0 }), 'weight 0')
  sub.equal(words({ weight: 4, effectiveWeight: 1 }), 'starting')
  sub.equal(words({ mode: 'drain', healthy: false }), 'drain')
  sub.equal(checkOf(backend('a', { mode: 'maint' }), NOW), 'no checks')
  sub.equal(checkOf(backend('a', { lastCheck: undefined }), NOW), 'not checked')
})

void t.test('who can serve: each pool has somebody, and the balancer is not stopping', async (sub) => {
  sub.equal(canServe(status({ web: [DOWN, backend('a')] })), true)
  sub.equal(canServe(status({ web: [backend('a')], db: [DOWN] })), false)
  sub.equal(canServe(status({ web: [backend('a')] }, { state: 'draining' })), false)
})

void t.test('rates are of what came between two looks', async (sub) => {
  const before = status({
    web: [
      backend('a', { sessions: 10, connectTime: latencies([5, 0, 0, 0]), bytesToClient: 100 }),
      backend('b'),
    ],
  })
  const later = { ...before, at: NOW + 2_000 }
  const now: Status = {
    ...later,
    pools: status({
      web: [
        backend('a', {
          sessions: 30,
          connectFailures: 4,
          bytesToBackend: 50,
          bytesToClient: 150,
          connectTime: latencies([5, 9, 0, 1]),
          requests: {
            answers: {},
            failed: 2,
            firstByte: latencies([0, 9, 0, 1]),
            total: latencies([0, 0, 0, 0]),
          },
        }),
        backend('new', { sessions: 9 }),
      ],
    }).pools,
  }
  const rates = ratesBetween(before, now)
  sub.same(rates.get('web/a'), {
    perSecond: 10,
    failedPerSecond: 3,
    bytesPerSecond: 50,
    p50Ms: 10,
    p99Ms: 100,
  })
  const none = { perSecond: 0, failedPerSecond: 0, bytesPerSecond: 0, p50Ms: undefined, p99Ms: undefined }
  sub.same(rates.get('web/new'), none, 'nobody knows since when')
  sub.same(ratesBetween(undefined, before).get('web/a'), none)
  sub.same(
    ratesBetween(now, { ...before, at: NOW + 3_000 }).get('web/a')?.perSecond,
    0,
    'counters were reset',
  )
  sub.same(ratesBetween(before, before).get('web/a'), none, 'twice the same moment')
})

function model(more: Partial<TopModel> = {}): TopModel {
  return {
    status: status({ web: [backend('a2'), backend('a10'), DOWN], db: [backend('pg')] }),
    rates: new Map(),
    sort: 'configured',
    selected: 'web/a10',
    message: '',
    staleMs: 0,
    columns: 80,
    rows: 24,
    ...more,
  }
}

void t.test('top fits any terminal, and the chosen backend is in sight', async (sub) => {
  const many = Array.from({ length: 500 }, (_, i) => backend(`b${i}`))
  for (const [columns, rows] of [
    [80, 24],
    [120, 40],
    [30, 8],
    [10, 3],
    [1, 1],
  ] as const) {
    for (const selected of ['web/b0', 'web/b250', 'web/b499', undefined]) {
      const lines = topLines(model({ status: status({ web: many }), selected, columns, rows }), colored)
      const bare = lines.map((line) => stripVTControlCharacters(line))
      sub.ok(bare.length <= rows, `${columns}x${rows}`)
      sub.ok(Math.max(...bare.map(({ length }) => length)) <= columns, `${columns}x${rows}`)
      if (selected !== undefined && rows > 2 && columns > 20) {
        sub.equal(bare.filter((line) => line.startsWith('▶')).length, 1, `${selected} ${columns}x${rows}`)
        sub.match(
          bare.find((line) => line.startsWith('▶')),
          new RegExp(` ${selected.slice(4)} `),
        )
      }
    }
  }
})

void t.test(
  'top: what is old looks old, what a key did is told, what there is of listeners has a bar',
  async (sub) => {
    const live = topLines(model({ columns: 120 }), plain)
    sub.match(live[0], 'running for 1m00s')
    sub.match(live.join('\n'), /web +127\.0\.0\.1:8080 +tcp +95 +█{10} +100/)
    sub.match(live.at(-1), 's sort (configured)')
    const old = topLines(model({ staleMs: 5_000, message: 'a10 is set to drain' }), plain)
    sub.equal(old[0], 'no answer for 5.0 s: what is shown is old')
    sub.equal(old.at(-2), 'a10 is set to drain')
    sub.doesNotThrow(() =>
      topLines(model({ status: status({}, { listeners: [] }), selected: undefined }), plain),
    )
    sub.match(topLines(model({ rows: 12 }), plain).at(-1), /^1–4 of 6 {2}↑↓ choose/)
  },
)

function rate(perSecond: number, failedPerSecond: number): BackendRates {
  return { perSecond, failedPerSecond, bytesPerSecond: 0, p50Ms: 1, p99Ms: 2 }
}

void t.test('top orders the backends of each pool', async (sub) => {
  const rates = new Map([
    ['web/a2', rate(1, 5)],
    ['web/a10', rate(9, 0)],
  ])
  const of = (sort: TopModel['sort']): string => order({ ...model(), rates, sort }).join(' ')
  sub.same(SORTS.map(of), [
    'web/a2 web/a10 web/b db/pg',
    'web/a10 web/a2 web/b db/pg',
    'web/a2 web/a10 web/b db/pg',
    'web/a2 web/a10 web/b db/pg',
    'web/a2 web/a10 web/b db/pg',
  ])
  const shown = topLines(model({ rates, columns: 120 }), plain).join('\n')
  sub.match(shown, /a2 +up +1 +1\.0 +█░{9} +0 +5\.0 +≤1\.0 ms +≤2\.0 ms/)
  sub.match(shown, /a10 +up +1 +9\.0 +█{10} /)
})

void t.test('a backend is found by its id, or with its pool', async (sub) => {
  const one = status({ web: [backend('a'), backend('b')] })
  sub.match(findBackend(one, 'a'), { pool: 'web', shown: 'a' })
  sub.throws(() => findBackend(one, 'c'), { message: 'no backend "c"; did you mean a?' })
  sub.throws(() => findBackend(one, 'postgres'), { message: 'no backend "postgres"; there are a, b' })
  const slashed = status({ db: [backend('web/b')], web: [backend('b')] })
  sub.match(findBackend(slashed, 'web/b'), { pool: 'web', shown: 'web/b' })
  sub.match(findBackend(slashed, 'db/web/b'), { pool: 'db', shown: 'db/web/b' })
  sub.throws(() => findBackend(status({ web: [] }), 'a'), { message: 'no backend "a"; there are none' })
  const two = status({ web: [backend('a')], db: [backend('a'), backend('pg')] })
  sub.match(findBackend(two, 'db/a'), { pool: 'db', shown: 'db/a' })
  sub.match(findBackend(two, 'pg'), { pool: 'db', shown: 'db/pg' })
  sub.throws(() => findBackend(two, 'a'), { message: 'backend a is in several pools: say web/a or db/a' })
  const many = status({ web: Array.from({ length: 30 }, (_, i) => backend(`backend-${i}`)) })
  sub.throws(() => findBackend(many, 'x'), { message: /backend-19 and 10 more$/ })
})

void t.test('what an answer says never moves a cursor, and JSON stays what it is', async (sub) => {
  const hostile = { reason: '\x1b[2J\x9b2J\u202egnp', list: ['a\nb'] }
  const safe = parseSafely(JSON.stringify(hostile)) as typeof hostile
  sub.equal(safe.reason, '\\x1b[2J\\x9b2J\\u202egnp')
  sub.same(safe.list, ['a\\x0ab'])
  const line = jsonLine(hostile)
  // oxlint-disable-next-line no-control-regex -- what must not be there
  sub.notMatch(line, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
  sub.same(JSON.parse(line), hostile)
  sub.equal(jsonLine(undefined), 'null\n')
})

async function* streamLines(): AsyncGenerator<string> {
  yield* ['retry: 1000', '', ':', '', 'id: x.1', 'event: event', 'data: {"a":"b: c\u2028"}', '', 'data: cut']
}

void t.test('messages of a stream, whatever else it holds', async (sub) => {
  const messages = []
  for await (const message of readMessages(streamLines())) messages.push(message)
  sub.same(messages, [
    { event: '', id: '', data: '' },
    { event: '', id: '', data: '' },
    { event: 'event', id: 'x.1', data: '{"a":"b: c\u2028"}' },
  ])
})

void t.test('an event is told as the log tells it, also one that is not known', async (sub) => {
  const at = new Date(2026, 10, 3, 9, 5, 1, 42).getTime()
  const up = { at, name: 'backend:up', data: { id: 'a', pool: 'web', reason: 'L4OK' } } as const
  sub.equal(eventLine(up, at + 1_000), '09:05:01.042  backend a is up: L4OK')
  sub.equal(eventLine(up, at + 86_400_000), '2026-11-03 09:05:01.042  backend a is up: L4OK')
  const unknown = { at, name: 'moon:rise', data: { phase: 'full' } } as never
  sub.equal(eventLine(unknown, at), '09:05:01.042  moon:rise {"phase":"full"}')
  const otherwise = { at, name: 'config:reload', data: null } as never
  sub.equal(eventLine(otherwise, at), '09:05:01.042  config:reload null')
})

void t.test('explain tells each reason whole, below where it has no room beside', (sub) => {
  const reason = 'its turn comes round in one of two sessions'
  const backends = [
    { id: 'a', chance: 0.5, verdict: 'picked', reason },
    { id: 'long-name', verdict: 'down', reason: 'refused' },
  ] as unknown as readonly BackendExplanation[]
  const title = 'BACKEND    CHANCE  VERDICT'
  const wide = [
    `${title}  WHY`,
    `a             50%  picked   ${reason}`,
    'long-name       ?  down     refused',
  ]
  sub.strictSame(backendLines(backends, { paint: plain }), wide)
  sub.strictSame(backendLines(backends, { paint: plain, width: 71 }), wide)
  sub.strictSame(
    backendLines(backends, { paint: colored, width: 71 }).map(stripVTControlCharacters),
    wide,
    'colours take no room',
  )
  sub.strictSame(backendLines(backends, { paint: plain, width: 40 }), [
    title,
    'a             50%  picked',
    '  its turn comes round in one of two',
    '  sessions',
    'long-name       ?  down',
    '  refused',
  ])
  sub.end()
})
