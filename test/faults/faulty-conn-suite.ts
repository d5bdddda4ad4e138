import { test } from 'tap'
import { loadIo } from '../../src/net/io.ts'
import { connContract } from '../contracts/conn-contract.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { AllFaultyIo, makeBoard } from './faulty-ios.ts'

/** Faulty connections over one way to do I/O owe the relay what all others do. */
export async function faultyConnSuite(kind: 'handles' | 'sockets'): Promise<void> {
  const raw = await rawPeer()
  const io = await loadIo(kind)

  void test(`a faulty connection without faults is as good as any (${kind})`, (t) => {
    connContract(t, new AllFaultyIo(io, makeBoard()), () => raw)
    t.end()
  })

  void test(`a fault that does nothing changes nothing (${kind})`, (t) => {
    const board = makeBoard()
    for (const on of ['client', 'backend'] as const) {
      board.add({ type: 'corrupt', probability: 0, allowCorruption: true, direction: 'both', on })
    }
    connContract(t, new AllFaultyIo(io, board), () => raw)
    t.end()
  })

  void test('teardown', async () => {
    await raw[Symbol.asyncDispose]()
  })
}
