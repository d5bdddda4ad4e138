import type { Server } from 'node:net'
import type { Conn } from '../net/conn.ts'
import type { ConnectSink, Endpoint, Io } from '../net/io.ts'
import type { FaultBoard } from './fault-board.ts'
import { FaultyConn } from './faulty-conn.ts'

/** A way to do I/O for one listener, on whose accepted connections faults may sit. */
export class FaultyIo implements Io {
  readonly #io: Io
  readonly #board: FaultBoard
  readonly #listener: string

  constructor(io: Io, board: FaultBoard, options: { listener: string }) {
    this.#io = io
    this.#board = board
    this.#listener = options.listener
  }

  get name(): Io['name'] {
    return this.#io.name
  }

  accept(server: Server, onConn: (conn: Conn) => void): void {
    this.#io.accept(server, (conn) => {
      const facts = {
        side: 'client',
        listener: this.#listener,
        pool: undefined,
        backend: undefined,
        session: undefined,
        key: this.#board.nextKey(),
      } as const
      onConn(new FaultyConn(conn, facts, this.#board))
    })
  }

  /** Nobody connects by a listener's I/O; backends are dialled by the `FaultyDialer`. */
  connect(endpoint: Endpoint, sink: ConnectSink): Conn {
    return this.#io.connect(endpoint, sink)
  }
}
