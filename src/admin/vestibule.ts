import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../core/clock.ts'
import { takeOverAccept } from '../net/handle-bindings.ts'
import type { GiveBack, Handle } from '../net/handle-bindings.ts'
import { HeldConn } from '../net/held-conn.ts'
import type { Holder } from '../net/held-conn.ts'
import type { Connections } from './connections.ts'
import { Repeater } from './repeater.ts'
import { Slice } from './slice.ts'

const TIMEOUT_ANSWER = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'
/** What HTTP/1 may begin with. Of anything else the server says at once what is wrong with it. */
const REQUEST_LINE = /^[A-Z]+ \S+ HTTP\/1\.[01]\r?$/
/** More often than that costs more than turning away those whose time is up together. */
const LEAST_LOOK_MS = 10
/** So many looks in the patience: few are to be turned away at each. */
const LOOKS = 1_000
/** Who came in together goes over some looks: to turn one away takes some hundredths of a millisecond. */
const MOST_A_LOOK = 4

export interface VestibuleOptions {
  readonly clock: Clock
  /** Those within. */
  readonly connections: Connections
  /** Connections here and within. */
  readonly most: number
  /** For a head to be there as a whole. */
  readonly patienceMs: number
  /** A longer head is the server's to refuse. */
  readonly mostHeadBytes: number
}

/**
 * Where connections wait until the head of their first request is there. Hundreds of clients that send it byte by byte,
 * or none at all, are no more than so many pieces of text here. To node:http each is a socket, a parser and what belongs
 * to them, which live just long enough to bring the next garbage collection of the whole heap nearer, and an error with
 * two stack traces in the end.
 *
 * Importing this module throws where Node's handles are missing: ask `hasBindings` first.
 */
export class Vestibule implements Holder {
  readonly #options: VestibuleOptions
  /** By age; until when they may stay. */
  readonly #guests = new Map<HeldConn, number>()
  /** Who is let in as soon as traffic has had its turn: that takes as long as some requests of it. */
  readonly #entering = new Set<Handle>()
  readonly #looks: Repeater
  #giveBack: GiveBack | undefined
  /** What the one who is being let in has said. */
  #said: string | undefined

  constructor(options: VestibuleOptions) {
    this.#options = options
    const { clock, patienceMs } = options
    const everyMs = Math.max(LEAST_LOOK_MS, patienceMs / LOOKS)
    this.#looks = new Repeater({ clock, everyMs, run: () => this.#turnAway() })
  }

  /** For a server that listens and has accepted nobody yet. Where it has no handle of its own, all come in at once. */
  standBefore(server: Server): void {
    this.#giveBack = takeOverAccept(server, (handle) => this.#receive(handle))
    server.prependListener('connection', (socket: Socket) => {
      if (this.#said !== undefined) socket.unshift(Buffer.from(this.#said, 'latin1'))
    })
  }

  /** Whoever is still here goes. */
  close(): void {
    for (const guest of this.#guests.keys()) guest.close()
    this.#guests.clear()
    for (const handle of this.#entering) handle.close()
    this.#entering.clear()
    this.#looks.stop()
  }

  onText(guest: HeldConn, before: number): void {
    const { text } = guest
    if (!isReady(text, before) && text.length <= this.#options.mostHeadBytes) return
    this.onGone(guest)
    void this.#letIn(guest.letGo(), text)
  }

  onGone(guest: HeldConn): void {
    this.#guests.delete(guest)
    if (this.#guests.size === 0) this.#looks.stop()
  }

  /** Never rejects. */
  async #letIn(handle: Handle, said: string): Promise<void> {
    this.#entering.add(handle)
    const slice = new Slice(this.#options.clock)
    await slice.rest()
    if (!this.#entering.delete(handle)) return // The admin has closed.
    this.#said = said
    this.#giveBack?.(handle)
    this.#said = undefined
    slice.stop()
  }

  #receive(handle: Handle): void {
    const { clock, patienceMs, connections, most } = this.#options
    if (this.#guests.size + this.#entering.size + connections.size >= most) this.#dropOldest()
    this.#guests.set(new HeldConn(handle, this), clock.now() + patienceMs)
    this.#looks.start()
  }

  #dropOldest(): void {
    for (const guest of this.#guests.keys()) {
      guest.close()
      return this.onGone(guest)
    }
  }

  #turnAway(): void {
    const now = this.#options.clock.now()
    let left = MOST_A_LOOK
    for (const [guest, until] of this.#guests) {
      if (until > now || left-- === 0) return
      guest.closeWith(TIMEOUT_ANSWER)
      this.onGone(guest)
    }
  }
}

/** The head is there, or enough of it to tell that it is none. `before`: how much was there when it was not yet. */
function isReady(head: string, before: number): boolean {
  const lineEnd = head.indexOf('\n')
  if (lineEnd === -1) return false
  if (lineEnd >= before && !REQUEST_LINE.test(head.slice(0, lineEnd))) return true
  const from = Math.max(0, before - 2)
  return head.includes('\n\r\n', from) || head.includes('\n\n', from)
}
