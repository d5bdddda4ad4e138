import { test } from 'tap'
import { stateOf } from '../../src/admin/dashboard/backend-state.ts'
import { BackendTrack } from '../../src/admin/dashboard/backend-track.ts'
import { consequenceOf } from '../../src/admin/dashboard/consequence.ts'
import type { EventLine } from '../../src/admin/dashboard/event-words.ts'
import { wordsFor } from '../../src/admin/dashboard/event-words.ts'
import {
  formatAge,
  formatBytes,
  formatMoment,
  formatMs,
  formatNumber,
  formatShare,
  formatUptime,
  listInWords,
  plural,
} from '../../src/admin/dashboard/format.ts'
import { History, HISTORY_MS } from '../../src/admin/dashboard/history.ts'
import { Model } from '../../src/admin/dashboard/model.ts'
import { countedSince, quantile } from '../../src/admin/dashboard/quantile.ts'
import type { SseMessage } from '../../src/admin/dashboard/sse-parser.ts'
import { SseParser } from '../../src/admin/dashboard/sse-parser.ts'
import type { Verdict } from '../../src/admin/dashboard/verdict.ts'
import { verdictOf } from '../../src/admin/dashboard/verdict.ts'
import { backendWith, poolWith, requestsWith, statusWith } from './snapshots.ts'

const CALM = { errorShare: 0, rejected: 0 }

function key(over: Parameters<typeof backendWith>[0]): string {
  return stateOf(backendWith(over)).key
}

function verdict(over: Parameters<typeof statusWith>[0], recently = CALM): Verdict {
  return verdictOf(statusWith(over), recently)
}

function words(name: string, data: unknown): EventLine {
  return wordsFor({ id: 1, at: 0, name: name as 'backend:up', data })
}

void test('a backend is what explains most', (t) => {
  t.equal(key({}), 'up')
  t.equal(key({ healthy: false, eligible: false }), 'down')
  t.equal(key({ ejected: true, eligible: false }), 'ejected')
  t.equal(key({ mode: 'drain', healthy: false }), 'draining', 'what was commanded comes first')
  t.equal(key({ mode: 'maint' }), 'maintenance')
  t.equal(key({ weight: 0, effectiveWeight: 0 }), 'off')
  t.equal(key({ backup: true, eligible: false }), 'standby')
  t.equal(key({ backup: true }), 'up', 'a backup that serves')
  t.equal(key({ weight: 10, effectiveWeight: 1 }), 'slow-start')
  t.end()
})

void test('no two states share a sign', (t) => {
  const all = [
    {},
    { healthy: false },
    { ejected: true },
    { mode: 'drain' },
    { mode: 'maint' },
    { weight: 0, effectiveWeight: 0 },
    { backup: true, eligible: false },
    { weight: 2, effectiveWeight: 1 },
  ] as const
  const states = all.map((over) => stateOf(backendWith(over)))
  t.equal(new Set(states.map(({ symbol }) => symbol)).size, all.length)
  t.equal(new Set(states.map(({ label }) => label)).size, all.length)
  t.end()
})

void test('the verdict says which and why, the worst first', (t) => {
  const a = backendWith({ id: 'a' })
  const down = backendWith({
    id: 'b',
    healthy: false,
    eligible: false,
    lastCheck: { ok: false, code: 'L4CON', text: 'ECONNREFUSED', durationMs: 1 },
  })
  t.match(verdict({ pools: [poolWith([a])] }), { level: 'good', headline: 'All well', reasons: [] })
  t.match(verdict({ pools: [poolWith([a, down])] }), {
    level: 'warn',
    headline: 'Degraded',
    reasons: ['b in pool web is down: ECONNREFUSED.'],
  })
  t.match(verdict({ pools: [poolWith([down])] }), {
    level: 'bad',
    headline: 'Not serving',
    reasons: ['Pool web has no backend that can serve: new clients are refused.', /b in pool web is down/],
  })
  t.equal(
    verdict({ pools: [poolWith([down]), poolWith([a], { name: 'db' })] }).headline,
    'Partly not serving',
  )
  t.match(verdict({ pools: [poolWith([])] }).reasons, ['Pool web has no backends.'])
  t.match(
    verdict({
      pools: [
        poolWith([a, backendWith({ id: 'c', ejected: true }), backendWith({ id: 'd', ejected: true })]),
      ],
    }).reasons,
    ['c and d in pool web are ejected after failures under traffic.'],
  )
  t.match(
    verdict({ pools: [poolWith([a, backendWith({ id: 'c', mode: 'maint', eligible: false })])] }),
    { level: 'good', reasons: ['c is out of rotation on purpose.'] },
    'what somebody took out is no fault',
  )
  t.match(verdict({ pools: [poolWith([a], { queued: 3 })] }).reasons, [
    '3 sessions wait for room in pool web.',
  ])
  t.match(verdict({ pools: [poolWith([a])] }, { errorShare: 0.25, rejected: 7 }).reasons, [
    '25% of the latest failed.',
    'A listener is full: 7 sessions refused in the last seconds.',
  ])
  t.match(verdict({ pools: [poolWith([a])], state: 'draining' }), {
    headline: 'Draining',
    reasons: [/draining/],
  })
  t.match(
    verdict({
      pools: [poolWith([a])],
      reloads: { succeeded: 0, failed: 1, lastOk: false, lastOkAt: 0 },
    }).reasons,
    [/last reload failed/],
  )
  t.end()
})

