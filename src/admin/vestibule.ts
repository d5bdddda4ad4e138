import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../core/clock.ts'
import { Repeater } from './repeater.ts'

const TIMEOUT_ANSWER = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'
/** What HTTP/1 may begin with. Of anything else the server says at once what is wrong with it. */
const REQUEST_LINE = /^[A-Z]+ \S+ HTTP\/1\.[01]\r?$/
/** More often than that costs more than turning away those whose time is up together. */
const LEAST_LOOK_MS = 10
/** So many looks in the patience: few are turned away in one go. */
const LOOKS = 250

export interface VestibuleOptions {
  readonly clock: Clock
  /** For a head to be there as a whole. */
  readonly patienceMs: number
  /** A longer head is the server's to refuse. */
  readonly mostHeadBytes: number
}

/** Somebody whose request is not there yet. */
interface Guest {
  head: string
  readonly until: number
  readonly leave: () => void
}

/**
 * Where connections wait until the head of their first request is there. Hundreds of clients that send it byte by byte,
 * or none at all, are no more than so many pieces of text here: the server's parser, its timers and what it holds for
 * each are for those who ask something.
 */
export class Vestibule {
  readonly #options: VestibuleOptions
  /** By age. */
  readonly #guests = new Map<Socket, Guest>()
  readonly #looks: Repeater
  #admit: (socket: Socket) => void = () => undefined

  constructor(options: VestibuleOptions) {
    this.#options = options
    const { clock, patienceMs } = options
    const everyMs = Math.max(LEAST_LOOK_MS, patienceMs / LOOKS)
    this.#looks = new Repeater({ clock, everyMs, run: () => this.#turnAway() })
  }

  /** For a server that has accepted nobody yet. */
  standBefore(server: Server): void {
    const hosts = server.listeners('connection')
    server.removeAllListeners('connection')
    this.#admit = (socket) => {
      for (const host of hosts) host.call(server, socket)
    }
    server.on('connection', (socket: Socket) => this.#receive(socket))
  }

  #receive(socket: Socket): void {
    const onData = (chunk: Buffer): void => this.#read(socket, chunk)
    // It broke, or its client will send no more of it.
    const onEnd = (): void => void socket.destroy()
    const onClose = (): void => this.#forget(socket)
    socket.on('data', onData).on('error', onEnd).on('end', onEnd).on('close', onClose)
    const leave = (): void => {
      socket.off('data', onData).off('error', onEnd).off('end', onEnd).off('close', onClose)
    }
    const { clock, patienceMs } = this.#options
    this.#guests.set(socket, { head: '', until: clock.now() + patienceMs, leave })
    this.#looks.start()
  }

  #read(socket: Socket, chunk: Buffer): void {
    const guest = this.#guests.get(socket)
    if (guest === undefined) return
    const before = guest.head.length
    guest.head += chunk.toString('latin1')
    if (!isReady(guest.head, before) && guest.head.length <= this.#options.mostHeadBytes) return
    this.#forget(socket)
    guest.leave()
    // Else it would go on flowing past what is put back.
    socket.pause()
    socket.unshift(Buffer.from(guest.head, 'latin1'))
    this.#admit(socket)
    socket.resume()
  }

  #turnAway(): void {
    const now = this.#options.clock.now()
    for (const [socket, { until }] of this.#guests) {
      if (until > now) return
      socket.write(TIMEOUT_ANSWER)
      socket.destroy()
      this.#forget(socket)
    }
  }

  #forget(socket: Socket): void {
    this.#guests.delete(socket)
    if (this.#guests.size === 0) this.#looks.stop()
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
