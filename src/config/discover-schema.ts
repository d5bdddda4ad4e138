import { isIP, isIPv4, isIPv6 } from 'node:net'
import * as z from 'zod'
import { InvalidValueError, quote } from './invalid-value.ts'
import { leaf } from './leaf.ts'
import { MOST_MS } from './limits.ts'
import type { Duration } from './options.ts'
import type { DiscoverOptions } from './file-options.ts'
import { parseBackendAddress } from './parse-backend.ts'
import { parseHostPort } from './parse-host-port.ts'
import { splitScheme } from './parse-listen.ts'
import type { DiscoveryConfig } from './schema.ts'
import { valueSchema } from './setting-schema.ts'
import { strict } from './strict.ts'

/** Where backends come from, and how they are spoken to. */
export interface Discovery {
  readonly config: DiscoveryConfig
  /** Given as `http://` or `https://`; undefined: the file says it of each. */
  readonly isHttp: boolean | undefined
}

const DEFAULT_INTERVAL_MS = 5_000
const DEFAULT_TIMEOUT_MS = 2_000
const DEFAULT_MOST = 1_000

const parts = strict(
  {
    dns: leaf((error) => z.string({ error }), readDns)
      .meta({ description: 'Every address of a name, as app.internal:8080 or http://app.internal:8080' })
      .optional(),
    srv: leaf((error) => z.string({ error }), readSrv)
      .meta({ description: 'SRV records, as _pg._tcp.example.org: hosts, ports, weights and priorities' })
      .optional(),
    file: leaf((error) => z.string({ error }), readPath)
      .meta({ description: 'JSON or YAML file with a list of backends' })
      .optional(),
    interval: valueSchema<number, Duration>({
      kind: 'duration',
      min: 100,
      max: MOST_MS,
      description: 'Time between two looks',
      fallback: '5s',
    }).optional(),
    most: valueSchema<number>({
      kind: 'integer',
      min: 1,
      max: 100_000,
      description: 'More backends than this are refused; the last good answer stays',
      fallback: DEFAULT_MOST,
    }).optional(),
    nameServers: leaf(
      (error) => z.union([z.string(), z.array(z.string()).readonly()], { error }),
      readNameServers,
    )
      .meta({ description: "Name servers to ask, as 10.0.0.53 or 10.0.0.53:5353; default the system's" })
      .optional(),
    timeout: valueSchema<number, Duration>({
      kind: 'duration',
      min: 10,
      max: MOST_MS,
      description: 'Time for one query',
      fallback: '2s',
    }).optional(),
  },
  { what: 'an option of discover', expected: 'an object with dns, srv or file', list: true },
)

export const discoverSchema: z.ZodType<Discovery, DiscoverOptions> = parts
  .meta({ oneOf: [{ required: ['dns'] }, { required: ['srv'] }, { required: ['file'] }] })
  .transform((given, context): Discovery => {
    const { dns, srv, file } = given
    const limits = { intervalMs: given.interval ?? DEFAULT_INTERVAL_MS, most: given.most ?? DEFAULT_MOST }
    const asking = { nameServers: given.nameServers ?? [], timeoutMs: given.timeout ?? DEFAULT_TIMEOUT_MS }
    const refuse = (message: string, key?: string): never => {
      context.addIssue({
        code: 'custom',
        message,
        input: given,
        ...(key === undefined ? {} : { path: [key] }),
      })
      return z.NEVER
    }
    const sources = [dns, srv, file].filter((source) => source !== undefined)
    if (sources.length === 0) return refuse("needs one of dns, srv, file: { dns: 'app.internal:8080' }")
    if (sources.length > 1)
      return refuse('has more than one of dns, srv, file: backends come from one of them')
    if (file !== undefined) {
      for (const key of ['nameServers', 'timeout'] as const) {
        if (given[key] !== undefined) return refuse('counts only with dns or srv', key)
      }
      return { config: { kind: 'file', path: file, ...limits }, isHttp: undefined }
    }
    if (dns !== undefined) {
      const { isHttp, ...rest } = dns
      return { config: { kind: 'dns', records: 'addresses', ...rest, ...limits, ...asking }, isHttp }
    }
    const { isHttp, ...rest } = srv as NonNullable<typeof srv>
    return { config: { kind: 'dns', records: 'srv', ...rest, port: 0, ...limits, ...asking }, isHttp }
  })

interface Name {
  readonly name: string
  readonly port: number
  readonly transport: 'plain' | 'tls'
  readonly isHttp: boolean
}

function readDns(value: unknown): Name {
  if (typeof value !== 'string')
    throw new InvalidValueError(`must be a name with a port, not ${quote(value)}`)
  const { address, transport, isHttp } = parseBackendAddress(value.trim())
  if (address.kind === 'unix') throw new InvalidValueError(`${quote(value)} is no name to look up`)
  return { name: address.host, port: address.port, transport, isHttp }
}

function readSrv(value: unknown): Name {
  if (typeof value !== 'string') throw new InvalidValueError(`must be a name, not ${quote(value)}`)
  const { scheme = 'tcp', rest } = splitScheme(value.trim())
  if (!['tcp', 'tls', 'http', 'https'].includes(scheme)) {
    throw new InvalidValueError(`${quote(value)}: write tcp://, tls://, http://, https:// or only the name`)
  }
  if (/:\d+$/.test(rest)) {
    throw new InvalidValueError(`${quote(value)} has a port, but SRV records bring their own: leave it out`)
  }
  const { host } = parseHostPort(rest, { lowest: 1, fallback: 1 })
  const isTls = scheme === 'tls' || scheme === 'https'
  return { name: host, port: 0, transport: isTls ? 'tls' : 'plain', isHttp: scheme.startsWith('http') }
}

function readPath(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && !value.includes('\0')) return value
  throw new InvalidValueError(`must be the path of a file, not ${quote(value)}`)
}

function readNameServers(value: unknown): readonly string[] {
  const given: unknown[] = Array.isArray(value) ? value : [value]
  return given
    .flatMap((entry) => (typeof entry === 'string' ? entry.split(',') : [entry]))
    .map((entry) => {
      const text = typeof entry === 'string' ? entry.trim() : ''
      if (isNameServer(text)) return text
      throw new InvalidValueError(
        `${quote(entry)} is no name server: write 10.0.0.53, 10.0.0.53:5353 or [fd00::53]:53`,
      )
    })
}

/** As strict as Node's resolver, which ends the process at port 0 and tells the rest only when it is asked something. */
function isNameServer(text: string): boolean {
  if (text.includes('%')) return false
  if (isIP(text) !== 0) return true
  const [, six = '', four = '', port = '53'] = /^(?:\[(.+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  return (isIPv6(six) || isIPv4(four)) && Number(port) >= 1 && Number(port) <= 65_535
}