void test('what a command will do is told before', (t) => {
  const a = backendWith({ id: 'a', active: 12 })
  const b = backendWith({ id: 'b' })
  const spare = backendWith({ id: 's', backup: true, eligible: false })
  const drain = { kind: 'mode', mode: 'drain' } as const
  t.same(consequenceOf(drain, a, poolWith([a, b])), {
    text: 'a gets no new clients. b takes over. 12 open sessions go on until their end. Its checks go on.',
    warning: undefined,
  })
  t.equal(
    consequenceOf(drain, a, poolWith([a])).warning,
    'a is the last backend of pool web that can serve: new clients will be refused.',
  )
  t.equal(consequenceOf(drain, a, poolWith([a, spare])).warning, 'Only backups are left: s.')
  t.match(consequenceOf({ kind: 'mode', mode: 'maint' }, b, poolWith([a, b])).text, /no checks.*No session/)
  t.match(
    consequenceOf({ kind: 'mode', mode: 'ready' }, backendWith({ mode: 'drain' }), poolWith([a])).text,
    /back in rotation\. New clients reach it at once/,
  )
  t.match(consequenceOf({ kind: 'weight', weight: 3 }, a, poolWith([a, b])).text, /about 75% of pool web's/)
  t.ok(consequenceOf({ kind: 'weight', weight: 0 }, a, poolWith([a])).warning)
  t.match(
    consequenceOf({ kind: 'weight', weight: 3 }, backendWith({ eligible: false }), poolWith([a])).text,
    /counts once a takes clients again/,
  )
  t.end()
})

void test('rates are of the last seconds, and begin anew with the counters', (t) => {
  const track = new BackendTrack(0, backendWith({ sessions: 100 }))
  t.equal(track.pace.rate, 0, 'one snapshot has no rate')
  track.add(1_000, backendWith({ sessions: 110, connectFailures: 2, bytesToBackend: 500 }))
  t.match(track.pace, { rate: 10, errorRate: 2, toBackendRate: 500 })
  track.add(3_000, backendWith({ sessions: 150, connectFailures: 2 }))
  t.same(track.spark, [10, 20])
  t.equal(track.latest().handled, 40)
  track.add(3_000, backendWith({ sessions: 150 }))
  t.same(track.spark, [10, 20], 'the same moment says nothing new')
  track.add(4_000, backendWith({ sessions: 3 }))
  t.match(track.pace, { rate: 0, errorRate: 0 }, 'counters were reset')
  track.add(5_000, backendWith({ sessions: 8 }))
  t.equal(track.pace.rate, 5)
  for (let second = 6; second < 200; second++)
    track.add(second * 1_000, backendWith({ sessions: 8 + second }))
  t.equal(track.spark.length, 60, 'a minute is kept')
  t.end()
})

void test('the model adds up pools, and forgets with a restart', (t) => {
  const model = new Model()
  const at = (seconds: number, answered: number, startedAt = 5) =>
    model.update(
      statusWith({
        at: seconds * 1_000,
        startedAt,
        pools: [
          poolWith([
            backendWith({ id: 'a', requests: requestsWith({ '2xx': answered, '5xx': answered / 10 }) }),
            backendWith({ id: 'b', requests: requestsWith({ '2xx': answered }) }),
          ]),
        ],
      }),
    )
  at(1, 0)
  const view = at(2, 100)
  t.equal(view.unit, 'request')
  t.equal(view.moment.rate, 210)
  t.equal(view.moment.errors, 10)
  t.equal(view.pools[0]?.rate, 210)
  t.equal(view.moment.p50, 0.5, 'all of them lie in the first bucket')
  t.match(view.verdict.reasons, [])
  t.equal(at(3, 100).moment.p50, undefined, 'nothing was answered in that second')
  t.equal(at(4, 5, 99).moment.rate, 0, 'another run: its counters are no step back')
  t.end()
})

void test('HTTP and TCP pools beside each other: requests and sessions count, and the errors of both', (t) => {
  const model = new Model()
  const at = (seconds: number, answered: number, sessions: number, connectFailures: number) =>
    model.update(
      statusWith({
        at: seconds * 1_000,
        pools: [
          poolWith([backendWith({ requests: requestsWith({ '2xx': answered, '5xx': answered / 10 }) })]),
          poolWith([backendWith({ id: 'db', sessions, connectFailures })], { name: 'db' }),
        ],
      }),
    )
  at(1, 0, 0, 0)
  t.match(at(2, 100, 20, 5), {
    unit: 'request',
    isMixed: true,
    moment: { rate: 130, errors: 15, p50: 0.5 },
  })
  t.equal(at(3, 100, 40, 5).moment.p50, undefined, 'a time to connect is none to answer')
  t.end()
})

const NO_SESSIONS = { active: 0, accepted: 0, rejected: 0, maxConnections: 100, ends: {} }

void test('what no backend got counts as well: all are down, and clients are answered 503', (t) => {
  const model = new Model()
  const web = { name: 'web', address: '127.0.0.1:8080', pool: 'web', mode: 'http', ...NO_SESSIONS } as const
  const db = { name: 'db', address: '127.0.0.1:5432', pool: 'web', mode: 'tcp', ...NO_SESSIONS } as const
  const down = backendWith({ healthy: false, eligible: false, requests: requestsWith({}) })
  const at = (seconds: number, refused: number, cut: number) =>
    model.update(
      statusWith({
        at: seconds * 1_000,
        pools: [poolWith([down])],
        listeners: [
          { ...web, requests: { ends: { SC: refused }, answers: { '5xx': refused }, unanswered: 0 } },
          { ...db, accepted: cut, ends: { SC: cut, CD: 7 } },
        ],
      }),
    ).moment
  t.match(at(1, 40, 2), { rate: 0, errors: 0 }, 'what was before says nothing')
  t.match(at(3, 60, 4), { rate: 11, errors: 11 })
  t.match(at(4, 0, 0), { rate: 0, errors: 0 }, 'counters were reset')
  t.match(at(5, 3, 0), { rate: 3, errors: 3 })
  t.end()
})

void test('quantiles lie within their bucket, and beyond the last bound is that bound', (t) => {
  const boundsMs = [1, 2, 4]
  t.equal(quantile({ boundsMs, counts: [0, 0, 0, 0] }, 0.5), undefined)
  t.equal(quantile({ boundsMs, counts: [0, 10, 0, 0] }, 0.5), 1.5)
  t.equal(quantile({ boundsMs, counts: [5, 5, 0, 0] }, 0.5), 1)
  t.equal(quantile({ boundsMs, counts: [0, 0, 0, 3] }, 0.99), 4)
  t.same(countedSince([3, 4], [1, 4]), [2, 0])
  t.equal(countedSince([3, 4], [1, 5]), undefined)
  t.end()
})

void test('the history keeps a quarter of an hour and shows gaps', (t) => {
  const history = new History()
  const moment = { rate: 1, errors: 0, active: 2, queued: 0, p50: undefined, p99: 3 }
  history.add({ at: 1_000, ...moment })
  history.add({ at: 2_000, ...moment })
  t.same(history.times, [1, 2])
  t.same(history.column('p50'), [undefined, undefined])
  history.add({ at: 20_000, ...moment })
  t.same(history.times, [1, 2, 3, 20])
  t.same(history.column('rate'), [1, 1, null, 1], 'a line is broken where nobody looked')
  history.add({ at: HISTORY_MS + 2_500, ...moment })
  t.same(history.times.slice(0, 2), [3, 20])
  t.end()
})

void test('a clock that is put back stops neither the rates nor the charts', (t) => {
  const track = new BackendTrack(3_600_000, backendWith({ sessions: 100 }))
  track.add(3_601_000, backendWith({ sessions: 110 }))
  track.add(1_000, backendWith({ sessions: 120 }))
  track.add(2_000, backendWith({ sessions: 150 }))
  t.equal(track.pace.rate, 30)
  const history = new History()
  const moment = { rate: 1, errors: 0, active: 0, queued: 0, p50: undefined, p99: undefined }
  for (const at of [1_000, 2_000, 60_000, 1_500, 2_500]) history.add({ at, ...moment })
  t.same(history.times, [1, 1.5, 2.5])
  t.same(history.column('rate'), [1, 1, 1])
  t.end()
})

void test('a time of another day says which', (t) => {
  const now = new Date(2026, 10, 22, 3, 0, 0).getTime()
  t.equal(formatMoment(new Date(2026, 10, 22, 2, 58, 1).getTime(), now), '02:58:01')
  t.equal(formatMoment(new Date(2026, 10, 21, 2, 58, 1).getTime(), now), 'Nov 21 02:58:01')
  t.equal(formatMoment(new Date(2025, 11, 31, 23, 59, 59).getTime(), now), 'Dec 31, 2025 23:59:59')
  t.end()
})

void test('events are told in words, unknown ones by their name', (t) => {
  t.match(words('backend:down', { id: 'a', pool: 'web', reason: 'L4CON: refused' }), {
    tone: 'bad',
    subject: 'a',
    text: 'is down',
    reason: 'L4CON: refused',
  })
  t.match(words('backend:mode', { id: 'a', mode: 'drain' }).text, /no new clients/)
  t.match(words('config:reload', { ok: false, changes: [], problems: ['x', 'y'] }), {
    tone: 'bad',
    reason: 'x; y',
  })
  t.match(
    words('listener:full', { listener: 'web', rejected: 1, maxConnections: 5 }).text,
    /1 session refused/,
  )
  t.match(words('drain:end', { cut: 0 }).tone, 'good')
  t.match(words('some:thing', {}), { tone: 'quiet', text: 'some:thing' })
  t.end()
})

void test('a stream may be cut anywhere', (t) => {
  const text =
    'retry: 1000\n\n:\n\nid: r.7\nevent: event\ndata: {"a":\ndata: 1}\n\nevent: snapshot\r\ndata: x\r\n\r\n'
  const whole = [
    { event: 'event', data: '{"a":\n1}', id: 'r.7' },
    { event: 'snapshot', data: 'x', id: 'r.7' },
  ]
  for (let size = 1; size < 12; size++) {
    const messages: SseMessage[] = []
    const parser = new SseParser((message) => messages.push(message))
    for (let at = 0; at < text.length; at += size) parser.push(text.slice(at, at + size))
    t.same(messages, whole, `in pieces of ${size}`)
  }
  t.end()
})

void test('figures are short and say their unit', (t) => {
  t.same([0, 0.42, 5, 12.4, 1_204, 34_520, 1.2e6].map(formatNumber), [
    '0',
    '0.4',
    '5',
    '12',
    '1,204',
    '34.5k',
    '1.2M',
  ])
  t.same([0, 999, 1_234, 34e6, 5e12].map(formatBytes), ['0 B', '999 B', '1.2 kB', '34 MB', '5.0 TB'])
  t.same([0, 0.44, 12.2, 1_200, 65_000].map(formatMs), ['0 ms', '0.4 ms', '12 ms', '1.2 s', '1 min'])
  t.same([-5, 59_999, 60_000, 7_200_000, 3 * 86_400_000].map(formatAge), [
    '0 s',
    '59 s',
    '1 min',
    '2 h',
    '3 d',
  ])
  t.same([5_000, 65_000, 7_500_000, 90_000_000].map(formatUptime), [
    '5 s',
    '1 min 5 s',
    '2 h 5 min',
    '1 d 1 h',
  ])
  t.same([0, 0.004, 0.5].map(formatShare), ['0%', '0.4%', '50%'])
  t.same([plural(1, 'session'), plural(1_200, 'session')], ['1 session', '1,200 sessions'])
  t.same(
    [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']].map((names) => listInWords(names)),
    ['', 'a', 'a and b', 'a, b and c', 'a, b and 2 more'],
  )
  t.end()
})
