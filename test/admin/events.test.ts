import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { EventStream } from '../../src/admin/events/event-stream.ts'
import { Slice } from '../../src/admin/slice.ts'
import { systemClock } from '../../src/core/clock.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import type { Address } from '../../src/core/address.ts'
import { connectTo } from '../helpers/sockets.ts'
import { rawSocket } from './raw.ts'
import { operate } from './rig.ts'

/** A reader of the event stream, and all that has come. */
class Reader {
  text = ''
  readonly #socket

  constructor(sub: Test, address: Address, options: { path?: string; fields?: string } = {}) {
    const { path = '', fields = '' } = options
    this.#socket = rawSocket(address)
    sub.teardown(() => this.#socket.destroy())
    this.#socket.setEncoding('utf8')
    this.#socket.on('data', (text: string) => (this.text += text))
    this.#socket.write(`GET /api/v1/events${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`)
  }

  /** Its messages of that type, their data read. */
  of(type: string): { id: string | undefined; data: Record<string, unknown> }[] {
    const found = this.text.matchAll(/(?:id: (\S+)\n)?event: (\S+)\ndata: (.*)\n\n/g)
    return [...found]
      .filter(([, , event]) => event === type)
      .map(([, id, , data = '']) => ({ id, data: JSON.parse(data) as Record<string, unknown> }))
  }

  get isClosed(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded
  }

  get isOpen(): Promise<unknown> {
    return waitUntil(() => this.text.includes('retry: 1000\n\n'))
  }
}

void t.test('an event is sent as it happens, with an id to come back with', async (sub) => {
  const { admin, balancer } = await operate(sub)
  const reader = new Reader(sub, admin.address)
  await reader.isOpen
  sub.match(reader.text, /^HTTP\/1\.1 200 OK\r\n/)
  sub.match(reader.text, /\r\nContent-Type: text\/event-stream\r\n/)
  balancer.setMode('a', 'drain')
  balancer.setMode('b', 'maint')
  await waitUntil(() => reader.of('event').length === 2)
  const [first, second] = reader.of('event')
  sub.match(first, { data: { id: 1, name: 'backend:mode', data: { id: 'a', pool: 'main', mode: 'drain' } } })
  sub.match(first?.id, /^[0-9a-z]+\.1$/)

  const again = new Reader(sub, admin.address, { fields: `Last-Event-ID: ${first?.id}\r\n` })
  await waitUntil(() => again.of('event').length === 1)
  sub.strictSame(again.of('event'), [second])
  const all = new Reader(sub, admin.address, { path: '?since=0' })
  await waitUntil(() => all.of('event').length === 2)
  const otherRun = new Reader(sub, admin.address, { path: '?since=zz.2' })
  await waitUntil(() => otherRun.of('event').length === 2)
  sub.strictSame(otherRun.of('event'), all.of('event'), 'after a restart everything is news')
})

void t.test('who comes too late for the oldest events is told how many are lost', async (sub) => {
  const { admin, balancer } = await operate(sub)
  for (let i = 0; i < 1_005; i++) balancer.setWeight('a', 2 + (i % 2))
  const reader = new Reader(sub, admin.address, { path: '?since=0' })
  await waitUntil(() => reader.of('event').length === 1_000)
  sub.strictSame(reader.of('gap'), [{ id: undefined, data: { missed: 5 } }])
  sub.match(reader.of('event')[0], { data: { id: 6 } })
  const upToDate = new Reader(sub, admin.address, { path: '?since=1005' })
  await upToDate.isOpen
  balancer.setWeight('a', 9)
  await waitUntil(() => upToDate.of('event').length === 1)
  sub.same(upToDate.of('gap'), [])
})

void t.test(
  'snapshots come at once and once a second, made once for all, and not for nobody',
  async (sub) => {
    const clock = new ManualClock()
    const { admin, balancer } = await operate(sub, { admin: { clock } })
    let made = 0
    const steps = balancer.passingSnapshot.bind(balancer)
    balancer.passingSnapshot = () => {
      made++
      return steps()
    }
    await clock.advanceAsync(5_000)
    sub.equal(made, 0, 'nobody looks')
    const idle = clock.pending
    const readers = [1, 2, 3].map(() => new Reader(sub, admin.address, { path: '?snapshot' }))
    await waitUntil(() => readers.every((reader) => reader.of('snapshot').length === 1))
    sub.equal(made, 1)
    sub.match(readers[0]?.of('snapshot')[0]?.data, {
      state: 'running',
      pools: [{ name: 'main' }],
      process: {},
    })
    for (let second = 2; second <= 4; second++) {
      clock.advance(1_000)
      await waitUntil(() => readers.every((reader) => reader.of('snapshot').length === second))
      sub.equal(made, second)
    }
    await admin.close()
    await waitUntil(() => readers.every(({ isClosed }) => isClosed))
    sub.ok(clock.pending < idle, 'no timer is left')
  },
)

void t.test('many readers are told beside the traffic, each in order', async (sub) => {
  const clock = new ManualClock()
  const now = clock.now.bind(clock)
  let looks = 0
  // Each look at the clock takes so long that a slice is over after three readers.
  clock.now = () => now() + looks++ * 0.1
  const { admin, balancer } = await operate(sub, { admin: { clock } })
  const readers = Array.from({ length: 20 }, () => new Reader(sub, admin.address))
  await Promise.all(readers.map(({ isOpen }) => isOpen))
  for (const source of ['a', 'b', 'c']) balancer.emit('discovery:recovered', { pool: 'main', source })
  await waitUntil(() => readers.every((reader) => reader.of('event').length === 3))
  for (const reader of readers) {
    const sources = reader.of('event').map(({ data }) => (data['data'] as { source: string }).source)
    sub.same(sources, ['a', 'b', 'c'])
  }
})

void t.test('a heartbeat shows both sides that the other is there', async (sub) => {
  const clock = new ManualClock()
  const { admin } = await operate(sub, { admin: { clock } })
  const reader = new Reader(sub, admin.address)
  await reader.isOpen
  clock.advance(30_000)
  await waitUntil(() => reader.text.split(':\n\n').length === 3)
})

void t.test('sessions and requests are told to those who ask, so many a second', async (sub) => {
  const clock = new ManualClock()
  const { admin, balancer } = await operate(sub, { admin: { clock } })
  const before = balancer.listenerCount('session:close')
  const reader = new Reader(sub, admin.address, { path: '?live=session:close,connect:retry' })
  await reader.isOpen
  sub.equal(balancer.listenerCount('session:close'), before + 1)
  const client = await connectTo(balancer.address)
  client.resume()
  await waitUntil(() => reader.of('live').some(({ data }) => data['name'] === 'session:close'))
  sub.same(reader.of('event'), [], 'they are not kept')
  const end = reader.of('live').find(({ data }) => data['name'] === 'session:close')
  sub.match(end, { id: undefined, data: { data: { tried: [{ reason: 'ECONNREFUSED' }] } } })
  const retry = { id: 'a', pool: 'main', session: 1, reason: 'timeout', attempt: 1 }
  for (let i = 0; i < 300; i++) balancer.emit('connect:retry', retry)
  clock.advance(1_000)
  balancer.emit('connect:retry', retry)
  await waitUntil(() => reader.of('live').some(({ data }) => 'skipped' in data))
  sub.ok(reader.of('live').length <= 102)
  await admin.close()
  sub.equal(balancer.listenerCount('session:close'), before)
})

void t.test('an admin that closes ends its streams, and waits for nobody', async (sub) => {
  // Its own patience would never be over.
  const { admin } = await operate(sub, {
    admin: { clock: new ManualClock(), limits: { patienceMs: 600_000 } },
  })
  const readers = [1, 2].map(() => new Reader(sub, admin.address, { path: '?snapshot' }))
  await waitUntil(() => readers.every((reader) => reader.of('snapshot').length === 1))
  await admin.close()
  await waitUntil(() => readers.every(({ isClosed }) => isClosed))
  for (const { text } of readers) sub.match(text, /\r\n0\r\n\r\n$/, 'as a whole')
})

void t.test('a stream that is asked for as the admin closes is not begun', async (sub) => {
  const clock = new ManualClock()
  const { admin } = await operate(sub, { admin: { clock, limits: { patienceMs: 600_000 } } })
  const socket = rawSocket(admin.address)
  let text = ''
  socket.setEncoding('utf8').on('data', (part: string) => (text += part))
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  // Fifty turns before it is let in, and as many before it is answered: the end comes in between.
  const others = Array.from({ length: 50 }, async () => {
    const slice = new Slice(clock)
    for (let i = 0; i < 6; i++) await slice.rest()
  })
  socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  for (let i = 0; i < 80; i++) await turn()
  await admin.close()
  await closed
  sub.match(text, /^HTTP\/1\.1 503 /)
  await Promise.all(others)
})

void t.test(
  'of a thousand events at once every stream has each once, in order, whenever it came',
  async (sub) => {
    const { admin, balancer } = await operate(sub)
    const early = Array.from({ length: 20 }, () => new Reader(sub, admin.address))
    await Promise.all(early.map((reader) => reader.isOpen))
    const events = 1_000
    // Longer than what a stream gets at a time, and shorter, in turns.
    const sources = ['x'.repeat(40_000), ...Array.from({ length: events / 10 - 1 }, () => 'y'.repeat(100))]
    const late: Reader[] = []
    for (let i = 0; i < events; i++) {
      balancer.emit('discovery:recovered', { pool: 'main', source: sources[i % sources.length] ?? '' })
      if (i % 250 !== 100) continue
      late.push(new Reader(sub, admin.address, { path: `?since=0` }))
      await new Promise(setImmediate)
    }
    const all = [...early, ...late]
    const isThere = (reader: Reader): boolean => reader.text.includes(`.${events}\n`) || reader.isClosed
    await waitUntil(() => all.every(isThere))
    const expected = Array.from({ length: events }, (_, i) => i + 1)
    for (const reader of early) {
      sub.same(
        reader.of('event').map(({ data }) => data['id']),
        expected,
      )
    }
    for (const reader of late) {
      const missed = Number(reader.of('gap')[0]?.data['missed'] ?? 0)
      sub.same(
        reader.of('event').map(({ data }) => data['id']),
        expected.slice(missed),
      )
    }
  },
)

void t.test('what cannot be asked for is refused', async (sub) => {
  const { ask } = await operate(sub)
  for (const query of [
    'since=x',
    'since=1.2.3',
    'live=backend:up',
    'live=nothing',
    'snapshot=maybe',
    'x=1',
  ]) {
    const { status, json } = await ask(`/api/v1/events?${query}`)
    sub.equal(status, 400, query)
    sub.match(json, { error: { code: /^FAIRLEAD_/, message: String } })
  }
})

void t.test(
  'what is sent to a stream is written at once, not with all else at the end of the turn',
  async (sub) => {
    const written: number[] = []
    const server = createServer((_, response) => {
      response.flushHeaders()
      setImmediate(() => {
        const stream = new EventStream(response, { clock: systemClock, after: 0 })
        const before = response.socket?.bytesWritten ?? 0
        stream.send(Buffer.from('12345'))
        written.push((response.socket?.bytesWritten ?? 0) - before, response.writableLength)
        stream.end()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    sub.teardown(() => server.close())
    const { port } = server.address() as AddressInfo
    sub.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), '12345')
    sub.same(written, ['5\r\n12345\r\n'.length, 0])
  },
)

void t.test(
  'a reader that takes no snapshot for 15 of them in a row is cut off, and no other',
  async (sub) => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    sub.teardown(() => server.close())
    const { port } = server.address() as AddressInfo
    const reader = rawSocket({ kind: 'tcp', host: '127.0.0.1', port })
    sub.teardown(() => reader.destroy())
    reader.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
    response.flushHeaders()
    const stream = new EventStream(response, { clock: systemClock, after: 0 })
    // More than the system takes in for one that does not read.
    const snapshot = Buffer.alloc(16 * 1024 * 1024)
    const miss = (times: number): void => {
      for (let i = 0; i < times; i++) stream.sendSnapshot(snapshot)
    }
    for (let round = 0; round < 2; round++) {
      stream.sendSnapshot(snapshot)
      sub.equal(response.writableNeedDrain, true)
      miss(15)
      sub.equal(response.destroyed, false, 'it may be slow')
      const drained = once(response, 'drain')
      reader.resume()
      await drained
      reader.pause()
    }
    stream.sendSnapshot(snapshot)
    miss(16)
    sub.equal(response.destroyed, true)
  },
)
