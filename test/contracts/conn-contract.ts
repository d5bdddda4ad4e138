import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Conn } from '../../src/net/conn.ts'
import type { Io } from '../../src/net/io.ts'
import { turnEnd } from '../../src/net/turn-end.ts'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import type { RawConnection, RawPeer } from '../helpers/raw-peer.ts'
import { sha256 } from '../helpers/sockets.ts'
import {
  Accepting,
  connected,
  pair,
  RecordingSink,
  turns,
  writeAll,
  writeUntilFull,
} from '../net/conn-rig.ts'

/** What both ways to do I/O owe the relay. `peer` is a raw one: only it tells a reset from an end. */
export function connContract(t: Test, io: Io, peer: () => RawPeer): void {
  dataContract(t, io)
  endContract(t, io, peer)
  resetContract(t, io, peer)
  connectContract(t, io, peer)
  unixContract(t, io)
}

function dataContract(t: Test, io: Io): void {
  void t.test('carries bytes of every size both ways, unchanged and in order', async (sub) => {
    await using accepting = await Accepting.start(io)
    for (const size of [1, 4_095, 4_096, 4_097, 65_536, 262_145, 1_000_000, 10_000_000]) {
      const { client, server, sinks } = await pair(io, accepting)
      const up = deterministicBytes(size, size)
      const down = deterministicBytes(size + 1, size)
      await Promise.all([writeAll(client, up), writeAll(server, down)])
      sub.equal(sha256(await sinks.server.received(size)), sha256(up), `${size} bytes up`)
      sub.equal(sha256(await sinks.client.received(size)), sha256(down), `${size} bytes down`)
      sub.equal(server.bytesRead, size)
      sub.equal(server.bytesWritten, size)
    }
  })

  void t.test('what it reads is counted, so that long work sees that traffic moves', async (sub) => {
    await using accepting = await Accepting.start(io)
    const { client, sinks } = await pair(io, accepting)
    for (let i = 1; i <= 3; i++) {
      const before = turnEnd.reads
      await writeAll(client, Buffer.from('x'))
      await sinks.server.received(i)
      sub.equal(turnEnd.reads, before + 1)
    }
  })

  void t.test('a write that the system does not take at once drains later', async (sub) => {
    await using accepting = await Accepting.start(io)
    const client = await connected(io, accepting.endpoint)
    const server = await accepting.next()
    const sink = new RecordingSink()
    client.sink = sink
    sub.equal(client.isWriting, false)
    const piece = deterministicBytes(1, 1_000_000)
    const written = writeUntilFull(client, piece)
    sub.equal(client.isWriting, true)
    sub.equal(client.failure, undefined)
    await turns()
    sub.equal(sink.drains, 0, 'nobody reads yet')
    const received = new RecordingSink()
    server.sink = received
    server.start()
    await sink.heard('drain')
    sub.equal(client.isWriting, false)
    const expected = Buffer.concat(Array.from({ length: written / piece.length }, () => piece))
    sub.equal(sha256(await received.received(written)), sha256(expected))
    sub.equal(client.bytesWritten, written)
    sub.equal(sink.drains, 1)
  })

  void t.test('writes texts and several chunks at once, in order with everything else', async (sub) => {
    await using accepting = await Accepting.start(io)
    const { client, server, sinks } = await pair(io, accepting)
    const chunks = [3, 70_000, 1].map((length, i) => deterministicBytes(i + 10, length))
    const text = 'caf\u00e9 '.repeat(1_000)
    const expected = Buffer.concat([Buffer.from(text, 'latin1'), ...chunks, Buffer.from('end')])
    sub.equal(client.writeText(text), true)
    if (!client.writeAll(chunks)) await sinks.client.heard('drain')
    client.writeText('end')
    sub.equal(sha256(await sinks.server.received(expected.length)), sha256(expected))
    sub.equal(client.bytesWritten, expected.length)
    sub.equal(server.bytesRead, expected.length)
  })

  void t.test('texts for the end of the turn keep their place among all other writes', async (sub) => {
    await using accepting = await Accepting.start(io)
    const { client, server, sinks } = await pair(io, accepting)
    client.writeTextSoon('a')
    client.writeTextSoon('b')
    client.write(Buffer.from('c'))
    client.writeTextSoon('d')
    client.writeText('e')
    client.writeTextSoon('f')
    client.writeAll([Buffer.from('g'), Buffer.from('h')])
    client.writeTextSoon('caf\u00e9')
    sub.equal(client.bytesWritten, 12)
    sub.equal((await sinks.server.received(12)).toString('latin1'), 'abcdefghcaf\u00e9')
    await waitUntil(() => !client.isWriting)
    sub.equal(server.bytesRead, 12)
    sub.equal(sinks.client.drains, 0, 'nobody was told to wait')
  })

  void t.test('more texts for the end of the turn than one go all go out', async (sub) => {
    await using accepting = await Accepting.start(io)
    const pairs = []
    while (pairs.length < 70) pairs.push(await pair(io, accepting))
    for (const [i, { client }] of pairs.entries()) client.writeTextSoon(`<${i}>`)
    for (const [i, { sinks }] of pairs.entries()) {
      sub.equal((await sinks.server.received(`<${i}>`.length)).toString(), `<${i}>`)
    }
  })

  void t.test('a text for the end of the turn comes before the end', async (sub) => {
    await using accepting = await Accepting.start(io)
    for (const end of ['end', 'close'] as const) {
      const { client, server, sinks } = await pair(io, accepting)
      server.end()
      await sinks.client.heard('end')
      client.writeTextSoon('last words')
      client[end]()
      await sinks.server.heard('end')
      sub.equal(sinks.server.bytes.toString(), 'last words', end)
    }
  })

  void t.test('a text for the end of the turn that the system does not take drains later', async (sub) => {
    await using accepting = await Accepting.start(io)
    const client = await connected(io, accepting.endpoint)
    const server = await accepting.next()
    const sink = new RecordingSink()
    client.sink = sink
    const written = writeUntilFull(client, deterministicBytes(1, 1_000_000))
    sub.equal(client.writeTextSoon('x'.repeat(1_000)), false, 'nor is it taken')
    sub.equal(client.writeTextSoon('end'), false)
    await turns()
    sub.equal(client.isWriting, true)
    sub.equal(sink.drains, 0, 'nobody reads yet')
    const received = new RecordingSink()
    server.sink = received
    server.start()
    await sink.heard('drain')
    sub.equal(client.isWriting, false)
    sub.equal((await received.received(written + 1_003)).subarray(-4).toString(), 'xend')
    sub.equal(sink.drains, 1)
  })

  void t.test('a text for the end of the turn that comes too late is told of', async (sub) => {
    await using accepting = await Accepting.start(io)
    const { client, server, sinks } = await pair(io, accepting)
    client.pause()
    server.reset()
    // The first one may still be taken: what it meets is told to the next.
    let isToldAtOnce = false
    await waitUntil(() => {
      if (client.failure !== undefined) return true
      const isTaken = client.isWriting || client.writeTextSoon('too late')
      isToldAtOnce = !isTaken && client.failure !== undefined
      return false
    })
    await waitUntil(() => isToldAtOnce || sinks.client.drains > 0 || sinks.client.isBroken)
    sub.equal(sinks.server.length, 0)
  })

  void t.test('several chunks that the system does not take at once drain later', async (sub) => {
    await using accepting = await Accepting.start(io)
    const client = await connected(io, accepting.endpoint)
    const server = await accepting.next()
    const sink = new RecordingSink()
    client.sink = sink
    const chunks = Array.from({ length: 40 }, (_, i) => deterministicBytes(i, 500_000))
    sub.equal(client.writeAll(chunks), false)
    sub.equal(client.failure, undefined)
    sub.equal(client.isWriting, true)
    const received = new RecordingSink()
    server.sink = received
    server.start()
    await sink.heard('drain')
    sub.equal(client.isWriting, false)
    sub.equal(sha256(await received.received(20_000_000)), sha256(Buffer.concat(chunks)))
  })

  void t.test('nothing comes while it is paused, and everything afterwards', async (sub) => {
    await using accepting = await Accepting.start(io)
    const { client, server, sinks } = await pair(io, accepting)
    const bytes = deterministicBytes(2, 600_000)
    const pausing = new RecordingSink((conn) => conn.pause())
    server.sink = pausing
    await writeAll(client, bytes)
    client.end()
    await waitUntil(() => pausing.length > 0)
    const before = pausing.length
    await turns()
    sub.equal(pausing.length, before)
    sub.notOk(pausing.has('end'), 'no end while it is paused and bytes are outstanding')
    server.sink = sinks.server
    server.pause()
    server.resume()
    server.resume()
    await sinks.server.heard('end')
    sub.equal(sha256(Buffer.concat([pausing.bytes, sinks.server.bytes])), sha256(bytes))
  })

  void t.test('a chunk given to a write that waits stays as it is until the drain', async (sub) => {
    await using accepting = await Accepting.start(io)
    const into = await pair(io, accepting)
    const out = await connected(io, accepting.endpoint)
    const reader = await accepting.next()
    // The two-way copy in small: what `into` reads goes to a reader that starts late.
    const drained = new RecordingSink()
    out.sink = {
      onData: () => undefined,
      onEnd: () => undefined,
      onBroken: () => undefined,
      onDrain: () => {
        drained.drains++
        into.server.resume()
      },
    }
    let stalls = 0
    const forward = new RecordingSink((from, chunk) => {
      if (out.write(chunk)) return
      stalls++
      from.pause()
    })
    into.server.sink = forward
    const bytes = deterministicBytes(3, 12_000_000)
    const writing = writeAll(into.client, bytes)
    await waitUntil(() => stalls > 0)
    await turns()
    const read = new RecordingSink()
    reader.sink = read
    reader.start()
    await writing
    sub.equal(sha256(await read.received(bytes.length)), sha256(bytes))
    sub.ok(stalls > 0, `${stalls} writes had to wait`)
  })

  void t.test('what was taken may be written over at once', async (sub) => {
    await using accepting = await Accepting.start(io)
    const out = await connected(io, accepting.endpoint)
    const reader = await accepting.next()
    out.sink = new RecordingSink()
    const chunk = Buffer.alloc(6_000)
    let count = 0
    // Chunks of a read's size, all in the same memory, to a far side that does not read.
    do chunk.fill(count++ % 251)
    while (out.write(chunk))
    const waiting = Buffer.from(chunk)
    const read = new RecordingSink()
    reader.sink = read
    reader.start()
    const bytes = await read.received(count * chunk.length)
    const expected = Array.from({ length: count }, (_, n) => Buffer.alloc(chunk.length, n % 251))
    sub.equal(sha256(bytes), sha256(Buffer.concat(expected)), `${count} chunks`)
    sub.same(chunk, waiting)
  })

  void t.test('a chunk given to a write that waits outlives the conn that it came from', async (sub) => {
    await using accepting = await Accepting.start(io)
    const into = await pair(io, accepting)
    const out = await connected(io, accepting.endpoint)
    const reader = await accepting.next()
    out.sink = new RecordingSink()
    let isStalled = false
    const forward = new RecordingSink((from, chunk) => {
      if (out.write(chunk)) return
      isStalled = true
      from.pause()
    })
    into.server.sink = forward
    const writing = writeAll(into.client, deterministicBytes(4, 30_000_000)).catch(() => 'cut short')
    await waitUntil(() => isStalled)
    into.server.close()
    // Whoever comes next must not read into the memory that still waits.
    for (let i = 0; i < 3; i++) {
      const other = await pair(io, accepting)
      await writeAll(other.client, deterministicBytes(5 + i, 1_000_000))
      await other.sinks.server.received(1_000_000)
    }
    const read = new RecordingSink()
    reader.sink = read
    reader.start()
    sub.equal(sha256(await read.received(forward.length)), sha256(forward.bytes))
    into.client.reset()
    await Promise.race([writing, turns(2)])
  })

  void t.test('bytes of one connection never reach another', async (sub) => {
    await using accepting = await Accepting.start(io)
    const pairs = []
    for (let i = 0; i < 20; i++) pairs.push(await pair(io, accepting))
    const size = 300_000
    await Promise.all(
      pairs.map(({ client }, i) => writeAll(client, deterministicBytes(100 + i, size), 7_001)),
    )
    for (const [i, { sinks }] of pairs.entries()) {
      const received = await sinks.server.received(size)
      sub.equal(sha256(received), sha256(deterministicBytes(100 + i, size)))
    }
  })

  void t.test('gives memory back amid a connection and loses nothing by it', async (sub) => {
    await using accepting = await Accepting.start(io)
    const { client, server, sinks } = await pair(io, accepting)
    const bytes = deterministicBytes(4, 3_000_000)
    server.trim()
    for (let round = 1; round <= 3; round++) {
      await writeAll(client, bytes.subarray((round - 1) * 1_000_000, round * 1_000_000))
      await sinks.server.received(round * 1_000_000)
      server.trim()
      client.trim()
      server.pause()
      server.trim()
      server.resume()
    }
    // Many small pieces after large ones: the reading side adapts on its way, too.
    for (let i = 0; i < 50; i++) {
      client.write(Buffer.from(`piece ${i};`))
      await sinks.server.received(sinks.server.length + `piece ${i};`.length)
    }
    const small = Array.from({ length: 50 }, (_, i) => `piece ${i};`).join('')
    sub.equal(sha256(sinks.server.bytes), sha256(Buffer.concat([bytes, Buffer.from(small)])))
  })
}

