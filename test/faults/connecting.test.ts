import t from 'tap'
import { ListenError } from '../../src/core/errors.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import { bannerBackend } from '../../src/testing/banner-backend.ts'
import { blackholeBackend } from '../../src/testing/blackhole-backend.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { hashingBackend } from '../../src/testing/hashing-backend.ts'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { connectTo, readAll, sha256 } from '../helpers/sockets.ts'
import { backendOf, endCounts, IO_KINDS, listenerOf, nextEnd, overBothIos } from './rig.ts'

const peer = await rawPeer()
t.teardown(() => peer[Symbol.asyncDispose]())

overBothIos(
  t,
  'F1: a refused connect goes to the next backend at once, with all early bytes',
  async (sub, start) => {
    await using refusing = await refusingPort()
    await using hashing = await hashingBackend()
    const clock = new ManualClock()
    const lb = await start({
      backends: [`a=${refusing.port}`, `b=${hashing.port}`],
      balance: 'first',
      clock,
    })
    const ended = nextEnd(lb)
    const bytes = deterministicBytes(1, 300_000)
    const client = await connectTo(lb.address)
    client.end(bytes)
    const answer = await readAll(client)
    sub.equal(answer.bytes.toString(), `${sha256(bytes)} 300000\n`)
    const end = await ended
    sub.equal(clock.now(), 0, 'without waiting for anything')
    sub.match(end, { code: '--', backend: 'b', tried: [{ backend: 'a', reason: 'ECONNREFUSED' }] })
    sub.equal(backendOf(lb, 'a').connectFailures, 1)
  },
)

overBothIos(
  t,
  'F1: with one of three backends dead and no checks, every session succeeds',
  async (sub, start) => {
    await using refusing = await refusingPort()
    await using one = await echoBackend()
    await using two = await echoBackend()
    const lb = await start({ backends: [one.port, refusing.port, two.port], eject: false })
    for (let i = 0; i < 30; i++) {
      const client = await connectTo(lb.address)
      client.end(`hello ${i}`)
      sub.equal((await readAll(client)).bytes.toString(), `hello ${i}`)
    }
    await waitUntil(() => listenerOf(lb).active === 0)
    sub.strictSame(endCounts(lb), { '--': 30 })
  },
)

overBothIos(
  t,
  'F1: all refuse: all are tried once, then again after a backoff, then RST',
  async (sub, start) => {
    await using a = await refusingPort()
    await using b = await refusingPort()
    const clock = new ManualClock()
    const lb = await start({
      backends: [`a=${a.port}`, `b=${b.port}`],
      balance: 'first',
      eject: false,
      retries: 3,
      clock,
      random: () => 1 - Number.EPSILON,
    })
    const ended = nextEnd(lb)
    const tries: string[] = []
    lb.on('connect:retry', ({ id, attempt }) => tries.push(`${clock.now()} ${id} ${attempt}`))
    await using client = await peer.connect({ port: lb.port })
    await waitUntil(() => clock.nextInMs !== undefined && tries.length === 2)
    sub.strictSame(tries, ['0 a 1', '0 b 2'], 'both at once')
    await clock.advanceAsync(49)
    sub.equal(tries.length, 2, 'the backoff is 50 ms')
    clock.advance(1)
    const end = await ended
    sub.equal((await client.readToEnd()).end, 'rst')
    sub.match(end, { code: 'SC', reason: 'connect-refused', backend: undefined })
    sub.strictSame(
      end.tried.map(({ backend }) => backend),
      ['a', 'b', 'a', 'b'],
    )
  },
)

overBothIos(
  t,
  'F2: a connect that is not answered times out, and another backend serves',
  async (sub, start) => {
    await using blackhole = await blackholeBackend()
    await using hashing = await hashingBackend()
    const clock = new ManualClock()
    const lb = await start({
      backends: [`a=${blackhole.port}`, `b=${hashing.port}`],
      balance: 'first',
      clock,
    })
    const ended = nextEnd(lb)
    const bytes = deterministicBytes(2, 50_000)
    const client = await connectTo(lb.address)
    client.end(bytes)
    await waitUntil(() => backendOf(lb, 'a').active === 1)
    await clock.advanceAsync(4_900)
    sub.equal(backendOf(lb, 'a').active, 1, 'the default is 5 s')
    await clock.advanceAsync(400)
    sub.equal((await readAll(client)).bytes.toString(), `${sha256(bytes)} 50000\n`)
    sub.match(await ended, { code: '--', backend: 'b', tried: [{ backend: 'a', reason: 'timeout' }] })
    sub.equal(clock.pending, 0, 'no timer is left')
  },
)

