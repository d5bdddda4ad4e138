import t from 'tap'
import type { Snapshot } from '../../src/core/snapshot.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { networkNamespace } from '../helpers/network-namespace.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import type { RawConnection } from '../helpers/raw-peer.ts'
import { IO_KINDS } from './rig.ts'
import { startBalancerProcess } from './start-balancer-process.ts'

const READERS = 1_000
/** What a reader that never reads would be sent. */
const UNREAD_BYTES = 1_000_000
const NEIGHBOUR_BYTES = 8_000_000

/** The target for a stalled pair; measured against a warm process, which a test's is not. */
const MOST_BYTES_A_PAIR = { handles: 96 * 1024, sockets: 192 * 1024 }
const MOST_GROWTH_BYTES = 16 * 1024 * 1024

/** Where the system itself swallows megabytes a connection, a reader stalls late, and the machine's memory fills. */
const SMALL_BUFFERS = {
  'net.ipv4.tcp_wmem': '4096 16384 32768',
  'net.ipv4.tcp_rmem': '4096 16384 32768',
  'net.core.somaxconn': '4096',
}

for (const io of IO_KINDS) {
  void t.test(
    `F6: 1,000 readers that never read cost little, and no neighbour notices (${io})`,
    async (sub) => {
      await using namespace = await networkNamespace(SMALL_BUFFERS)
      await using peer = await rawPeer({ prefix: namespace.enter })
      await using server = await peer.listen()
      await using lb = await startBalancerProcess({
        prefix: namespace.enter,
        options: { listen: '127.0.0.1:0', backends: [`a=${server.port}`], check: 'off', io },
      })
      const address = await lb.address()
      const port = address.kind === 'tcp' ? address.port : 0
      const pair = async (): Promise<{ client: RawConnection; backend: RawConnection }> => {
        const [client, backend] = await Promise.all([peer.connect({ port }), server.accept()])
        return { client, backend }
      }
      const neighbour = async (seed: number): Promise<void> => {
        const { client, backend } = await pair()
        const reading = client.readToEnd({ timeoutMs: 30_000 })
        const sent = await backend.send({ bytes: NEIGHBOUR_BYTES, seed, timeoutMs: 30_000 })
        await backend.shutdown()
        sub.match(await reading, { bytes: NEIGHBOUR_BYTES, sha256: sent.sha256, end: 'fin' })
        await client.close()
        await backend.close()
      }

      await neighbour(1) // What is loaded and compiled once is no reader's.
      const before = await lb.residentBytes()
      const stalled = []
      const sending = []
      for (let i = 0; i < READERS; i++) {
        const { client, backend } = await pair()
        stalled.push(client, backend)
        sending.push(backend.send({ bytes: UNREAD_BYTES, seed: i, timeoutMs: 3_000 }))
      }
      const outcomes = await Promise.all(sending)
      sub.ok(
        outcomes.every(({ outcome }) => outcome === 'blocked'),
        'every source is paused',
      )
      const held = await lb.residentBytes()
      const aPair = (held - before) / READERS
      sub.ok(aPair < MOST_BYTES_A_PAIR[io], `${Math.round(aPair / 1024)} KiB a pair`)

      for (let i = 0; i < 2; i++) await neighbour(2 + i)
      const growth = (await lb.residentBytes()) - held
      sub.ok(growth < MOST_GROWTH_BYTES, `${Math.round(growth / 1024)} KiB more while the neighbours worked`)
      sub.equal(activeIn(await lb.snapshot()), READERS)

      for (const connection of stalled) await connection.reset()
      await waitUntil(async () => activeIn(await lb.snapshot()) === 0)
      sub.equal((await lb.snapshot()).pools[0]?.backends[0]?.active, 0)
    },
  )

  void t.test(
    `F5: a FIN that came while it queued follows early bytes that leave slowly (${io})`,
    async (sub) => {
      await using namespace = await networkNamespace(SMALL_BUFFERS)
      await using peer = await rawPeer({ prefix: namespace.enter })
      await using server = await peer.listen()
      await using lb = await startBalancerProcess({
        prefix: namespace.enter,
        options: {
          listen: '127.0.0.1:0',
          backends: [`a=${server.port}`],
          backendMaxConnections: 1,
          check: 'off',
          io,
        },
      })
      const address = await lb.address()
      const port = address.kind === 'tcp' ? address.port : 0
      const first = await peer.connect({ port })
      const busy = await server.accept()
      const client = await peer.connect({ port })
      const sent = await client.send({ bytes: 60_000, seed: 1 })
      await client.shutdown()
      await waitUntil(async () => (await lb.snapshot()).pools[0]?.queued === 1)
      await first.reset()
      sub.equal((await busy.readToEnd()).end, 'rst')

      const backend = await server.accept()
      sub.match(await backend.readToEnd(), { bytes: 60_000, sha256: sent.sha256, end: 'fin' })
      await backend.sendText('thanks')
      await backend.shutdown()
      const answer = await client.readTextToEnd()
      sub.strictSame([answer.text, answer.end], ['thanks', 'fin'])
      await waitUntil(async () => activeIn(await lb.snapshot()) === 0)
    },
  )
}

function activeIn(snapshot: Snapshot): number {
  return snapshot.listeners.reduce((sum, { active }) => sum + active, 0)
}
