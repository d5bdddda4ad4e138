import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import type { RawConnection } from '../helpers/raw-peer.ts'
import { rawClient, rawPeer, rawServer } from '../helpers/raw-peer.ts'
import { closed, connectTo, readAll, readBytes, sha256 } from '../helpers/sockets.ts'

const EMPTY = sha256('')

/** One process for all tests but those about processes. */
const peer = await rawPeer()
t.teardown(() => peer[Symbol.asyncDispose]())

interface Pair extends AsyncDisposable {
  readonly a: RawConnection
  readonly b: RawConnection
}

async function pair(): Promise<Pair> {
  await using server = await peer.listen()
  const [a, b] = await Promise.all([peer.connect({ port: server.port }), server.accept()])
  return {
    a,
    b,
    async [Symbol.asyncDispose]() {
      await a.close()
      await b.close()
    },
  }
}

void t.test('both ends know their ports', async (sub) => {
  await using server = await peer.listen()
  await using client = await peer.connect({ port: server.port })
  await using accepted = await server.accept()
  sub.equal(client.remotePort, server.port)
  sub.equal(accepted.remotePort, client.localPort)
})

void t.test('sends the same deterministic stream as Node, over chunk borders too', async (sub) => {
  await using both = await pair()
  for (const bytes of [0, 1, 65_535, 65_536, 65_537, 3_000_001]) {
    const reading = both.b.read(bytes)
    const sent = await both.a.send({ bytes, seed: 5 })
    sub.same(sent, { bytes, sha256: sha256(deterministicBytes(5, bytes)), outcome: 'done' })
    sub.same(await reading, { bytes, sha256: sent.sha256, end: 'open' })
  }
})

void t.test('reads text, to a length and to the end', async (sub) => {
  await using both = await pair()
  await both.a.sendText('hello world\xff')
  sub.equal(await both.b.readText(5), 'hello')
  await both.a.shutdown()
  const rest = await both.b.readTextToEnd()
  sub.equal(rest.text, ' world\xc3\xbf', 'text goes out as UTF-8')
  sub.equal(rest.end, 'fin')
})

void t.test('tells a FIN, and half-closes', async (sub) => {
  await using both = await pair()
  await both.a.sendText('abc')
  await both.a.shutdown()
  sub.same(await both.b.readToEnd(), { bytes: 3, sha256: sha256('abc'), end: 'fin' })
  await both.b.sendText('still')
  await both.b.close()
  sub.same(await both.a.readToEnd(), { bytes: 5, sha256: sha256('still'), end: 'fin' })
})

void t.test('tells an RST, after the data in front of it', async (sub) => {
  await using both = await pair()
  await both.a.sendText('abc')
  await both.a.reset()
  sub.equal(await both.b.hangup(), 'rst', 'known before anything is read')
  sub.same(await both.b.readToEnd(), { bytes: 3, sha256: sha256('abc'), end: 'rst' })
  sub.equal(await both.b.hangup(), 'rst', 'and after')
})

void t.test('tells an RST as one also after a send has met it', async (sub) => {
  await using both = await pair()
  await both.a.reset()
  sub.equal(await both.b.hangup(), 'rst')
  sub.equal((await both.b.sendText('x')).outcome, 'ECONNRESET')
  sub.equal((await both.b.sendText('x')).outcome, 'EPIPE')
  sub.equal((await both.b.readToEnd()).end, 'rst')
  sub.equal(await both.b.hangup(), 'rst')
  await both.b.shutdown()
})

void t.test('its own shutdown is no RST', async (sub) => {
  await using both = await pair()
  await both.a.shutdown()
  sub.equal((await both.a.sendText('x')).outcome, 'EPIPE')
  await both.b.close()
  sub.equal(await both.a.hangup(), 'fin')
  sub.equal((await both.a.readToEnd()).end, 'fin')
})

void t.test('closing with unread data resets, as the kernel does', async (sub) => {
  await using both = await pair()
  await both.a.sendText('unread')
  await both.b.close()
  sub.equal((await both.a.readToEnd()).end, 'rst')
})

void t.test('says that a side is still open when the time is over', async (sub) => {
  await using both = await pair()
  await both.a.sendText('abc')
  sub.same(await both.b.readToEnd({ timeoutMs: 50 }), { bytes: 3, sha256: sha256('abc'), end: 'open' })
  sub.equal(await both.b.hangup({ timeoutMs: 10 }), 'open')
  await sub.rejects(both.b.read(1, { timeoutMs: 10 }), /read 0 of 1 bytes within 10 ms/)
  await sub.rejects(both.b.readText(1, { timeoutMs: 10 }), /read 0 of 1 bytes within 10 ms/)
})

void t.test('is blocked by a side that does not read, and goes on when it does', async (sub) => {
  await using server = await peer.listen({ receiveBufferBytes: 4096 })
  await using client = await peer.connect({ port: server.port, sendBufferBytes: 4096 })
  const accepted = await server.accept()
  const stalled = await client.send({ bytes: 1_000_000, seed: 1, timeoutMs: 50 })
  sub.equal(stalled.outcome, 'blocked')
  sub.ok(stalled.bytes > 0 && stalled.bytes < 200_000, `${stalled.bytes} bytes fit`)
  sub.equal(stalled.sha256, sha256(deterministicBytes(1, stalled.bytes)))
  sub.same(await accepted.read(stalled.bytes), {
    bytes: stalled.bytes,
    sha256: stalled.sha256,
    end: 'open',
  })
  await client.setBuffers({ sendBufferBytes: 1_000_000 })
  sub.equal((await client.sendText('x')).outcome, 'done')
})