function endContract(t: Test, io: Io, peer: () => RawPeer): void {
  void t.test('ends one way and reads on: the other side still answers', async (sub) => {
    await using accepting = await Accepting.start(io)
    const { client, server, sinks } = await pair(io, accepting)
    client.write(Buffer.from('question'))
    client.end()
    client.end()
    await sinks.server.heard('end')
    sub.equal(server.ended, true)
    sub.equal(sinks.server.bytes.toString(), 'question')
    const answer = deterministicBytes(5, 500_000)
    await writeAll(server, answer)
    sub.equal(sha256(await sinks.client.received(answer.length)), sha256(answer))
    sub.equal(client.ended, false)
    server.end()
    await sinks.client.heard('end')
    sub.same(
      sinks.client.log.filter((entry) => entry === 'end'),
      ['end'],
      'once',
    )
    client.close()
    server.close()
  })

  void t.test('sends its end after all that was written', async (sub) => {
    await using accepting = await Accepting.start(io)
    await using raw = await peer().connect({ port: accepting.port })
    const conn = await take(accepting)
    const written = writeUntilFull(conn, deterministicBytes(6, 500_000))
    conn.end()
    const { bytes, end } = await raw.readToEnd()
    sub.same({ bytes, end }, { bytes: written, end: 'fin' })
  })

  void t.test(
    'a close after the far side has ended is a clean end, with everything before it',
    async (sub) => {
      await using accepting = await Accepting.start(io)
      await using raw = await peer().connect({ port: accepting.port })
      const conn = await take(accepting)
      await raw.sendText('question')
      await raw.shutdown()
      await (conn.sink as RecordingSink).heard('end')
      conn.write(Buffer.from('answer'))
      conn.close()
      sub.equal(conn.closed, true)
      sub.match(await raw.readTextToEnd(), { text: 'answer', end: 'fin' })
      sub.same((conn.sink as RecordingSink).log, ['data', 'end'])
    },
  )

  void t.test('hears nothing more after its close, and can be told anything', async (sub) => {
    await using accepting = await Accepting.start(io)
    for (const how of ['close', 'reset'] as const) {
      await using raw = await peer().connect({ port: accepting.port })
      const conn = await take(accepting)
      await raw.sendText('x')
      const sink = conn.sink as RecordingSink
      await sink.received(1)
      conn[how]()
      sub.equal(conn.closed, true)
      const heard = [...sink.log]
      conn.close()
      conn.reset()
      conn.end()
      conn.pause()
      conn.resume()
      conn.trim()
      conn.keepAlive()
      sub.equal(conn.write(Buffer.from('late')), false)
      await raw.sendText('more')
      sub.not((await raw.readToEnd()).end, 'open')
      await turns()
      sub.same(sink.log, heard, how)
    }
  })
}

