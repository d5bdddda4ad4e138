import { once } from 'node:events'
import { lstat, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { ListenOptions, Server } from 'node:net'
import type { Address } from '../core/address.ts'
import { ListenError } from '../core/errors.ts'

/** As many connections may wait to be accepted; the system lowers it to its own limit (`somaxconn`). */
const MOST_BACKLOG = 4096

/**
 * Opens a listening server. `attach` is called as soon as it listens and before it can accept anything. Host `::` takes IPv6 and IPv4
 * alike, and IPv4 alone on a machine without IPv6; a unix socket's file that nobody listens behind any longer is replaced.
 *
 * @throws {ListenError} when the address is in use, not ours or not allowed.
 */
export async function listen(
  address: Address,
  attach: (server: Server) => void,
  making: Making = {},
): Promise<Server> {
  try {
    return await tryListen(address, { attach, making })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const instead = making.fd === undefined ? await alternative(address, code) : undefined
    if (instead === undefined) throw new ListenError(address, error as NodeJS.ErrnoException)
    return await tryListen(instead, { attach, making }).catch((again: NodeJS.ErrnoException) => {
      throw new ListenError(address, again)
    })
  }
}

/** How a server is made that is no plain one. */
export interface Making {
  /** Default: a plain TCP server. Called again where a first try failed. */
  readonly make?: () => Server
  /**
   * How many connections may wait to be accepted, all of which are accepted in one go; default 4,096. Who comes beyond
   * that tries again a second later, by itself.
   */
  readonly backlog?: number
  /** A unix socket that nobody but its owner may connect to. */
  readonly ownerOnly?: boolean
  /**
   * A socket that listens already, to be used instead of one of our own: the server's from here on. The file of a unix
   * socket that came so stays when the server closes, since its maker listens on.
   */
  readonly fd?: number | undefined
}

/** The address as it came out: port 0 has become a real port. */
export function boundAddress(server: Server, asked: Address): Address {
  const bound = server.address()
  if (bound === null || typeof bound === 'string') return asked
  return { kind: 'tcp', host: bound.address, port: bound.port }
}

async function tryListen(
  address: Address,
  how: { attach: (server: Server) => void; making: Making },
): Promise<Server> {
  const {
    make = () => createServer({ allowHalfOpen: true }),
    ownerOnly = false,
    backlog = MOST_BACKLOG,
    fd,
  } = how.making
  const server = make()
  const where = fd === undefined ? placeOf(address) : { fd }
  server.once('listening', () => how.attach(server))
  const open = (): unknown => server.listen({ ...where, backlog })
  if (ownerOnly && fd === undefined && address.kind === 'unix') asOwnerOnly(open)
  else open()
  try {
    await once(server, 'listening')
  } catch (error) {
    server.close()
    throw error
  }
  server.on('error', () => {
    // A listening server's later errors are single failed accepts; the next one may succeed.
  })
  return server
}

/** The file must never be open to others, not even between its making and a chmod. It is made within `open`. */
function asOwnerOnly(open: () => unknown): void {
  const before = process.umask(0o177)
  try {
    open()
  } finally {
    process.umask(before)
  }
}

function placeOf(address: Address): ListenOptions {
  return address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
}

/** What to try after a failure that has a cure; undefined where it has none. */
async function alternative(address: Address, code: string | undefined): Promise<Address | undefined> {
  if (address.kind === 'unix') {
    if (code !== 'EADDRINUSE' || !(await isStale(address.path))) return undefined
    await unlink(address.path)
    return address
  }
  const isWithoutIpv6 = code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL'
  return address.host === '::' && isWithoutIpv6 ? { ...address, host: '0.0.0.0' } : undefined
}

/** It is a socket, and nobody answers behind it: its owner is gone. */
async function isStale(path: string): Promise<boolean> {
  // A connect to a file of any other kind is refused as well, and that file is not ours to delete.
  const isSocket = await lstat(path).then(
    (file) => file.isSocket(),
    () => false,
  )
  return isSocket && (await isRefused(path))
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}
