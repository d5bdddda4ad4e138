import t from 'tap'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { sha256 } from '../helpers/sockets.ts'
import { turns } from '../net/conn-rig.ts'
import { overBoth } from './injected-rig.ts'
import { nextEnd } from './rig.ts'

const DIRECTIONS = ['upstream', 'downstream'] as const
const SIDES = ['backend', 'client'] as const

for (const direction of DIRECTIONS) {
  for (const on of SIDES) {
    const where = `${direction}, on the ${on}'s connection`

    overBoth(t, `latency delays bytes and ends, ${where}`, async (sub, injected) => {
      const fault = injected.lb.faults.add({ type: 'latency', latencyMs: 200, direction, on, name: 'slow' })
      const session = await injected.link()
      const [from, to] = inOrder(session, direction)
      const ended = nextEnd(injected.lb)
      const bytes = deterministicBytes(1, 300_000)
      from.socket.end(bytes)
      await waitUntil(() => fault.hits === 1)
      await turns()
      sub.equal(to.length, 0)
      sub.ok((await injected.turnUntil(() => to.end === 'end')) >= 200)
      sub.equal(sha256(to.bytes), sha256(bytes))
      to.socket.end('other way')
      await from.has(9)
      await injected.turnUntil(() => injected.lb.snapshot().listeners[0]?.active === 0)
      sub.match(await ended, { code: '--', faults: ['slow'] })
    })

    overBoth(t, `bandwidth bounds the rate, ${where}`, async (sub, injected) => {
      injected.lb.faults.add({ type: 'bandwidth', bytesPerSecond: 10_000, direction, on })
      const session = await injected.link()
      const [from, to] = inOrder(session, direction)
      const bytes = deterministicBytes(2, 20_000)
      from.socket.write(bytes)
      await injected.turnUntil(() => to.length > 0)
      await injected.turnUntil(() => injected.clock.now() >= 1_000, 50)
      sub.ok(to.length <= 10_000 && to.length >= 8_000, `${to.length} bytes in the first second`)
      await injected.turnUntil(() => to.length === bytes.length)
      sub.ok(injected.clock.now() >= 2_000)
      sub.equal(sha256(to.bytes), sha256(bytes))
      await injected.finish(session)
    })

    overBoth(t, `slicer cuts the stream into slices, ${where}`, async (sub, injected) => {
      const fault = injected.lb.faults.add({ type: 'slicer', averageSize: 100, delayMs: 10, direction, on })
      const session = await injected.link()
      const [from, to] = inOrder(session, direction)
      const bytes = deterministicBytes(3, 1_000)
      from.socket.write(bytes)
      await waitUntil(() => fault.hits === 1)
      for (let slices = 1; slices <= 10; slices++) {
        await to.has(slices * 100)
        await turns()
        sub.equal(to.length, slices * 100)
        injected.clock.advance(10)
      }
      sub.equal(sha256(to.bytes), sha256(bytes))
      await injected.finish(session)
    })

    overBoth(t, `a slow close passes the end on late, ${where}`, async (sub, injected) => {
      const fault = injected.lb.faults.add({ type: 'slow_close', delayMs: 500, direction, on })
      const session = await injected.link()
      const [from, to] = inOrder(session, direction)
      from.socket.end('all')
      await to.has(3)
      await waitUntil(() => fault.hits === 1)
      await turns()
      sub.equal(to.end, 'open')
      sub.ok((await injected.turnUntil(() => to.end === 'end')) >= 500)
      await injected.finish(session)
    })

    overBoth(t, `a black hole lets nothing pass until it is removed, ${where}`, async (sub, injected) => {
      const session = await injected.link()
      const [from, to] = inOrder(session, direction)
      from.socket.write('before')
      await to.has(6)
      const fault = injected.lb.faults.add({ type: 'timeout', direction, on })
      const bytes = deterministicBytes(4, 3_000_000)
      from.socket.end(bytes)
      await waitUntil(() => fault.hits === 1)
      await injected.clock.advanceAsync(50_000)
      await turns()
      sub.equal(to.length, 6)
      fault.remove()
      await injected.turnUntil(() => to.end === 'end')
      sub.equal(sha256(to.bytes.subarray(6)), sha256(bytes))
      to.socket.write('back')
      await from.has(4)
      await injected.finish(session)
    })

    overBoth(t, `limit_data closes after exactly so many bytes, ${where}`, async (sub, injected) => {
      const ended = nextEnd(injected.lb)
      const fault = injected.lb.faults.add({ type: 'limit_data', bytes: 70_000, direction, on })
      const { client, backend } = await injected.link()
      const [from, to] = inOrder({ client, backend }, direction)
      const bytes = deterministicBytes(5, 200_000)
      from.socket.write(bytes)
      await injected.turnUntil(() => to.end !== 'open')
      sub.equal(to.end, 'end')
      sub.equal(sha256(to.bytes), sha256(bytes.subarray(0, 70_000)))
      await injected.turnUntil(() => from.end !== 'open')
      await injected.finish({ client, backend })
      sub.match(await ended, { code: '--', faults: [fault.name] })
      sub.equal(fault.hits, 1)
    })

    overBoth(t, `half_close ends one direction, ${where}`, async (sub, injected) => {
      const session = await injected.link()
      const [from, to] = inOrder(session, direction)
      from.socket.write('before')
      await to.has(6)
      injected.lb.faults.add({ type: 'half_close', direction, on })
      await injected.turnUntil(() => to.end === 'end')
      from.socket.write(deterministicBytes(6, 2_000_000))
      const back = deterministicBytes(7, 300_000)
      to.socket.write(back)
      await injected.turnUntil(() => from.length === back.length)
      sub.equal(sha256(from.bytes), sha256(back))
      sub.equal(to.bytes.toString(), 'before')
      await injected.finish(session)
    })

    overBoth(t, `latency, bandwidth and slices together keep every byte, ${where}`, async (sub, injected) => {
      const { faults } = injected.lb
      faults.add({ type: 'latency', latencyMs: 100, jitterMs: 50, direction, on })
      faults.add({ type: 'bandwidth', bytesPerSecond: 200_000, direction, on })
      faults.add({ type: 'slicer', averageSize: 5_000, sizeVariation: 4_000, delayMs: 1, direction, on })
      const session = await injected.link()
      const [from, to] = inOrder(session, direction)
      const bytes = deterministicBytes(8, 300_000)
      from.socket.end(bytes)
      await injected.turnUntil(() => to.end === 'end')
      sub.equal(sha256(to.bytes), sha256(bytes))
      sub.ok(injected.clock.now() >= 1_500)
      await injected.finish(session)
    })

    overBoth(t, `faults come and go amid traffic and no byte is lost, ${where}`, async (sub, injected) => {
      const session = await injected.link()
      const [from, to] = inOrder(session, direction)
      const bytes = deterministicBytes(9, 6_000_000)
      from.socket.end(bytes)
      const { faults } = injected.lb
      for (let round = 0; round < 12 && to.end === 'open'; round++) {
        const latency = faults.add({ type: 'latency', latencyMs: 30, jitterMs: 20, direction, on })
        await injected.clock.advanceAsync(10)
        const slicer = faults.add({
          type: 'slicer',
          averageSize: 20_000,
          sizeVariation: 9_999,
          direction,
          on,
        })
        await turns(5)
        using bandwidth = faults.add({ type: 'bandwidth', bytesPerSecond: 5_000_000, direction, on })
        await injected.clock.advanceAsync(40)
        // In the order of their coming, and in another one.
        for (const fault of round % 2 === 0 ? [latency, slicer] : [slicer, latency]) fault.remove()
        sub.same(faults.list(), [bandwidth])
        await turns(5)
      }
      sub.equal(faults.clear(), 0)
      await injected.turnUntil(() => to.end === 'end')
      sub.equal(sha256(to.bytes), sha256(bytes))
      await injected.finish(session)
    })
  }
}

