import { once } from 'node:events'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ListenError } from '../../src/core/errors.ts'
import { bannerBackend } from '../../src/testing/banner-backend.ts'
import { blackholeBackend } from '../../src/testing/blackhole-backend.ts'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { halfClosingBackend } from '../../src/testing/half-closing-backend.ts'
import { hashingBackend } from '../../src/testing/hashing-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import * as kit from '../../src/testing/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { resettingBackend } from '../../src/testing/resetting-backend.ts'
import { silentBackend } from '../../src/testing/silent-backend.ts'
import { sinkBackend } from '../../src/testing/sink-backend.ts'
import { sourceBackend } from '../../src/testing/source-backend.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { connectTo, readAll, readBytes, sha256 } from '../helpers/sockets.ts'

const EMPTY = sha256('')

/** One process for all tests. */
const peer = await rawPeer()
t.teardown(() => peer[Symbol.asyncDispose]())

void t.test('every fixture', async (sub) => {
  void sub.test('counts connections, bytes and sessions', async (leaf) => {
    await using backend = await echoBackend()
    const opened = waitForEvent(backend, 'session:open')
    const client = await connectTo(backend.address)
    const [session] = await opened
    client.write('hello')
    leaf.equal((await readBytes(client, 5)).toString(), 'hello')
    leaf.equal(backend.connections, 1)
    leaf.equal(backend.active, 1)
    leaf.equal(backend.bytesRead, 5)
    leaf.equal(backend.bytesWritten, 5)
    leaf.equal(session.remotePort, client.localPort)
    leaf.equal(session.remoteAddress, '127.0.0.1')
    leaf.equal(session.end, 'open')
    const gone = waitForEvent(backend, 'session:close')
    client.end()
    leaf.same(await gone, [session])
    leaf.equal(session.end, 'fin')
    leaf.equal(backend.active, 0)
    leaf.equal(backend.bytesRead, 5, 'counted on after the close')
    leaf.equal(backend.bytesWritten, 5)
    leaf.same(backend.sessions, [session])
    client.destroy()
  })

  void sub.test('records a reset', async (leaf) => {
    await using backend = await sinkBackend()
    const client = await peer.connect({ port: backend.port })
    const gone = waitForEvent(backend, 'session:close')
    await client.reset()
    const [session] = await gone
    leaf.equal(session.end, 'error:ECONNRESET')
  })

  void sub.test('stops like a killed process and comes back on the same port', async (leaf) => {
    await using backend = await echoBackend()
    const { port } = backend
    const client = await peer.connect({ port })
    await waitUntil(() => backend.active === 1)
    await backend.stop()
    leaf.equal(backend.listening, false)
    leaf.equal(backend.active, 0)
    leaf.equal(backend.sessions[0]?.end, 'closed')
    leaf.equal((await client.readToEnd()).end, 'fin')
    await leaf.rejects(peer.connect({ port }), { code: 'ECONNREFUSED' })
    await backend.stop()
    await backend.start()
    await backend.start()
    leaf.equal(backend.port, port)
    await using again = await peer.connect({ port })
    await again.sendText('x')
    leaf.equal(await again.readText(1), 'x')
    leaf.equal(backend.connections, 2)
  })

  void sub.test('tells its open sessions, to be ended one by one', async (leaf) => {
    await using backend = await echoBackend()
    await using first = await peer.connect({ port: backend.port })
    await waitUntil(() => backend.active === 1)
    await using second = await peer.connect({ port: backend.port })
    await waitUntil(() => backend.active === 2)
    leaf.same(
      backend.openSessions.map(({ id }) => id),
      [1, 2],
    )
    backend.openSessions[0]?.reset()
    leaf.equal((await first.readToEnd()).end, 'rst')
    await second.sendText('x')
    leaf.equal(await second.readText(1), 'x')
    await waitUntil(() => backend.active === 1)
    leaf.same(
      backend.openSessions.map(({ id }) => id),
      [2],
    )
  })

  void sub.test('resets its connections when it is stopped so', async (leaf) => {
    await using backend = await silentBackend()
    const client = await peer.connect({ port: backend.port })
    await waitUntil(() => backend.active === 1)
    await backend.stop({ connections: 'reset' })
    leaf.equal((await client.readToEnd()).end, 'rst')
  })

  void sub.test(
    'keeps its connections when it is stopped so, and can be started beside them',
    async (leaf) => {
      await using backend = await echoBackend()
      const client = await peer.connect({ port: backend.port })
      await waitUntil(() => backend.active === 1)
      await backend.stop({ connections: 'keep' })
      await leaf.rejects(peer.connect({ port: backend.port }), { code: 'ECONNREFUSED' })
      await client.sendText('x')
      leaf.equal(await client.readText(1), 'x')
      await backend.start()
      await using other = await peer.connect({ port: backend.port })
      await other.sendText('y')
      leaf.equal(await other.readText(1), 'y')
      await client.close()
    },
  )

  void sub.test('says which address is taken', async (leaf) => {
    await using backend = await echoBackend()
    await leaf.rejects(echoBackend({ port: backend.port }), ListenError)
    await leaf.rejects(httpBackend({ port: backend.port }), {
      message: `127.0.0.1:${backend.port} is already`,
    })
  })

  void sub.test('lives on IPv6 when asked', async (leaf) => {
    await using backend = await echoBackend({ host: '::1' })
    leaf.match(backend.address, { kind: 'tcp', host: '::1', port: backend.port })
    const client = await connectTo(backend.address)
    client.end('six')
    leaf.equal((await readAll(client)).bytes.toString(), 'six')
  })

  void sub.test('forgets all but the latest 1,000 sessions', async (leaf) => {
    await using backend = await sinkBackend()
    for (let i = 0; i < 1_001; i += 77) {
      const batch = Array.from({ length: Math.min(77, 1_001 - i) }, () => connectTo(backend.address))
      for (const client of await Promise.all(batch)) client.destroy()
    }
    await waitUntil(() => backend.connections === 1_001 && backend.active === 0)
    leaf.equal(backend.sessions.length, 1_000)
    leaf.equal(backend.sessions[0]?.id, 2)
  })

  void sub.test('is exported from the kit', async (leaf) => {
    leaf.equal(kit.echoBackend, echoBackend)
    leaf.equal(kit.waitUntil, waitUntil)
  })
})

