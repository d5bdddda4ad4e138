import type { LookupFunction, TcpNetConnectOpts } from 'node:net'
import { connect, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import type { Address } from '../core/address.ts'
import type { BackendTransport } from '../core/backend.ts'
import type { Probe } from '../core/probe.ts'
import type { Attempt, Report } from './attempt.ts'
import { runAttempt } from './attempt.ts'

export interface TcpProbeOptions {
  /** `tls` shakes hands too, and verifies the backend by its host name. Default `plain`. */
  readonly transport?: BackendTransport
  /** More for `tls.connect`, such as `ca`. */
  readonly tls?: ConnectionOptions
  /** How host names become addresses. Default: by the system, anew each time. */
  readonly lookup?: LookupFunction
}

/**
 * A probe that dials: it passes once the backend has accepted (`L4OK`) and, over TLS, shaken hands (`L6OK`).
 * It sends nothing of its own and closes at once. All addresses of a host name are tried within one attempt.
 */
export function tcpProbe(options: TcpProbeOptions = {}): Probe {
  return (address, signal) =>
    runAttempt(signal, (report) =>
      options.transport === 'tls' ? shakeHands(address, report, options) : dial(address, report, options),
    )
}

/** The address as `net.connect` and `tls.connect` want it. */
export function socketOptions(
  address: Address,
  { lookup }: Pick<TcpProbeOptions, 'lookup'>,
): { readonly path: string } | TcpNetConnectOpts {
  if (address.kind === 'unix') return { path: address.path }
  const { host, port } = address
  return { host, port, ...(lookup === undefined ? {} : { lookup }) }
}

/** SNI for a host that has a name. RFC 6066 section 3 allows no IP address there: `''` sends none. */
export function serverName(address: Address): { readonly servername: string } {
  const name = address.kind === 'unix' ? '' : (address.name ?? address.host)
  return { servername: isIP(name) === 0 ? name : '' }
}

function dial(address: Address, report: Report, options: TcpProbeOptions): Attempt {
  const socket = connect(socketOptions(address, options))
  socket.on('error', (error) => report.error('L4CON', error))
  socket.on('connect', () => report.result({ ok: true, code: 'L4OK', text: 'connected' }))
  return {
    connection: socket,
    timeout: () => ({ code: 'L4TOUT', text: 'no connection in time' }),
  }
}

function shakeHands(address: Address, report: Report, options: TcpProbeOptions): Attempt {
  let isConnected = false
  const socket = connectTls({
    ...socketOptions(address, options),
    ...serverName(address),
    ...options.tls,
  })
  socket.on('error', (error) => report.error(isConnected ? 'L6RSP' : 'L4CON', error))
  socket.on('connect', () => {
    isConnected = true
  })
  socket.on('secureConnect', () =>
    report.result({ ok: true, code: 'L6OK', text: socket.getProtocol() ?? 'TLS' }),
  )
  return {
    connection: socket,
    timeout: () =>
      isConnected
        ? { code: 'L6TOUT', text: 'no TLS handshake in time' }
        : { code: 'L4TOUT', text: 'no connection in time' },
  }
}
