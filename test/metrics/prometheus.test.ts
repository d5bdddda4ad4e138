import { test } from 'tap'
import { createBalancer } from '../../src/control/create-balancer.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import type { EndCode } from '../../src/core/events.ts'
import type { LatencyHistogram } from '../../src/core/latency-histogram.ts'
import { RequestCounters } from '../../src/core/request-counters.ts'
import { RequestEnds } from '../../src/core/request-ends.ts'
import type { LatencySnapshot, Snapshot } from '../../src/core/snapshot.ts'
import { prometheusParts, prometheusText } from '../../src/metrics/prometheus.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { promtool } from '../helpers/promtool.ts'
import { connectTo, readAll } from '../helpers/sockets.ts'
import { BACKEND, FACTS, snapshotOf } from './rig.ts'

const CHECK = ['check', 'metrics']
const GOOD = { isGood: true, said: '' }

/** Each series without its value. */
function seriesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
}

/** The lines of one family, its heading included. */
function familyOf(text: string, name: string): string {
  const isOurs = new RegExp(String.raw`^(# (HELP|TYPE) )?${name}(_bucket|_sum|_count)?[ {]`)
  return text
    .split('\n')
    .filter((line) => isOurs.test(line))
    .join('\n')
}

function valueOf(text: string, series: string): number | undefined {
  const found = text.split('\n').find((line) => line.startsWith(`${series} `))
  return found === undefined ? undefined : Number(found.slice(series.length))
}

