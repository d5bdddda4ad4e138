import type { Clock } from '../core/clock.ts'
import type { Session } from '../net/session.ts'
import type { ActiveFault } from './active-fault.ts'
import type { FaultyConn } from './faulty-conn.ts'

/** Where a connection finds its faults: the board. */
export interface FaultHome {
  readonly clock: Clock
  /** Those that sit on connections, oldest first. */
  faultsOfBytes(): Iterable<ActiveFault>
  /** The connection is in use from here on, until `closed`. */
  opened(conn: FaultyConn): void
  closed(conn: FaultyConn): void
  /** The fault of this name did something to `session`. */
  touched(session: Session, name: string): void
}
