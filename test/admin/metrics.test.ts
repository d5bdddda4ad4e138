import { once } from 'node:events'
import { gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { Writer } from '../../src/admin/http/pieces.ts'
import { MetricsPage } from '../../src/admin/metrics-page.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { promtool } from '../helpers/promtool.ts'
import { connectTo, readAll } from '../helpers/sockets.ts'
import { operate } from './rig.ts'

void test('/metrics', async (t) => {
  await using backend = await httpBackend({ name: 'a' })
  const { balancer, admin, ask } = await operate(t, {
    mode: 'http',
    backends: [`a=127.0.0.1:${backend.port}`],
  })
  for (let i = 0; i < 5; i++) await (await fetch(`http://127.0.0.1:${balancer.port}/`)).text()

  void t.test('is what Prometheus reads, and promtool finds nothing wrong', async (sub) => {
    const { status, headers, text } = await ask('/metrics', { headers: { 'Accept-Encoding': 'identity' } })
    sub.equal(status, 200)
    sub.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    sub.equal(headers.get('content-length'), String(Buffer.byteLength(text)))
    sub.match(text, '\nfairlead_backend_responses_total{pool="main",backend="a",status="2xx"} 5\n')
    sub.match(text, /\nprocess_open_fds \d+\n/)
    sub.match(text, /\nnodejs_eventloop_utilization [\d.]+\n/)
    sub.same(await promtool(['check', 'metrics'], text), { isGood: true, said: '' })
  })

  void t.test('is compressed for who takes that, as Prometheus does', async (sub) => {
    const ids = Array.from({ length: 50 }, (_, i) => `more${i}`)
    for (const [i, id] of ids.entries()) balancer.addBackend({ id, address: `127.0.0.1:${i + 1}` })
    sub.teardown(() => ids.forEach((id) => balancer.removeBackend(id)))
    const scrape = async (encodings: string): Promise<[string | undefined, string]> => {
      const reader = await connectTo(admin.address)
      reader.write(
        `GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: ${encodings}\r\nConnection: close\r\n\r\n`,
      )
      const { bytes } = await readAll(reader)
      const headEnd = bytes.indexOf('\r\n\r\n')
      const head = bytes.subarray(0, headEnd).toString()
      sub.match(head, '\r\nVary: Accept-Encoding\r\n')
      const body = bytes.subarray(headEnd + 4)
      sub.match(head, `\r\nContent-Length: ${body.length}\r\n`)
      const encoding = /\r\nContent-Encoding: (\S+)/.exec(head)?.[1]
      return [encoding, (encoding === 'gzip' ? gunzipSync(body) : body).toString()]
    }
    for (const encodings of ['gzip', 'identity']) {
      // What was made before they were added may be good for some milliseconds more.
      while (!(await scrape(encodings))[1].includes('backend="more49"'));
    }
    for (const [encodings, expected] of [
      ['gzip', 'gzip'],
      ['br, *;q=0.1', 'gzip'],
      ['gzip;q=0, br', undefined],
      ['br', undefined],
    ] as const) {
      const [encoding, text] = await scrape(encodings)
      sub.equal(encoding, expected, encodings)
      sub.equal(text.match(/^fairlead_backend_weight\{/gm)?.length, 51)
    }
  })

  void t.test('has a head and no body when asked for the head', async (sub) => {
    const { status, text } = await ask('/metrics', { method: 'HEAD' })
    sub.same([status, text], [200, ''])
  })

  void t.test('goes to a reader that leaves amid it without a trace', async (sub) => {
    const reader = await connectTo(admin.address)
    reader.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(reader, 'data')
    reader.resetAndDestroy()
    const next = await connectTo(admin.address)
    next.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    const { bytes } = await readAll(next)
    sub.match(bytes.toString(), 'HTTP/1.1 200 OK')
  })
})

void test('a page of metrics', async (t) => {
  void t.test('is made for as many as ask at once, and anew once it is too old', async (sub) => {
    const clock = new ManualClock()
    let made = 0
    const page = new MetricsPage({
      clock,
      writer: new Writer(clock),
      *parts() {
        made++
        clock.advance(2)
        yield `page ${made}`
      },
    })
    const [one, other] = await Promise.all([page.page(), page.page()])
    sub.equal(one, other)
    sub.equal(Buffer.concat(one).toString(), 'page 1')
    clock.advance(499)
    sub.equal(await page.page(), one, 'making it took 2 ms: it is good for 500')
    clock.advance(1)
    sub.equal(Buffer.concat(await page.page()).toString(), 'page 2')
  })

  void t.test('is never older than 10 s', async (sub) => {
    const clock = new ManualClock()
    const page = new MetricsPage({
      clock,
      writer: new Writer(clock),
      *parts() {
        clock.advance(1_000)
        yield 'x'
      },
    })
    const first = await page.page()
    clock.advance(9_999)
    sub.equal(await page.page(), first)
    clock.advance(1)
    sub.not(await page.page(), first)
  })

  void t.test('lets others have their turn while a large one is made', async (sub) => {
    let turns = 0
    let isDone = false
    const count = (): void => {
      turns++
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    const line = 'x'.repeat(1_023)
    const clock = new ManualClock()
    const page = new MetricsPage({
      clock,
      writer: new Writer(clock),
      *parts() {
        for (let i = 0; i < 1_600; i++) {
          clock.advance(0.02)
          yield `${line}\n`
        }
      },
    })
    const pieces = await page.page()
    isDone = true
    sub.equal(Buffer.concat(pieces).toString(), `${line}\n`.repeat(1_600))
    sub.ok(turns >= 99, `${turns} turns`)
  })

  void t.test('that fails is tried again', async (sub) => {
    let tries = 0
    const clock = new ManualClock()
    const page = new MetricsPage({
      clock,
      writer: new Writer(clock),
      *parts() {
        if (++tries === 1) throw new Error('not now')
        yield 'x'
      },
    })
    await sub.rejects(page.page(), { message: 'not now' })
    sub.equal(Buffer.concat(await page.page()).toString(), 'x')
  })
})
