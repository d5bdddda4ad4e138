/** One row of the fault matrix: what goes wrong, and whose tests show what must happen then. */
export interface Fault {
  readonly id: `F${number}`
  readonly fault: string
  /** Why no subtest needs to name it: its feature is not built yet. */
  readonly later?: string
}

/** Every fault that the project promises to survive, by id. Subtests are named `F7: what must happen`. */
export const FAULTS: readonly Fault[] = [
  { id: 'F1', fault: 'a backend refuses' },
  { id: 'F2', fault: 'a SYN goes nowhere' },
  { id: 'F3', fault: 'a backend accepts, then resets' },
  { id: 'F4', fault: 'a backend accepts and hangs' },
  { id: 'F5', fault: 'either side half-closes' },
  { id: 'F6', fault: 'a reader is slow' },
  { id: 'F7', fault: 'either side resets amid data' },
  { id: 'F8', fault: 'a backend answers early and closes with the request unread' },
  { id: 'F9', fault: 'a client leaves while we connect, or while it queues' },
  { id: 'F10', fault: 'descriptors run out' },
  { id: 'F11', fault: 'local ports run out' },
  { id: 'F12', fault: 'name servers fail or flap' },
  { id: 'F13', fault: 'all backends are down' },
  { id: 'F14', fault: 'a backend flaps' },
  { id: 'F15', fault: 'the herd comes back to a recovered backend' },
  { id: 'F16', fault: 'a head is over the limit' },
  { id: 'F17', fault: 'requests are pipelined' },
  { id: 'F18', fault: 'input comes byte by byte' },
  { id: 'F19', fault: 'a reload comes under load' },
  { id: 'F20', fault: 'an address is in use' },
  { id: 'F21', fault: 'SIGTERM comes under load' },
  { id: 'F22', fault: 'the loop stalls' },
  { id: 'F23', fault: "the log's target breaks" },
  { id: 'F24', fault: 'something leaks' },
  { id: 'F25', fault: 'bytes are hostile' },
]