void t.test('echoBackend', async (sub) => {
  void sub.test('sends everything back, then FIN, over several buffers', async (leaf) => {
    await using backend = await echoBackend()
    await using client = await peer.connect({ port: backend.port })
    const reading = client.readToEnd()
    const sent = await client.send({ bytes: 2_000_000, seed: 3 })
    await client.shutdown()
    leaf.same(await reading, { bytes: 2_000_000, sha256: sent.sha256, end: 'fin' })
  })

  void sub.test('reads no more than the client takes', async (leaf) => {
    await using backend = await echoBackend()
    await using client = await peer.connect({ port: backend.port, receiveBufferBytes: 4096 })
    const sent = await client.send({ bytes: 50_000_000, seed: 3, timeoutMs: 300 })
    leaf.equal(sent.outcome, 'blocked')
    const heldBack = backend.sessions[0]?.socket.writableLength ?? Infinity
    leaf.ok(heldBack <= 200_000, `${heldBack} bytes held back`)
    await client.reset()
  })
})

void t.test('sinkBackend takes all and answers FIN with FIN', async (sub) => {
  await using backend = await sinkBackend()
  await using client = await peer.connect({ port: backend.port })
  await client.send({ bytes: 1_000_000, seed: 1 })
  await client.shutdown()
  sub.same(await client.readToEnd(), { bytes: 0, sha256: EMPTY, end: 'fin' })
  sub.equal(backend.bytesRead, 1_000_000)
})

void t.test('silentBackend', async (sub) => {
  void sub.test('reads, but neither answers nor closes, even after a FIN', async (leaf) => {
    await using backend = await silentBackend()
    await using client = await peer.connect({ port: backend.port })
    await client.sendText('anybody?')
    await client.shutdown()
    await waitUntil(() => backend.sessions[0]?.fin)
    leaf.equal(backend.bytesRead, 8)
    leaf.equal(await client.hangup({ timeoutMs: 20 }), 'open')
  })

  void sub.test('does not even read when told so', async (leaf) => {
    await using backend = await silentBackend({ reads: false })
    await using client = await peer.connect({ port: backend.port, sendBufferBytes: 4096 })
    const sent = await client.send({ bytes: 50_000_000, seed: 1, timeoutMs: 200 })
    leaf.equal(sent.outcome, 'blocked')
    leaf.equal(backend.bytesRead, 0)
  })
})

