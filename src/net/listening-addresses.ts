import { readFileSync, readlinkSync } from 'node:fs'
import { SocketAddress } from 'node:net'
import { endianness } from 'node:os'
import type { Address } from '../core/address.ts'

/**
 * Where the listening sockets of this process listen, by descriptor, read from Linux's tables: asking a socket itself
 * would mean to open it, and an open one accepts. Descriptors that are none, or cannot be looked up, are absent.
 */
export function listeningAddresses(fds: readonly number[]): ReadonlyMap<number, Address> {
  const inodes = new Map<string, number>()
  for (const fd of fds) {
    const inode = /^socket:\[(\d+)\]$/.exec(link(fd))?.[1]
    if (inode !== undefined) inodes.set(inode, fd)
  }
  const found = new Map<number, Address>()
  if (inodes.size === 0) return found
  for (const { table, parse } of TABLES) {
    for (const row of parse(read(table))) {
      const fd = inodes.get(row.inode)
      if (fd !== undefined) found.set(fd, row.address)
    }
  }
  return found
}

interface Row {
  readonly inode: string
  readonly address: Address
}

/** Rows of `/proc/net/tcp` and `/proc/net/tcp6` that listen. Addresses are words in the machine's byte order. */
export function parseTcpTable(text: string, order: 'LE' | 'BE' = endianness()): Row[] {
  return text.split('\n').flatMap((line): Row[] => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    const [, ip, port] = /^([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4})$/.exec(local) ?? []
    if (ip === undefined || port === undefined || inode === undefined || state !== TCP_LISTEN) return []
    return [{ inode, address: { kind: 'tcp', host: ipFromHex(ip, order), port: Number.parseInt(port, 16) } }]
  })
}

/** Rows of `/proc/net/unix` that are stream sockets, listen and have a path. */
export function parseUnixTable(text: string): Row[] {
  return text.split('\n').flatMap((line): Row[] => {
    const row = /^\S+: \S+ \S+ (\S+) (\S+) \S+ +(\d+) (\/.*)$/.exec(line)
    const [, flags = '', type, inode = '', path = ''] = row ?? []
    const listens = (Number.parseInt(flags, 16) & ACCEPTS_CONNECTIONS) !== 0
    return listens && type === STREAM ? [{ inode, address: { kind: 'unix', path } }] : []
  })
}

/** `TCP_LISTEN` in the kernel's `tcp_states.h`. */
const TCP_LISTEN = '0A'
/** `__SO_ACCEPTCON` in the kernel's `net.h`. */
const ACCEPTS_CONNECTIONS = 0x10000
const STREAM = '0001'

const TABLES: readonly { table: string; parse: (text: string) => Row[] }[] = [
  { table: 'tcp', parse: (text) => parseTcpTable(text) },
  { table: 'tcp6', parse: (text) => parseTcpTable(text) },
  { table: 'unix', parse: parseUnixTable },
]

function ipFromHex(hex: string, order: 'LE' | 'BE'): string {
  const bytes = Buffer.from(hex, 'hex')
  if (order === 'LE') bytes.swap32()
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16))
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}

function link(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return '' // not open, or no /proc: not Linux
  }
}

function read(table: string): string {
  try {
    return readFileSync(`/proc/self/net/${table}`, 'utf8')
  } catch {
    return '' // no IPv6, or a sandbox without /proc: names still match
  }
}