overBothIos(t, 'F2: the last connect times out: RST, and the code says so', async (sub, start) => {
  await using blackhole = await blackholeBackend()
  const clock = new ManualClock()
  const lb = await start({ backends: [blackhole.port], retries: 0, connectTimeout: 300, clock })
  const ended = nextEnd(lb)
  await using client = await peer.connect({ port: lb.port })
  await waitUntil(() => listenerOf(lb).active === 1)
  await clock.advanceAsync(400)
  sub.match(await ended, { code: 'sC', reason: 'connect-timeout' })
  sub.equal((await client.readToEnd()).end, 'rst')
})

overBothIos(
  t,
  'F13: with all backends down a client is refused at once, and served once one is back',
  async (sub, start) => {
    await using echo = await echoBackend()
    const clock = new ManualClock()
    let isUp = false
    const lb = await start({
      backends: [`a=${echo.port}`],
      check: () =>
        Promise.resolve(
          isUp ? { ok: true, code: 'L7OK', text: '' } : { ok: false, code: 'L7STS', text: '503' },
        ),
      initial: 'down',
      rise: 1,
      clock,
    })
    for (let i = 0; i < 3; i++) {
      const ended = nextEnd(lb)
      await using client = await peer.connect({ port: lb.port })
      sub.equal((await client.readToEnd()).end, 'rst')
      sub.match(await ended, { code: 'SC', reason: 'no-backend', totalMs: 0, tried: [] })
    }
    sub.equal(clock.now(), 0, 'no timer was needed')
    sub.equal(echo.connections, 0)
    isUp = true
    const up = waitForEvent(lb, 'backend:up')
    await clock.advanceAsync(2_300)
    await up
    const client = await connectTo(lb.address)
    client.end('again')
    sub.equal((await readAll(client)).bytes.toString(), 'again')
  },
)

overBothIos(
  t,
  'F13: backends that all refuse cost a client less than 50 ms, and recover unaided',
  async (sub, start) => {
    await using refusing = await refusingPort()
    const lb = await start({
      backends: [`a=${refusing.port}`],
      check: 'tcp',
      checkInterval: 50,
      fastInterval: 50,
    })
    await waitForEvent(lb, 'backend:down')
    const ended = nextEnd(lb)
    await using client = await peer.connect({ port: lb.port })
    sub.equal((await client.readToEnd()).end, 'rst')
    const { totalMs } = await ended
    sub.ok(totalMs < 50, `took ${totalMs} ms`)
    const up = waitForEvent(lb, 'backend:up')
    await using backend = await refusing.open((at) => bannerBackend({ ...at, banner: 'back' }))
    await up
    await using again = await peer.connect({ port: lb.port })
    sub.equal(await again.readText(4), 'back')
    sub.equal(backend.active, 1)
    await again.shutdown()
    sub.equal((await again.readToEnd()).end, 'fin')
  },
)

for (const io of IO_KINDS) {
  void t.test(`F20: an address in use is a ListenError that names it (${io})`, async (sub) => {
    await using taken = await echoBackend()
    const listen = `127.0.0.1:${taken.port}`
    const failed = createBalancer({ listen, backends: [taken.port + 1], io })
    const error: unknown = await failed.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    sub.ok(error instanceof ListenError)
    sub.match(error, {
      code: 'FAIRLEAD_LISTEN',
      message: `address ${listen} is already in use`,
      cause: { code: 'EADDRINUSE' },
    })
    await using another = await connectTo(taken.address)
    another.end('still here')
    sub.equal((await readAll(another)).bytes.toString(), 'still here')
  })
}