void t.test('bannerBackend speaks first, then echoes', async (sub) => {
  await using backend = await bannerBackend({ banner: 'hi\n' })
  await using client = await peer.connect({ port: backend.port })
  sub.equal(await client.readText(3), 'hi\n')
  await client.sendText('there')
  await client.shutdown()
  sub.match(await client.readTextToEnd(), { text: 'there', end: 'fin' })
  await using usual = await bannerBackend()
  const other = await peer.connect({ port: usual.port })
  sub.equal(await other.readText(19), '220 fixture ready\r\n')
})

void t.test('halfClosingBackend ends its way at once and still takes everything', async (sub) => {
  await using backend = await halfClosingBackend({ says: 'bye' })
  await using client = await peer.connect({ port: backend.port })
  sub.match(await client.readTextToEnd(), { text: 'bye', end: 'fin' })
  const sent = await client.send({ bytes: 300_000, seed: 9 })
  await client.shutdown()
  await waitUntil(() => backend.sessions[0]?.closed)
  sub.match(backend.sessions[0], { bytesRead: 300_000, sha256: sent.sha256, end: 'fin' })
})

void t.test('hashingBackend', async (sub) => {
  void sub.test('answers a FIN with hash and count of what it got', async (leaf) => {
    await using backend = await hashingBackend()
    await using client = await peer.connect({ port: backend.port })
    const sent = await client.send({ bytes: 1_000_000, seed: 2 })
    await client.shutdown()
    leaf.match(await client.readTextToEnd(), { text: `${sent.sha256} 1000000\n`, end: 'fin' })
    leaf.match(backend.sessions[0], { end: 'fin', sha256: sent.sha256 })
  })

  void sub.test('never takes an RST for a FIN, not even behind unread data', async (leaf) => {
    await using backend = await hashingBackend()
    for (let i = 0; i < 20; i++) {
      const opened = waitForEvent(backend, 'session:open')
      const client = await peer.connect({ port: backend.port })
      const [session] = await opened
      session.socket.pause()
      await client.send({ bytes: 100_000, seed: i })
      await client.reset()
      session.socket.resume()
      await waitUntil(() => session.closed)
      leaf.match(session.end, /^error:(ECONNRESET|EPIPE)$/)
    }
  })
})

void t.test('sourceBackend', async (sub) => {
  void sub.test('sends its stream and FIN, whatever the length', async (leaf) => {
    for (const bytes of [0, 1, 65_536, 200_000]) {
      await using backend = await sourceBackend({ bytes, seed: 4 })
      await using client = await peer.connect({ port: backend.port })
      const expected = { bytes, sha256: sha256(deterministicBytes(4, bytes)), end: 'fin' }
      leaf.same(await client.readToEnd(), expected)
    }
  })

  void sub.test(
    'makes no more of it than the client reads, and forgets a client that leaves',
    async (leaf) => {
      await using backend = await sourceBackend({ bytes: 10_000_000_000 })
      const client = await peer.connect({ port: backend.port })
      await client.read(1_000_000)
      leaf.ok(backend.bytesWritten < 50_000_000, `${backend.bytesWritten} bytes`)
      await client.reset()
      await waitUntil(() => backend.active === 0)
    },
  )
})

