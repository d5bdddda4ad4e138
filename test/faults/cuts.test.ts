import t from 'tap'
import type { Test } from 'tap'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import type { RawRead } from '../helpers/raw-peer.ts'
import { sha256 } from '../helpers/sockets.ts'
import { nextEnd, overBothIos } from './rig.ts'

const MB = 1_000_000

/** One process for all raw sockets. */
const peer = await rawPeer()
t.teardown(() => peer[Symbol.asyncDispose]())

overBothIos(
  t,
  'F7: an upload cut by RST reaches the backend as the prefix that was sent, and RST',
  async (sub, start) => {
    await using server = await peer.listen()
    const lb = await start({ backends: [server.port] })
    for (let i = 0; i < 4; i++) {
      const ended = nextEnd(lb)
      const client = await peer.connect({ port: lb.port })
      await using backend = await server.accept()
      const reading = backend.readToEnd()
      await client.send({ bytes: 9 * MB, seed: i })
      await client.reset()
      checkCut(sub, await reading, i)
      sub.match(await ended, { code: 'CD', reason: 'client-reset' })
    }
  },
)

overBothIos(
  t,
  'F7: a download cut by RST reaches the client as the prefix that was sent, and RST',
  async (sub, start) => {
    await using server = await peer.listen()
    const lb = await start({ backends: [server.port] })
    for (let i = 0; i < 4; i++) {
      const ended = nextEnd(lb)
      await using client = await peer.connect({ port: lb.port })
      const backend = await server.accept()
      const reading = client.readToEnd()
      await backend.send({ bytes: 9 * MB, seed: i })
      await backend.reset()
      checkCut(sub, await reading, i)
      sub.match(await ended, { code: 'SD', reason: 'backend-reset' })
    }
  },
)

for (const cut of ['upload', 'download'] as const) {
  overBothIos(
    t,
    `F7: an ${cut} cut while we were paused ends in RST too`.replace('an d', 'a d'),
    async (sub, start) => {
      await using server = await peer.listen({ receiveBufferBytes: 16_384 })
      const lb = await start({ backends: [server.port] })
      for (let i = 0; i < 4; i++) {
        const ended = nextEnd(lb)
        const client = await peer.connect({ port: lb.port, receiveBufferBytes: 16_384 })
        const backend = await server.accept()
        const [sender, receiver] = cut === 'upload' ? [client, backend] : [backend, client]
        const sent = await sender.send({ bytes: 30 * MB, seed: i, timeoutMs: 400 })
        sub.equal(sent.outcome, 'blocked', 'nobody reads')
        await sender.reset()
        const got = await receiver.readToEnd()
        checkCut(sub, got, i)
        sub.ok(got.bytes < sent.bytes + 1)
        sub.match(await ended, { code: cut === 'upload' ? 'CD' : 'SD' })
        await receiver.close()
      }
    },
  )
}

overBothIos(t, 'F7: a reset after the other side has half-closed is no clean end', async (sub, start) => {
  await using server = await peer.listen()
  const lb = await start({ backends: [server.port] })
  for (let i = 0; i < 4; i++) {
    const ended = nextEnd(lb)
    const client = await peer.connect({ port: lb.port })
    await using backend = await server.accept()
    await backend.shutdown()
    sub.equal(await client.hangup(), 'fin')
    const reading = backend.readToEnd()
    await client.send({ bytes: 2 * MB, seed: i })
    await client.reset()
    checkCut(sub, await reading, i)
    sub.match(await ended, { code: 'CD', reason: 'client-reset' })
  }
})

overBothIos(t, 'F7: a client that resets amid an exchange leaves no backend waiting', async (sub, start) => {
  await using server = await peer.listen()
  const lb = await start({ backends: [server.port] })
  const ended = nextEnd(lb)
  const client = await peer.connect({ port: lb.port })
  await using backend = await server.accept()
  await client.sendText('question')
  sub.equal(await backend.readText(8), 'question')
  await client.reset()
  sub.equal((await backend.readToEnd()).end, 'rst')
  sub.match(await ended, { code: 'CD', reason: 'client-reset', bytesIn: 8 })
})

overBothIos(t, 'F8: an early answer is delivered though the request lies unread', async (sub, start, io) => {
  await using server = await peer.listen()
  const lb = await start({ backends: [server.port] })
  for (let i = 0; i < 4; i++) {
    const ended = nextEnd(lb)
    await using client = await peer.connect({ port: lb.port })
    const backend = await server.accept()
    const upload = client.send({ bytes: 9 * MB, seed: i })
    await backend.read(1_000)
    const answered = await backend.send({ bytes: 20_000, seed: 100 + i })
    await backend.close() // RST: the upload lies unread.
    const got = await client.readToEnd()
    await upload
    const { code, bytesOut } = await ended
    sub.strictSame([got.end, code, bytesOut], ['rst', 'SD', got.bytes])
    // A net.Socket is gone with the first write that fails, and what it has not read by then is lost; a handle is not.
    if (got.bytes > 0 || io === 'handles') sub.match(got, { bytes: 20_000, sha256: answered.sha256 })
  }
})

overBothIos(t, 'F8: an early answer with a FIN is delivered while the upload goes on', async (sub, start) => {
  await using server = await peer.listen()
  const lb = await start({ backends: [server.port] })
  await using client = await peer.connect({ port: lb.port })
  await using backend = await server.accept()
  const upload = client.send({ bytes: 9 * MB, seed: 1 })
  const answered = await backend.send({ bytes: 100_000, seed: 2 })
  await backend.shutdown()
  sub.match(await client.readToEnd(), { bytes: 100_000, sha256: answered.sha256, end: 'fin' })
  const taken = backend.readToEnd()
  const sent = await upload
  await client.shutdown()
  sub.match(await taken, { bytes: 9 * MB, sha256: sent.sha256, end: 'fin' })
})

/** A cut stream is a prefix of what was sent, and never looks whole. */
function checkCut(sub: Test, got: RawRead, seed: number): void {
  sub.equal(got.end, 'rst')
  sub.equal(got.sha256, sha256(deterministicBytes(seed, got.bytes)), `a prefix of ${got.bytes} bytes`)
}
