import type { Server } from 'node:net'
import { systemClock } from '../../src/core/clock.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'
import type { Conn } from '../../src/net/conn.ts'
import type { ConnectSink, Endpoint, Io } from '../../src/net/io.ts'
import { FaultBoard } from '../../src/faults/fault-board.ts'
import { FaultyConn } from '../../src/faults/faulty-conn.ts'

/** A board without a balancer. */
export function makeBoard(options: { seed?: number; clock?: FaultBoard['clock'] } = {}): FaultBoard {
  return new FaultBoard({ clock: options.clock ?? systemClock, random: seededRandom(options.seed ?? 1) })
}

/** I/O whose connections are all faulty ones, at both ends: for the suite that every kind of connection passes. */
export class AllFaultyIo implements Io {
  readonly #io: Io
  readonly #board: FaultBoard

  constructor(io: Io, board: FaultBoard) {
    this.#io = io
    this.#board = board
  }

  get name(): Io['name'] {
    return this.#io.name
  }

  accept(server: Server, onConn: (conn: Conn) => void): void {
    this.#board.io(this.#io, 'main').accept(server, onConn)
  }

  connect(endpoint: Endpoint, sink: ConnectSink): Conn {
    return this.#io.connect(endpoint, {
      onConnect: (conn, failure) => {
        if (failure !== undefined) return sink.onConnect(conn, failure)
        const facts = {
          side: 'backend',
          listener: undefined,
          pool: 'main',
          backend: 'a',
          session: undefined,
          key: this.#board.nextKey(),
        } as const
        sink.onConnect(new FaultyConn(conn, facts, this.#board), undefined)
      },
    })
  }
}