function resetContract(t: Test, io: Io, peer: () => RawPeer): void {
  void t.test('sees a reset as broken, never as an end', async (sub) => {
    await using accepting = await Accepting.start(io)
    const raw = await peer().connect({ port: accepting.port })
    const conn = await take(accepting)
    conn.keepAlive()
    await raw.reset()
    const sink = conn.sink as RecordingSink
    await waitUntil(() => sink.log.length > 0)
    sub.same(sink.log, ['broken: ECONNRESET'])
    sub.equal(conn.ended, false)
    sub.equal(conn.failure, 'ECONNRESET')
    conn.close()
  })

  void t.test('sees a reset that lies behind unread data, after the data', async (sub) => {
    await using accepting = await Accepting.start(io)
    for (let round = 0; round < 10; round++) {
      const raw = await peer().connect({ port: accepting.port })
      const conn = await accepting.next()
      const sink = new RecordingSink()
      conn.sink = sink
      await raw.send({ bytes: 50_000, seed: round })
      await raw.reset()
      conn.start()
      await waitUntil(() => sink.isBroken || sink.has('end'))
      sub.notOk(sink.has('end'), `${sink.length} bytes, then ${sink.log.join(', ')}`)
      sub.ok(deterministicBytes(round, 50_000).subarray(0, sink.length).equals(sink.bytes))
      conn.close()
    }
  })

  void t.test('resets so that the far side never sees a clean end', async (sub) => {
    await using accepting = await Accepting.start(io)
    await using raw = await peer().connect({ port: accepting.port })
    const conn = await take(accepting)
    await raw.sendText('x')
    await (conn.sink as RecordingSink).received(1)
    conn.reset()
    sub.equal(conn.closed, true)
    sub.equal((await raw.readToEnd()).end, 'rst')
    sub.notOk((conn.sink as RecordingSink).isBroken, 'its own reset is no news')
  })

  void t.test('resets amid a write that waits', async (sub) => {
    await using accepting = await Accepting.start(io)
    await using raw = await peer().connect({ port: accepting.port })
    const conn = await take(accepting)
    const written = writeUntilFull(conn, deterministicBytes(7, 1_000_000))
    conn.reset()
    const { bytes, end } = await raw.readToEnd()
    sub.equal(end, 'rst')
    sub.ok(bytes < written)
    await turns()
    sub.equal((conn.sink as RecordingSink).drains, 0, 'it hears nothing of the write that was cut')
  })

  void t.test('resets where its own end waits behind a write that nobody reads', async (sub) => {
    await using accepting = await Accepting.start(io)
    await using raw = await peer().connect({ port: accepting.port })
    const conn = await take(accepting)
    writeUntilFull(conn, deterministicBytes(8, 1_000_000))
    conn.end()
    conn.reset()
    sub.equal(await raw.hangup(), 'rst', 'at once, though the far side has read nothing')
  })

  void t.test('resets where its own end is still on its way', async (sub) => {
    await using accepting = await Accepting.start(io)
    await using raw = await peer().connect({ port: accepting.port })
    const conn = await take(accepting)
    conn.write(Buffer.from('x'))
    conn.end()
    conn.reset()
    sub.equal(conn.closed, true)
    sub.ok(await resetSeenBy(raw))
  })

  void t.test('tells of a write that the far side cut short', async (sub) => {
    await using accepting = await Accepting.start(io)
    const raw = await peer().connect({ port: accepting.port })
    const conn = await accepting.next()
    const sink = new RecordingSink()
    conn.sink = sink
    writeUntilFull(conn, deterministicBytes(8, 1_000_000))
    await raw.reset()
    await waitUntil(() => conn.failure !== undefined)
    sub.match(conn.failure, /^(ECONNRESET|EPIPE)$/)
    await waitUntil(() => sink.log.length > 0)
    sub.notOk(sink.has('end'))
    await waitUntil(() => !conn.isWriting)
    sub.equal(conn.write(Buffer.from('x')), false, 'and says so at once from then on')
    conn.close()
  })
}

