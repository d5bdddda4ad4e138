import type { DnsDiscoveryConfig } from '../config/schema.ts'
import { formatHostPort } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import { HostAddresses } from './host-addresses.ts'
import type { NameClient } from './name-client.ts'
import type { Answer, Source } from './source.ts'

export type DnsSourceOptions = Pick<DnsDiscoveryConfig, 'name' | 'port' | 'transport' | 'most'> & {
  readonly client: NameClient
  readonly maxConnections: number
}

/** Every A and AAAA record of a name is a backend, called by its address. */
export class AddressSource implements Source {
  readonly name: string
  readonly #options: DnsSourceOptions
  readonly #host: HostAddresses

  constructor(options: DnsSourceOptions) {
    this.name = `dns ${formatHostPort(options.name, options.port)}`
    this.#options = options
    this.#host = new HostAddresses(options.name)
  }

  async look(signal: AbortSignal): Promise<Answer> {
    const look = this.#options.client.begin(signal)
    try {
      const ttlMs = await this.#host.look(look)
      const { name, port } = this.#options
      const share = { weight: 1, backup: false }
      const backends = this.#host.ips.map((ip) => foundBackend({ ip, port, name }, share, this.#options))
      return { backends, problems: [], ttlMs }
    } finally {
      look.end()
    }
  }
}

/** A backend at an IP address that `name` led to. Its id is the address, so that it stays the same as records come and go. */
export function foundBackend(
  { ip, port, name }: { readonly ip: string; readonly port: number; readonly name: string },
  share: Pick<BackendSpec, 'weight' | 'backup'>,
  { transport, maxConnections }: Pick<DnsSourceOptions, 'transport' | 'maxConnections'>,
): BackendSpec {
  return {
    id: formatHostPort(ip, port),
    address: { kind: 'tcp', host: ip, port, name },
    transport,
    ...share,
    maxConnections,
  }
}
