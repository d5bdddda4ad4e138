import { test } from 'tap'
import { hasBindings } from '../../src/net/handle-bindings.ts'
import { loadIo } from '../../src/net/io.ts'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { connContract } from '../contracts/conn-contract.ts'
import type { RawPeer } from '../helpers/raw-peer.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { Accepting, RecordingSink } from './conn-rig.ts'

const handles = await loadIo('handles')
const sockets = await loadIo('sockets')
const raw: RawPeer = await rawPeer()

void test("over Node's handles", (t) => {
  connContract(t, handles, () => raw)

  void t.test('sees a reset behind unread data after its own end, too', async (sub) => {
    await using accepting = await Accepting.start(handles)
    const client = await raw.connect({ port: accepting.port })
    const conn = await accepting.next()
    const sink = new RecordingSink()
    conn.sink = sink
    conn.start()
    conn.end()
    sub.equal(await client.hangup(), 'fin')
    conn.pause()
    await client.send({ bytes: 50_000, seed: 1 })
    await client.reset()
    conn.resume()
    await waitUntil(() => sink.isBroken || sink.has('end'))
    sub.notOk(sink.has('end'), sink.log.join(', '))
    sub.ok(deterministicBytes(1, 50_000).subarray(0, sink.length).equals(sink.bytes))
    conn.close()
  })
  t.end()
})

void test('over net.Socket', (t) => {
  connContract(t, sockets, () => raw)
  t.end()
})

void test('the way to do I/O is chosen by name, and is the fastest by itself', async (t) => {
  t.equal(hasBindings, true, 'this Node has the handles that we know')
  t.equal(handles.name, 'handles')
  t.equal(sockets.name, 'sockets')
  t.equal(await loadIo(), handles)
  t.equal(await loadIo('auto'), handles)
})

void test('a conn without a sink refuses data and takes anything else', (t) => {
  const conn = sockets.connect({ kind: 'unix', path: '/nonexistent' }, { onConnect: () => undefined })
  const { sink } = conn
  t.throws(() => sink.onData(conn, Buffer.from('x')), /before it had a sink/)
  sink.onEnd(conn)
  sink.onDrain(conn)
  sink.onBroken(conn)
  conn.close()
  t.end()
})

void test('teardown', async () => {
  await raw[Symbol.asyncDispose]()
})
