import t from 'tap'
import { blackholeBackend } from '../../src/testing/blackhole-backend.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { hashingBackend } from '../../src/testing/hashing-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'
import { backendOf, endCounts, listenerOf, nextEnd, overBothIos, queuedIn, recordEnds } from './rig.ts'

const peer = await rawPeer()
t.teardown(() => peer[Symbol.asyncDispose]())

overBothIos(
  t,
  'F9: a client that resets while we connect frees the slot for the next',
  async (sub, start) => {
    await using blackhole = await blackholeBackend()
    const lb = await start({ backends: [`a=${blackhole.port}`], backendMaxConnections: 1 })
    const ended = nextEnd(lb)
    const leaving = await peer.connect({ port: lb.port })
    await leaving.sendText('early')
    await waitUntil(() => backendOf(lb, 'a').active === 1)
    const staying = await peer.connect({ port: lb.port })
    await waitUntil(() => queuedIn(lb) === 1)
    await leaving.reset()
    sub.match(await ended, { code: 'CC', reason: 'client-reset', bytesIn: 5, backend: undefined })
    await waitUntil(() => queuedIn(lb) === 0)
    sub.equal(backendOf(lb, 'a').active, 1, 'the one that waited has the slot')
    await staying.reset()
    await waitUntil(() => endCounts(lb).CC === 2)
  },
)

overBothIos(
  t,
  'F9: a client that resets between two attempts is not dialled for again',
  async (sub, start) => {
    await using refusing = await refusingPort()
    const clock = new ManualClock()
    const lb = await start({ backends: [refusing.port], eject: false, clock })
    const ended = nextEnd(lb)
    const client = await peer.connect({ port: lb.port })
    await waitUntil(() => clock.pending > 0 && listenerOf(lb).active === 1)
    await client.reset()
    sub.match(await ended, { code: 'CC', reason: 'client-reset' })
    await clock.advanceAsync(2_000)
    sub.equal(backendOf(lb, backendIds(lb)[0] as string).sessions, 1)
    sub.equal(clock.pending, 0, 'no timer is left')
  },
)

overBothIos(
  t,
  'F9: a client that resets in the queue leaves it, and those behind move up',
  async (sub, start) => {
    await using echo = await echoBackend()
    const lb = await start({ backends: [`a=${echo.port}`], backendMaxConnections: 1 })
    const ends = recordEnds(lb)
    const first = await connectTo(lb.address)
    first.write('first')
    await readBytes(first, 5)
    const leaving = await peer.connect({ port: lb.port })
    await waitUntil(() => queuedIn(lb) === 1)
    const last = await connectTo(lb.address)
    last.end('last') // A FIN is only a half-close: it stays.
    await waitUntil(() => queuedIn(lb) === 2)
    await leaving.reset()
    await waitUntil(() => queuedIn(lb) === 1)
    sub.match(ends, [{ code: 'CQ', reason: 'client-reset', backend: undefined }])
    first.end()
    sub.equal((await readAll(last)).bytes.toString(), 'last')
    await waitUntil(() => ends.length === 3)
    sub.strictSame(endCounts(lb), { CQ: 1, '--': 2 })
    sub.equal(echo.connections, 2)
  },
)

overBothIos(t, 'F9: a FIN while we connect is passed on behind the early bytes', async (sub, start) => {
  await using blackhole = await blackholeBackend()
  await using hashing = await hashingBackend()
  const lb = await start({
    backends: [blackhole.port, hashing.port],
    balance: 'first',
    connectTimeout: 200,
  })
  await using client = await peer.connect({ port: lb.port })
  const { sha256: sent } = await client.send({ bytes: 60_000, seed: 3 })
  await client.shutdown()
  const answer = await client.readTextToEnd()
  sub.strictSame([answer.text, answer.end], [`${sent} 60000\n`, 'fin'])
})

overBothIos(
  t,
  'F9: a FIN while we connect is passed on though the backend takes the early bytes slowly',
  async (sub, start) => {
    await using blackhole = await blackholeBackend()
    // So small a window takes a part of the early bytes only: the rest, and the FIN, have to wait.
    await using slow = await peer.listen({ receiveBufferBytes: 1_024 })
    const lb = await start({
      backends: [blackhole.port, slow.port],
      balance: 'first',
      connectTimeout: 200,
    })
    await using client = await peer.connect({ port: lb.port })
    const sent = await client.send({ bytes: 65_000, seed: 4 })
    await client.shutdown()
    await using backend = await slow.accept()
    const got = await backend.readToEnd()
    sub.match(got, { bytes: 65_000, sha256: sent.sha256, end: 'fin' })
    await backend.sendText('thanks')
    await backend.shutdown()
    const answer = await client.readTextToEnd()
    sub.strictSame([answer.text, answer.end], ['thanks', 'fin'])
  },
)

overBothIos(
  t,
  'F13: a session that waits in the queue is refused when the last backend goes down',
  async (sub, start) => {
    await using echo = await echoBackend()
    const lb = await start({ backends: [`a=${echo.port}`], backendMaxConnections: 1 })
    const first = await connectTo(lb.address)
    first.write('x')
    await readBytes(first, 1)
    await using waiting = await peer.connect({ port: lb.port })
    await waitUntil(() => queuedIn(lb) === 1)
    const ended = nextEnd(lb)
    lb.setMode('a', 'drain')
    sub.match(await ended, { code: 'SQ', reason: 'no-backend' })
    sub.equal((await waiting.readToEnd()).end, 'rst')
    first.resume().end('y')
    sub.equal((await readAll(first)).bytes.toString(), 'y', 'the open session lives on')
  },
)

overBothIos(t, 'F13: the queue has a limit and a timeout, and both end in RST', async (sub, start) => {
  await using echo = await echoBackend()
  const clock = new ManualClock()
  const lb = await start({ backends: [echo.port], backendMaxConnections: 1, maxQueue: 1, clock })
  const ends = recordEnds(lb)
  const first = await connectTo(lb.address)
  first.write('x')
  await readBytes(first, 1)
  await using waiting = await peer.connect({ port: lb.port })
  await waitUntil(() => queuedIn(lb) === 1)
  await using surplus = await peer.connect({ port: lb.port })
  sub.equal((await surplus.readToEnd()).end, 'rst')
  await clock.advanceAsync(4_900)
  sub.equal(queuedIn(lb), 1, 'the default is 5 s')
  await clock.advanceAsync(400)
  sub.equal((await waiting.readToEnd()).end, 'rst')
  first.end()
  await readAll(first)
  await waitUntil(() => ends.length === 3)
  sub.strictSame(
    ends.map(({ code, reason }) => `${code} ${reason}`),
    ['RQ queue-full', 'sQ queue-timeout', '-- done'],
  )
})

function backendIds(lb: {
  snapshot(): { pools: readonly { backends: readonly { id: string }[] }[] }
}): string[] {
  return lb.snapshot().pools.flatMap(({ backends }) => backends.map(({ id }) => id))
}