function connectContract(t: Test, io: Io, peer: () => RawPeer): void {
  void t.test('knows who connected, IPv4 as IPv4 on a listener for both families', async (sub) => {
    await using both = await Accepting.start(io, { kind: 'tcp', host: '::', port: 0 })
    await using raw4 = await peer().connect({ host: '127.0.0.1', port: both.port })
    const conn4 = await both.next()
    sub.match(conn4, { remoteAddress: '127.0.0.1', remotePort: raw4.localPort })
    await using raw6 = await peer().connect({ host: '::1', port: both.port })
    const conn6 = await both.next()
    sub.match(conn6, { remoteAddress: '::1', remotePort: raw6.localPort })
  })

  void t.test('connects to IPv4 and IPv6', async (sub) => {
    for (const host of ['127.0.0.1', '::1']) {
      await using accepting = await Accepting.start(io, { kind: 'tcp', host, port: 0 })
      const { client, sinks } = await pair(io, accepting)
      client.write(Buffer.from('x'))
      sub.equal((await sinks.server.received(1)).toString(), 'x')
    }
  })

  void t.test('says by its code why a connect failed, never from within the call', async (sub) => {
    await using closed = await refusingPort()
    const failures = [
      [{ kind: 'ip', ip: '127.0.0.1', port: closed.port }, 'ECONNREFUSED'],
      [{ kind: 'ip', ip: '::1', port: 1 }, 'ECONNREFUSED'],
      [{ kind: 'ip', ip: '255.255.255.255', port: 9 }, /^(ENETUNREACH|EACCES)$/],
      [{ kind: 'unix', path: '/nonexistent/fairlead.sock' }, 'ENOENT'],
    ] as const
    for (const [endpoint, code] of failures) {
      let isWithin = true
      const [conn, failure] = await new Promise<[Conn, string | undefined]>((resolve) => {
        io.connect(endpoint, {
          onConnect: (...heard) => {
            sub.equal(isWithin, false)
            resolve(heard)
          },
        })
        isWithin = false
      })
      sub.match(failure, code)
      sub.equal(conn.closed, true)
    }
  })

  void t.test('a connect that is called off is never heard of again', async (sub) => {
    await using accepting = await Accepting.start(io)
    await using closed = await refusingPort()
    const heard: unknown[] = []
    const sink = { onConnect: (_conn: Conn, failure: string | undefined) => void heard.push(failure) }
    io.connect(accepting.endpoint, sink).close()
    io.connect({ kind: 'ip', ip: '127.0.0.1', port: closed.port }, sink).close()
    io.connect({ kind: 'unix', path: '/nonexistent/fairlead.sock' }, sink).close()
    const { client } = await pair(io, accepting)
    await turns()
    sub.same(heard, [])
    client.close()
  })
}