void t.test('resettingBackend', async (sub) => {
  void sub.test('resets at once', async (leaf) => {
    await using backend = await resettingBackend()
    await using client = await peer.connect({ port: backend.port })
    leaf.same(await client.readToEnd(), { bytes: 0, sha256: EMPTY, end: 'rst' })
  })

  void sub.test('says its piece before', async (leaf) => {
    await using backend = await resettingBackend({ says: 'last words' })
    await using client = await peer.connect({ port: backend.port })
    leaf.equal(await client.hangup(), 'rst')
    leaf.match(await client.readTextToEnd(), { text: 'last words', end: 'rst' })
  })

  void sub.test('resets after so many bytes, not before', async (leaf) => {
    await using backend = await resettingBackend({ afterBytes: 10 })
    await using client = await peer.connect({ port: backend.port })
    await client.sendText('123456789')
    await waitUntil(() => backend.bytesRead === 9)
    leaf.equal(await client.hangup({ timeoutMs: 10 }), 'open')
    await client.sendText('0')
    leaf.equal((await client.readToEnd()).end, 'rst')
  })

  void sub.test('resets after a time on its clock, and forgets one that left before', async (leaf) => {
    const clock = new ManualClock()
    await using backend = await resettingBackend({ afterMs: 50, clock })
    const early = await peer.connect({ port: backend.port })
    await waitUntil(() => clock.pending === 1)
    await early.reset()
    await waitUntil(() => clock.pending === 0)
    await using client = await peer.connect({ port: backend.port })
    await waitUntil(() => clock.pending === 1)
    clock.advance(49)
    leaf.equal(await client.hangup({ timeoutMs: 10 }), 'open')
    clock.advance(1)
    leaf.equal((await client.readToEnd()).end, 'rst')
  })

  void sub.test('closes on a unix socket, which knows no RST', async (leaf) => {
    const path = join(tmpdir(), `fairlead-reset-${process.pid}.sock`)
    await using backend = await resettingBackend({ path, says: 'x' })
    const client = await connectTo(backend.address)
    const received = await readAll(client)
    leaf.equal(received.bytes.toString(), 'x')
    leaf.equal(backend.port, 0)
    await waitUntil(() => backend.active === 0)
    client.destroy()
    await backend.stop({ connections: 'reset' })
  })
})

void t.test('refusingPort', async (sub) => {
  void sub.test('refuses, opens, and refuses again', async (leaf) => {
    await using refusing = await refusingPort()
    await leaf.rejects(connectTo(refusing.address), { code: 'ECONNREFUSED' })
    {
      await using backend = await refusing.open()
      leaf.equal(backend.port, refusing.port)
      const client = await connectTo(refusing.address)
      client.end('back')
      leaf.equal((await readAll(client)).bytes.toString(), 'back')
    }
    await leaf.rejects(connectTo(refusing.address), { code: 'ECONNREFUSED' })
    await using http = await refusing.open((at) => httpBackend({ ...at, name: 'late' }))
    leaf.equal(http.name, 'late')
    leaf.equal(http.port, refusing.port)
  })

  void sub.test('is given to nobody else, not even to one that dials', async (leaf) => {
    await using refusing = await refusingPort()
    await using backend = await sinkBackend()
    const dialled = await Promise.all(Array.from({ length: 200 }, () => connectTo(backend.address)))
    leaf.notOk(dialled.some((socket) => socket.localPort === refusing.port))
    for (const socket of dialled) socket.destroy()
    await waitUntil(() => backend.active === 0)
  })
})

void t.test('blackholeBackend', async (sub) => {
  void sub.test('lets connects neither succeed nor fail', async (leaf) => {
    await using blackhole = await blackholeBackend()
    await using echo = await echoBackend()
    const lost = connect(blackhole.port, '127.0.0.1')
    let outcome = 'none'
    lost.on('connect', () => (outcome = 'connected'))
    lost.on('error', (error) => (outcome = error.message))
    // Time enough for others: each of these connects began later and is done.
    for (let i = 0; i < 20; i++) (await connectTo(echo.address)).destroy()
    leaf.equal(outcome, 'none')
    leaf.equal(lost.connecting, true)
    lost.destroy()
    await once(lost, 'close')
    await leaf.rejects(peer.connect({ port: blackhole.port, timeoutMs: 100 }), { code: 'ETIMEDOUT' })
  })

  void sub.test('refuses once it is stopped, and swallows again on the same port', async (leaf) => {
    await using blackhole = await blackholeBackend()
    const { port } = blackhole
    await blackhole.stop()
    await leaf.rejects(connectTo(blackhole.address), { code: 'ECONNREFUSED' })
    await blackhole.start()
    await blackhole.start()
    leaf.equal(blackhole.port, port)
    await leaf.rejects(peer.connect({ port, timeoutMs: 50 }), { code: 'ETIMEDOUT' })
  })

  void sub.test('says when its port is taken', async (leaf) => {
    await using echo = await echoBackend()
    await leaf.rejects(blackholeBackend({ port: echo.port }), { code: 'EADDRINUSE' })
  })
})