void t.test('can be reset while it reads', async (sub) => {
  await using both = await pair()
  const reading = both.a.readToEnd()
  const refused = sub.rejects(reading, /closed meanwhile/)
  // The answer to a later request shows that the read is under way.
  await both.a.sendText('x')
  await both.a.reset()
  await refused
  sub.same(await both.b.readToEnd(), { bytes: 1, sha256: sha256('x'), end: 'rst' })
  await sub.rejects(both.a.sendText('y'), /the connection is closed/)
  await both.a.close()
})

void t.test('gives the code of a failed connect and listen, and leaves no process behind', async (sub) => {
  let port: number
  {
    await using server = await rawServer()
    port = server.port
    await sub.rejects(rawServer({ port }), { code: 'EADDRINUSE' })
  }
  await sub.rejects(rawClient({ port }), { code: 'ECONNREFUSED' })
  await sub.rejects(rawClient({ path: '/nowhere.sock' }), { code: 'ENOENT' })
})

void t.test('accept gives up in time', async (sub) => {
  await using server = await peer.listen()
  await sub.rejects(server.accept({ timeoutMs: 10 }), { code: 'ETIMEDOUT' })
  await server.close()
  await sub.rejects(peer.connect({ port: server.port }), { code: 'ECONNREFUSED' })
})

void t.test('rejects what is under way, and what comes later, when it is disposed of', async (sub) => {
  const server = await rawServer()
  const waiting = sub.rejects(server.accept(), /SIGKILL/)
  await server[Symbol.asyncDispose]()
  await waiting
  await sub.rejects(server.accept(), /SIGKILL/)
  await server[Symbol.asyncDispose]()
})

void t.test('works over unix sockets and IPv6', async (sub) => {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-'))
  sub.teardown(() => rm(directory, { recursive: true }))
  for (const place of [{ path: join(directory, 'raw.sock') }, { host: '::1' }]) {
    await using server = await peer.listen(place)
    const client = await peer.connect({ port: server.port, ...place })
    const accepted = await server.accept()
    await client.sendText('abc')
    await client.shutdown()
    sub.same(await accepted.readToEnd(), { bytes: 3, sha256: sha256('abc'), end: 'fin' })
  }
})

void t.test('holds many connections at once', async (sub) => {
  await using server = await peer.listen()
  const pairs = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const [client, accepted] = await Promise.all([peer.connect({ port: server.port }), server.accept()])
      const [read] = await Promise.all([
        accepted.readToEnd(),
        client.sendText('x').then(() => client.reset()),
      ])
      return read
    }),
  )
  sub.equal(pairs.length, 100)
  // Accepted in any order: one may read what another wrote, but each reads one byte and an RST.
  for (const read of pairs) sub.same(read, { bytes: 1, sha256: sha256('x'), end: 'rst' })
})

void t.test('socket helpers', async (sub) => {
  void sub.test('readAll gives bytes, hash and the end', async (leaf) => {
    await using server = await peer.listen()
    const client = await connectTo(server.address)
    const accepted = await server.accept()
    const reading = readAll(client)
    await accepted.sendText('abc')
    await accepted.close()
    leaf.same(await reading, { bytes: Buffer.from('abc'), length: 3, sha256: sha256('abc'), end: 'end' })
    leaf.equal((await readAll(client)).end, 'end', 'also afterwards')
    client.end()
    await closed(client)
    await closed(client)
  })

  void sub.test('readAll tells of an error, while it reads and afterwards', async (leaf) => {
    await using server = await peer.listen()
    const client = await connectTo(server.address)
    const accepted = await server.accept()
    const reading = readAll(client)
    await accepted.reset()
    leaf.same(await reading, { bytes: Buffer.alloc(0), length: 0, sha256: EMPTY, end: 'error:ECONNRESET' })
    leaf.equal((await readAll(client)).end, 'error:ECONNRESET')
  })

  void sub.test('readAll tells of a socket that our side destroyed', async (leaf) => {
    await using server = await peer.listen()
    const client = await connectTo(server.address)
    const reading = readAll(client)
    client.destroy()
    leaf.equal((await reading).end, 'closed')
    leaf.equal((await readAll(client)).end, 'closed')
  })

  void sub.test('readBytes reads no further than asked', async (leaf) => {
    await using server = await peer.listen()
    const client = await connectTo(server.address)
    const accepted = await server.accept()
    await accepted.sendText('hello world')
    leaf.equal((await readBytes(client, 0)).toString(), '')
    leaf.equal((await readBytes(client, 5)).toString(), 'hello')
    leaf.equal((await readBytes(client, 6)).toString(), ' world')
    await accepted.sendText('ab')
    await accepted.close()
    await leaf.rejects(readBytes(client, 3), /2 of 3 bytes came, then the end/)
    client.destroy()
    await leaf.rejects(readBytes(client, 1), /0 of 1 bytes came/)
  })

  void sub.test('each gives up in time and says what it has', async (leaf) => {
    await using server = await peer.listen()
    const client = await connectTo(server.address)
    await using accepted = await server.accept()
    await accepted.sendText('ab')
    await leaf.rejects(readAll(client, { timeoutMs: 50 }), /no end within 50 ms; 2 bytes came/)
    await leaf.rejects(
      readBytes(client, 1, { timeoutMs: 10 }),
      /0 of 1 bytes came, then nothing more within 10 ms/,
    )
    await leaf.rejects(closed(client, { timeoutMs: 10 }), /did not close within 10 ms/)
    client.destroy()
    await waitUntil(() => client.closed)
  })

  void sub.test('connectTo rejects when nobody listens', async (leaf) => {
    const server = await peer.listen()
    await server[Symbol.asyncDispose]()
    await leaf.rejects(connectTo(server.address), { code: 'ECONNREFUSED' })
  })
})