overBoth(t, 'corrupt turns over bits, the same ones for the same seed', async (sub, injected, io) => {
  const events: unknown[] = []
  injected.lb.on('fault:add', (event) => events.push(event))
  injected.lb.faults.add({ type: 'corrupt', probability: 0.001, allowCorruption: true, name: 'c' })
  const session = await injected.link()
  const bytes = deterministicBytes(10, 50_000)
  session.backend.socket.write(bytes)
  await session.client.has(bytes.length)
  const got = session.client.bytes
  const changed = [...bytes.keys()].filter((i) => got[i] !== bytes[i])
  sub.ok(changed.length > 20 && changed.length < 100, `${changed.length} bytes are changed`)
  sub.ok(changed.every((i) => isOneBit((got[i] as number) ^ (bytes[i] as number))))
  // The other way to do I/O cuts the stream into other chunks.
  places.push(changed)
  if (io === 'sockets') sub.same(places[0], places[1])
  sub.match(events, [{ fault: 'c', dangerous: true }])
  await injected.finish(session)
})

const places: number[][] = []

function isOneBit(difference: number): boolean {
  return difference !== 0 && (difference & (difference - 1)) === 0
}

/** Who sends in that direction, and who receives. */
function inOrder<T>(session: { client: T; backend: T }, direction: (typeof DIRECTIONS)[number]): [T, T] {
  const { client, backend } = session
  return direction === 'upstream' ? [client, backend] : [backend, client]
}
