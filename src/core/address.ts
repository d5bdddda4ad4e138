/** A place to listen on or to dial over TCP. `host` is a name or an IP without brackets. */
export interface TcpAddress {
  readonly kind: 'tcp'
  readonly host: string
  readonly port: number
  /** The name that led to `host`, where that is an IP: what TLS verifies, and what checks call it. Default: `host`. */
  readonly name?: string | undefined
}

/** A unix domain socket. */
export interface UnixAddress {
  readonly kind: 'unix'
  readonly path: string
}

export type Address = TcpAddress | UnixAddress

/** The one way in which an address is written: `127.0.0.1:3001`, `[::1]:3001`, `unix:/run/app.sock`. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return formatHostPort(address.host, address.port)
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