function unixContract(t: Test, io: Io): void {
  void t.test('does the same over unix sockets, which know no reset', async (sub) => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-'))
    sub.teardown(() => rm(folder, { recursive: true }))
    await using accepting = await Accepting.start(io, { kind: 'unix', path: join(folder, 's') })
    const { client, server, sinks } = await pair(io, accepting)
    sub.match(server, { remoteAddress: '', remotePort: 0 })
    const bytes = deterministicBytes(9, 2_000_000)
    await Promise.all([writeAll(client, bytes), writeAll(server, bytes)])
    sub.equal(sha256(await sinks.server.received(bytes.length)), sha256(bytes))
    sub.equal(sha256(await sinks.client.received(bytes.length)), sha256(bytes))
    client.keepAlive()
    client.trim()
    client.end()
    await sinks.server.heard('end')
    server.write(Buffer.from('answer'))
    server.close()
    await sinks.client.heard('end')
    sub.equal(sinks.client.bytes.subarray(bytes.length).toString(), 'answer')
    client.close()

    const other = await pair(io, accepting)
    other.client.reset()
    await waitUntil(() => other.sinks.server.log.length > 0)
    sub.equal(other.client.closed, true)
  })
}

async function take(accepting: Accepting): Promise<Conn> {
  const conn = await accepting.next()
  conn.sink = new RecordingSink()
  conn.start()
  return conn
}

/** An RST that follows a FIN at once: the FIN may be seen first. */
async function resetSeenBy(raw: RawConnection): Promise<boolean> {
  return await waitUntil(async () => (await raw.hangup()) === 'rst', { describe: 'an RST at the raw peer' })
}