void test('the text of a snapshot', async (t) => {
  const text = prometheusText(snapshotOf({ ends: { '--': 8, CD: 1 } }), FACTS)

  void t.test('has each number under its name, with help, type and unit', (sub) => {
    sub.equal(
      familyOf(text, 'fairlead_build_info'),
      `# HELP fairlead_build_info What runs here. Always 1.
# TYPE fairlead_build_info gauge
fairlead_build_info{version="1.2.3",node="20.20.2"} 1`,
    )
    sub.equal(
      familyOf(text, 'fairlead_state'),
      `# HELP fairlead_state Whether it runs, drains or is closed: 1 for what it does.
# TYPE fairlead_state gauge
fairlead_state{state="running"} 1
fairlead_state{state="draining"} 0
fairlead_state{state="closed"} 0`,
    )
    sub.equal(
      familyOf(text, 'fairlead_backend_received_bytes_total'),
      `# HELP fairlead_backend_received_bytes_total Bytes received from it.
# TYPE fairlead_backend_received_bytes_total counter
fairlead_backend_received_bytes_total{pool="main",backend="a"} 2000000`,
    )
    sub.equal(
      familyOf(text, 'fairlead_backend_session_seconds'),
      `# HELP fairlead_backend_session_seconds How long sessions took, from the accepted connection to its end.
# TYPE fairlead_backend_session_seconds histogram
fairlead_backend_session_seconds_bucket{pool="main",backend="a",le="0.5"} 1
fairlead_backend_session_seconds_bucket{pool="main",backend="a",le="1"} 3
fairlead_backend_session_seconds_bucket{pool="main",backend="a",le="+Inf"} 7
fairlead_backend_session_seconds_sum{pool="main",backend="a"} 9
fairlead_backend_session_seconds_count{pool="main",backend="a"} 7`,
    )
    sub.equal(
      familyOf(text, 'fairlead_pool_queue_failures_total'),
      `# HELP fairlead_pool_queue_failures_total Those that waited in vain, or found the queue full.
# TYPE fairlead_pool_queue_failures_total counter
fairlead_pool_queue_failures_total{pool="main",reason="timeout"} 1
fairlead_pool_queue_failures_total{pool="main",reason="no-backend"} 0
fairlead_pool_queue_failures_total{pool="main",reason="full"} 4
fairlead_pool_queue_failures_total{pool="main",reason="client-left"} 0`,
    )
    const values: readonly (readonly [string, number])[] = [
      ['fairlead_config_version', 7],
      ['fairlead_config_last_reload_successful', 0],
      ['fairlead_config_last_reload_success_timestamp_seconds', 1_700_000_000.5],
      ['fairlead_config_reloads_total{result="failure"}', 1],
      ['fairlead_listener_info{listener="main",address="[::]:8080",mode="tcp"}', 1],
      ['fairlead_listener_active_sessions{listener="main"}', 3],
      ['fairlead_listener_max_sessions{listener="main"}', 1_000],
      ['fairlead_listener_accepted_sessions_total{listener="main"}', 12],
      ['fairlead_listener_rejected_sessions_total{listener="main"}', 1],
      ['fairlead_listener_ended_sessions_total{listener="main",code="--"}', 8],
      ['fairlead_listener_ended_sessions_total{listener="main",code="CD"}', 1],
      ['fairlead_listener_ended_sessions_total{listener="main",code="SD"}', 0],
      ['fairlead_pool_eligible_backends{pool="main"}', 1],
      ['fairlead_pool_queued{pool="main"}', 1],
      ['fairlead_pool_connect_retries_total{pool="main"}', 2],
      ['fairlead_backend_mode{pool="main",backend="a",mode="ready"}', 1],
      ['fairlead_backend_mode{pool="main",backend="a",mode="drain"}', 0],
      ['fairlead_backend_effective_weight{pool="main",backend="a"}', 2.5],
      ['fairlead_backend_ejections_total{pool="main",backend="a"}', 1],
      ['fairlead_backend_checks_total{pool="main",backend="a",result="passed"}', 26],
      ['fairlead_backend_connect_seconds_sum{pool="main",backend="a"}', 0.0125],
      ['process_cpu_seconds_total', 1.5],
      ['process_start_time_seconds', 1_700_000_000.25],
      ['process_open_fds', 40],
      ['process_max_fds', 1_024],
      ['process_resident_memory_bytes', 5e7],
      ['nodejs_eventloop_lag_max_seconds', 0.25],
    ]
    for (const [series, value] of values) sub.equal(valueOf(text, series), value, series)
    sub.end()
  })

  void t.test('has every series once, and all of one name together', (sub) => {
    const many = [BACKEND, { ...BACKEND, id: 'b', mode: 'drain' as const }]
    for (const mode of ['tcp', 'http'] as const) {
      const series = seriesOf(prometheusText(snapshotOf({ mode, backends: many }), FACTS))
      sub.equal(new Set(series).size, series.length)
      const names = series.map((one) => one.replace(/\{.*/, '').replace(/_(bucket|sum|count)$/, ''))
      const blocks = names.filter((name, i) => name !== names[i - 1])
      sub.equal(new Set(blocks).size, blocks.length)
    }
    sub.end()
  })

  void t.test(
    'tells of requests where there may be some, and of sessions where they are forwarded',
    (sub) => {
      const http = prometheusText(snapshotOf({ mode: 'http' }), FACTS)
      sub.equal(valueOf(http, 'fairlead_backend_request_seconds_count{pool="main",backend="a"}'), 0)
      sub.equal(valueOf(http, 'fairlead_backend_responses_total{pool="main",backend="a",status="5xx"}'), 0)
      sub.equal(valueOf(http, 'fairlead_listener_responses_total{listener="main",status="none"}'), 0)
      sub.equal(valueOf(http, 'fairlead_pool_replayed_requests_total{pool="main"}'), 3)
      sub.notMatch(http, 'fairlead_backend_session_seconds')
      sub.notMatch(text, 'fairlead_backend_request_seconds')
      sub.notMatch(text, 'fairlead_listener_responses_total')
      sub.end()
    },
  )

  void t.test('leaves out what has no row, headings included', (sub) => {
    const empty = prometheusText(snapshotOf({ backends: [] }), FACTS)
    sub.notMatch(empty, 'fairlead_backend_')
    sub.equal(valueOf(empty, 'fairlead_pool_eligible_backends{pool="main"}'), 0)
    sub.end()
  })

  void t.test('comes in small pieces and smaller steps', (sub) => {
    const backends = Array.from({ length: 1_000 }, (_, i) => ({ ...BACKEND, id: `b${i}` }))
    const steps = [...prometheusParts(snapshotOf({ backends }), FACTS)]
    const pieces = steps.filter((step) => step !== undefined)
    const whole = prometheusText(snapshotOf({ backends }), FACTS)
    sub.equal(Buffer.concat(pieces).toString(), whole)
    sub.ok(pieces.length > 10)
    sub.ok(pieces.every((piece) => piece.length < 64 * 1_024))
    sub.ok(steps.length > whole.length / 8_000, 'no step writes much')
    sub.end()
  })
})

void test('hostile names stay inside of their quotes (A8)', async (t) => {
  const id = '"} 1\nevil{x="\\'
  const backends = [{ ...BACKEND, id, address: 'unix:/a"b\\c\nd' }]
  const text = prometheusText(snapshotOf({ backends }), FACTS)
  t.match(text, String.raw`fairlead_backend_healthy{pool="main",backend="\"} 1\nevil{x=\"\\"} 1`)
  t.match(text, String.raw`address="unix:/a\"b\\c\nd"} 1`)
  t.equal(text.split('\n').filter((line) => line.startsWith('evil')).length, 0)
  t.same(await promtool(CHECK, text), GOOD)
})

void test('the number of series', async (t) => {
  void t.test('stays the same after 100,000 random requests (A10)', async (sub) => {
    await using backend = await httpBackend({ name: 'a' })
    await using balancer = await createBalancer({
      listen: '127.0.0.1:0',
      mode: 'http',
      backends: [`a=127.0.0.1:${backend.port}`],
      check: 'off',
    })
    const before = seriesOf(prometheusText(balancer.snapshot(), FACTS))
    await sendRandomRequests(balancer, 500)
    const snapshot = balancer.snapshot()
    sub.equal(snapshot.pools[0]?.backends[0]?.sessions, 500)
    sub.same(seriesOf(prometheusText(snapshot, FACTS)), before)
    sub.same(seriesOf(prometheusText(withRandomEnds(snapshot, 100_000), FACTS)), before)
  })

  void t.test('holds also for what nobody has heard of: it is counted as other', (sub) => {
    const [listener] = snapshotOf({ mode: 'http' }).listeners
    const odd = { ends: { LQ: 2 } as const, answers: { '2xx': 1, '7xx': 3, '9xx': 4 }, unanswered: 5 }
    const snapshot: Snapshot = {
      ...snapshotOf({}),
      listeners: [{ ...(listener as Snapshot['listeners'][0]), requests: odd }],
    }
    const text = prometheusText(snapshot, FACTS)
    const responses = (status: string): number | undefined =>
      valueOf(text, `fairlead_listener_responses_total{listener="main",status="${status}"}`)
    sub.same(['2xx', 'other', 'none'].map(responses), [1, 7, 5])
    sub.equal(valueOf(text, 'fairlead_listener_ended_requests_total{listener="main",code="other"}'), 2)
    sub.end()
  })
})

void test('promtool has nothing to complain of', async (t) => {
  void t.test('with a TCP balancer under load', async (sub) => {
    await using backend = await echoBackend()
    await using dead = await refusingPort()
    await using balancer = await createBalancer({
      listen: '127.0.0.1:0',
      backends: [`dead=127.0.0.1:${dead.port}`, `a=127.0.0.1:${backend.port}`],
      check: 'off',
    })
    await Promise.all(Array.from({ length: 20 }, () => echoOnce(balancer)))
    await balancer.waitForIdle()
    const text = prometheusText(balancer.snapshot(), FACTS)
    sub.equal(valueOf(text, 'fairlead_backend_session_seconds_count{pool="main",backend="a"}'), 20)
    sub.same(await promtool(CHECK, text), GOOD)
  })

  void t.test('with an HTTP balancer under load', async (sub) => {
    await using backend = await httpBackend({ name: 'a' })
    await using balancer = await createBalancer({
      listen: '127.0.0.1:0',
      mode: 'http',
      backends: [`a=127.0.0.1:${backend.port}`],
    })
    const url = `http://127.0.0.1:${balancer.port}/`
    await Promise.all(Array.from({ length: 20 }, async () => await (await fetch(url)).text()))
    const text = prometheusText(balancer.snapshot(), FACTS)
    sub.equal(valueOf(text, 'fairlead_backend_first_byte_seconds_count{pool="main",backend="a"}'), 20)
    sub.same(await promtool(CHECK, text), GOOD)
  })

  void t.test('and it would complain', async (sub) => {
    sub.match(await promtool(CHECK, '# TYPE x counter\nx 1\n'), { isGood: false, said: 'no help text' })
  })
})

async function echoOnce(balancer: Balancer): Promise<void> {
  const socket = await connectTo(balancer.address)
  socket.end('hello')
  await readAll(socket)
}

/** Without bodies, and known to Node's own parser, which serves the backend. */
const METHODS = ['GET', 'DELETE', 'OPTIONS', 'PROPFIND', 'PURGE', 'REPORT', 'SEARCH', 'UNLOCK']

/** Requests with random hosts, methods and paths, in one connection. */
async function sendRandomRequests(balancer: Balancer, count: number): Promise<void> {
  const random = seededRandom(1)
  const word = (): string => Math.floor(random() * 1e15).toString(36)
  const socket = await connectTo(balancer.address)
  for (let i = 1; i <= count; i++) {
    const method = METHODS[Math.floor(random() * METHODS.length)]
    const close = i === count ? 'Connection: close\r\n' : ''
    socket.write(`${method} /${word()}?${word()} HTTP/1.1\r\nHost: ${word()}.example\r\n${close}\r\n`)
  }
  await readAll(socket)
}

/** The same after so many more requests whose ends and statuses are whatever can be written. */
function withRandomEnds(snapshot: Snapshot, count: number): Snapshot {
  const random = seededRandom(2)
  const letter = (of: string): string => of.charAt(Math.floor(random() * of.length))
  const ends = new RequestEnds()
  const requests = new RequestCounters()
  for (let i = 0; i < count; i++) {
    const status = Math.floor(random() * 1_000)
    ends.add(`${letter('CSPRIDKcsL-')}${letter('RQCHD-')}` as EndCode, status)
    requests.answered(status, random() * 1e6)
  }
  const { firstByte, total } = requests
  const answered = {
    answers: requests.answers.toRecord(),
    failed: 1,
    firstByte: plain(firstByte),
    total: plain(total),
  }
  return {
    ...snapshot,
    listeners: snapshot.listeners.map((listener) => ({
      ...listener,
      requests: {
        ends: Object.fromEntries(ends.codes),
        answers: ends.answers.toRecord(),
        unanswered: ends.answers.counts[0] as number,
      },
    })),
    pools: snapshot.pools.map((pool) => ({
      ...pool,
      backends: pool.backends.map((backend) => ({ ...backend, requests: answered })),
    })),
  }
}

function plain({ boundsMs, counts, sumMs }: LatencyHistogram): LatencySnapshot {
  return { boundsMs, counts: [...counts], sumMs }
}
