import t from 'tap'
import { bannerBackend } from '../../src/testing/banner-backend.ts'
import { halfClosingBackend } from '../../src/testing/half-closing-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { sourceBackend } from '../../src/testing/source-backend.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { listenerOf, nextEnd, openDescriptors, overBothIos } from './rig.ts'

const MB = 1_000_000

/** One process for all raw sockets. */
const peer = await rawPeer()
t.teardown(() => peer[Symbol.asyncDispose]())

overBothIos(t, 'F5: the reply to a half-closed upload arrives in full', async (sub, start) => {
  await using server = await peer.listen()
  const lb = await start({ backends: [server.port] })
  const ended = nextEnd(lb)
  await using client = await peer.connect({ port: lb.port })
  await using backend = await server.accept()
  const [sent, got] = await Promise.all([
    client.send({ bytes: 5 * MB, seed: 6 }).then(async (done) => {
      await client.shutdown()
      return done
    }),
    backend.readToEnd(),
  ])
  sub.match(got, { bytes: 5 * MB, sha256: sent.sha256, end: 'fin' })
  const reply = client.readToEnd()
  const replied = await backend.send({ bytes: 5 * MB, seed: 7 })
  await backend.shutdown()
  sub.match(await reply, { bytes: 5 * MB, sha256: replied.sha256, end: 'fin' })
  sub.match(await ended, { code: '--', reason: 'done', bytesIn: 5 * MB, bytesOut: 5 * MB })
})

overBothIos(t, 'F5: a backend half-closes first, and the client goes on sending', async (sub, start) => {
  await using backend = await halfClosingBackend({ says: 'that was all' })
  const lb = await start({ backends: [backend.port] })
  const ended = nextEnd(lb)
  await using client = await peer.connect({ port: lb.port })
  const heard = await client.readTextToEnd()
  sub.strictSame([heard.text, heard.end], ['that was all', 'fin'])
  sub.equal(listenerOf(lb).active, 1)
  const sent = await client.send({ bytes: 5 * MB, seed: 8 })
  sub.equal(sent.outcome, 'done')
  await client.shutdown()
  sub.match(await ended, { code: '--', bytesIn: 5 * MB, bytesOut: 12 })
  await waitUntil(() => backend.sessions[0]?.sha256 !== undefined)
  sub.equal(backend.sessions[0]?.sha256, sent.sha256)
})

overBothIos(
  t,
  'F5: a backend that speaks first is heard before the client says anything',
  async (sub, start) => {
    await using backend = await bannerBackend({ banner: '220 ready\r\n' })
    const lb = await start({ backends: [backend.port] })
    await using client = await peer.connect({ port: lb.port })
    sub.equal(await client.readText(11), '220 ready\r\n')
    await client.sendText('QUIT')
    await client.shutdown()
    const rest = await client.readTextToEnd()
    sub.strictSame([rest.text, rest.end], ['QUIT', 'fin'])
  },
)

overBothIos(t, 'F5: a half-closed session that falls silent ends within its own time', async (sub, start) => {
  for (const who of ['client', 'backend'] as const) {
    await using server = await peer.listen()
    const clock = new ManualClock()
    const lb = await start({ backends: [server.port], clock })
    const ended = nextEnd(lb)
    await using client = await peer.connect({ port: lb.port })
    await using backend = await server.accept()
    const [first, other] = who === 'client' ? [client, backend] : [backend, client]
    await first.shutdown()
    sub.equal(await other.hangup(), 'fin')
    clock.advance(59_000)
    sub.equal(listenerOf(lb).active, 1, 'the default is 1 min')
    clock.advance(1_500)
    const code = who === 'client' ? 'sD' : 'cD'
    sub.match(await ended, { code, reason: 'half-closed-timeout' })
    sub.equal((await first.readToEnd()).end, 'rst')
    sub.equal(clock.pending, 0, 'no timer is left')
  }
})

overBothIos(
  t,
  'F5: the half-closed time counts from the FIN, however long nobody spoke before',
  async (sub, start) => {
    await using server = await peer.listen()
    const clock = new ManualClock()
    const lb = await start({ backends: [server.port], clock })
    const ended = nextEnd(lb)
    await using client = await peer.connect({ port: lb.port })
    await using backend = await server.accept()
    await client.sendText('.')
    sub.equal(await backend.readText(1), '.')
    clock.advance(900_000)
    await client.shutdown()
    sub.equal(await backend.hangup(), 'fin')
    clock.advance(59_000)
    sub.equal(listenerOf(lb).active, 1)
    await backend.sendText('late, but in time')
    await backend.shutdown()
    const answer = await client.readTextToEnd()
    sub.strictSame([answer.text, answer.end], ['late, but in time', 'fin'])
    sub.match(await ended, { code: '--' })
  },
)

overBothIos(
  t,
  'F5: what a slow reader has not read yet when the half-closed time is up arrives all the same',
  async (sub, start) => {
    await using server = await peer.listen()
    const clock = new ManualClock()
    const lb = await start({ backends: [server.port], clock })
    const ended = nextEnd(lb)
    await using client = await peer.connect({ port: lb.port })
    await using backend = await server.accept()
    const sent = await backend.send({ bytes: 100_000, seed: 10 })
    await backend.shutdown()
    await waitUntil(() => {
      clock.advance(1_000)
      return listenerOf(lb).active === 0
    })
    sub.match(await ended, { code: 'cD', reason: 'half-closed-timeout', bytesOut: 100_000 })
    sub.match(await client.readToEnd(), { bytes: 100_000, sha256: sent.sha256, end: 'fin' })
    sub.equal((await backend.readToEnd()).end, 'rst', 'its client’s stream had no end')
  },
)

overBothIos(
  t,
  'F5: a reader that stalls before the end is reset in time, and its descriptors are gone',
  async (sub, start) => {
    await using source = await sourceBackend({ bytes: 12 * MB, seed: 9 })
    const clock = new ManualClock()
    const lb = await start({ backends: [source.port], idleTimeout: '2m', clock })
    const before = openDescriptors()
    const ended = nextEnd(lb)
    const client = await peer.connect({ port: lb.port, receiveBufferBytes: 4_096 })
    await waitUntil(() => source.sessions.length === 1)
    await settled(() => listenerOf(lb).active * lb.snapshot().pools[0]!.backends[0]!.bytesToClient)
    clock.advance(121_000)
    sub.match(await ended, { code: 'cD' })
    await waitUntil(() => source.active === 0 && openDescriptors() === before, {
      describe: () => `${openDescriptors()} descriptors to be ${before}`,
    })
    const { end, bytes } = await client.readToEnd()
    sub.equal(end, 'rst')
    sub.ok(bytes < 12 * MB)
    await client.close()
  },
)

/** The number that `count` has come to a halt at. */
async function settled(count: () => number): Promise<number> {
  let last = -1
  let same = 0
  await waitUntil(() => {
    same = count() === last && last > 0 ? same + 1 : 0
    last = count()
    return same >= 80
  })
  return last
}
