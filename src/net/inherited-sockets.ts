import { closeSync } from 'node:fs'
import type { Address, TcpAddress } from '../core/address.ts'
import { canonicalIp } from '../core/canonical-ip.ts'
import { readListenFds } from './listen-fds.ts'
import { LISTEN_VARIABLES } from './listen-fds.ts'
import { listeningAddresses } from './listening-addresses.ts'

/** A listening socket that was opened before we began. */
export interface InheritedSocket {
  readonly fd: number
  /** As the socket unit calls it; empty where it has no name. */
  readonly name: string
  /** undefined = it does not listen, or the system does not tell. */
  readonly address: Address | undefined
}

/** What a listener is known by. */
interface Wanted {
  readonly name: string
  readonly address: Address
}

/**
 * Sockets that systemd (or `systemd-socket-activate`) opened for us. A listener takes the one that is named like it, or
 * else the one that listens at its address; what is left over is closed, since connections would wait in it for ever.
 */
export class InheritedSockets {
  /** Those that no listener wanted. Known, and closed, once they are dealt out. */
  unused: readonly InheritedSocket[] = []
  /** What was wrong with the environment; undefined = nothing. */
  readonly problem: string | undefined
  readonly #sockets: readonly InheritedSocket[]
  readonly #dealt = new Map<string, InheritedSocket>()

  constructor(sockets: readonly InheritedSocket[], problem?: string) {
    this.#sockets = sockets
    this.problem = problem
  }

  /** Reads the environment of this process and removes from it what it has read. */
  static fromEnvironment(
    env: Record<string, string | undefined>,
    pid: number = process.pid,
  ): InheritedSockets {
    const { fds, problem } = readListenFds(env, pid)
    for (const name of LISTEN_VARIABLES) delete env[name]
    const addresses = listeningAddresses(fds.map(({ fd }) => fd))
    return new InheritedSockets(
      fds.map(({ fd, name }) => ({ fd, name, address: addresses.get(fd) })),
      problem,
    )
  }

  /** Gives each listener its socket, and closes those that nobody wants. */
  deal(listeners: readonly Wanted[], close: (fd: number) => void = closeSync): void {
    const { dealt, unused } = dealSockets(this.#sockets, listeners)
    for (const [name, socket] of dealt) this.#dealt.set(name, socket)
    this.unused = unused
    for (const { fd } of unused) close(fd)
  }

  /** The socket of a listener, once: the descriptor is the caller's from here on. */
  take(listener: string): InheritedSocket | undefined {
    const socket = this.#dealt.get(listener)
    this.#dealt.delete(listener)
    return socket
  }
}

/** Names count more than addresses: whoever wrote them meant this listener. Among equal names the address decides. */
export function dealSockets(
  sockets: readonly InheritedSocket[],
  listeners: readonly Wanted[],
): { dealt: ReadonlyMap<string, InheritedSocket>; unused: readonly InheritedSocket[] } {
  const left = new Set(sockets)
  const dealt = new Map<string, InheritedSocket>()
  const deal = (fits: (socket: InheritedSocket, listener: Wanted) => boolean): void => {
    for (const listener of listeners) {
      if (dealt.has(listener.name)) continue
      const socket = [...left].find((candidate) => fits(candidate, listener))
      if (socket === undefined) continue
      dealt.set(listener.name, socket)
      left.delete(socket)
    }
  }
  const isNamed = (socket: InheritedSocket, { name }: Wanted): boolean => socket.name === name
  const isThere = ({ address }: InheritedSocket, wanted: Wanted): boolean =>
    address !== undefined && isSamePlace(address, wanted.address)
  deal((socket, listener) => isNamed(socket, listener) && isThere(socket, listener))
  deal(isNamed)
  deal(isThere)
  return { dealt, unused: [...left] }
}

function isSamePlace(one: Address, other: Address): boolean {
  if (one.kind === 'unix' || other.kind === 'unix') {
    return one.kind === 'unix' && other.kind === 'unix' && one.path === other.path
  }
  return one.port === other.port && spellings(other).has(canonicalHost(one))
}

/** The hosts that listening there may come out as. */
function spellings(address: TcpAddress): ReadonlySet<string> {
  const host = canonicalHost(address)
  if (ANY.has(host)) return ANY
  return host === 'localhost' ? LOOPBACK : new Set([host])
}

/** All interfaces of both families exclude each other on one port, so that they mean the same place. */
const ANY: ReadonlySet<string> = new Set(['::', '0.0.0.0'])
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1'])

function canonicalHost({ host }: TcpAddress): string {
  return canonicalIp(host) ?? host.toLowerCase()
}
