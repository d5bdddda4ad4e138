import { isIP } from 'node:net'
import * as z from 'zod'
import { formatAddress } from '../core/address.ts'
import type { Address } from '../core/address.ts'
import { isHost } from '../wire/host.ts'
import type { AdminOptions } from './file-options.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { SEE_BRANCH } from './issues.ts'
import { leaf } from './leaf.ts'
import { parseListen } from './parse-listen.ts'
import { readSecret } from './read-files.ts'
import type { AdminConfig } from './schema.ts'
import { strict } from './strict.ts'

const DEFAULT_PORT = 8090
/** Shorter ones are guessed. */
const SHORTEST_TOKEN = 8

const listen = leaf((error) => z.union([z.number(), z.string()], { error }), readListen).meta({
  description: 'A port of 127.0.0.1, or where else to listen',
  fallback: DEFAULT_PORT,
})

const adminObject = strict(
  {
    listen: listen.optional(),
    token: leaf((error) => z.string({ error }), readToken)
      .meta({ description: 'What callers must show. Better kept in a file: tokenFile' })
      .optional(),
    tokenFile: leaf((error) => z.string({ error }), readTokenFile)
      .meta({ description: 'File that holds the token' })
      .optional(),
    hosts: leaf((error) => z.union([z.string(), z.array(z.string()).readonly()], { error }), readHosts)
      .meta({ description: 'Names, beside IP addresses and localhost, by which it may be called' })
      .optional(),
  },
  { what: 'an option of admin', expected: 'a port, an address or an object', list: true },
).transform((given, context) => {
  if (given.token !== undefined && given.tokenFile !== undefined) {
    const message = 'stands beside token: give one of them'
    context.addIssue({ code: 'custom', path: ['tokenFile'], message, input: given })
  }
  const address = given.listen ?? readListen(DEFAULT_PORT)
  return { address, token: given.token ?? given.tokenFile, hosts: given.hosts ?? [] }
})

/** Where operators look in. */
export const adminSchema: z.ZodType<AdminConfig, number | string | AdminOptions> = z
  .union([listen.transform((address) => ({ address, token: undefined, hosts: [] })), adminObject], {
    error: () => SEE_BRANCH,
  })
  .transform((admin: AdminConfig, context): AdminConfig => {
    if (admin.token === undefined && !isPrivate(admin.address)) {
      const message =
        `${formatAddress(admin.address)} is open to others than this machine, and there is no token: ` +
        'set tokenFile, or listen on 127.0.0.1'
      context.addIssue({ code: 'custom', message, input: admin })
    }
    return admin
  })

/** Who reaches it is on this machine. */
function isPrivate(address: Address): boolean {
  return address.kind === 'unix' || /^(?:localhost|::1|127(?:\.\d+){3})$/.test(address.host)
}

function readListen(value: unknown): Address {
  if (typeof value !== 'number' && typeof value !== 'string') {
    throw new InvalidValueError(`must be a port or an address, not ${quote(value)}`)
  }
  // What is inside is for this machine, unless somebody says otherwise.
  return parseListen(/^\d+$/.test(String(value).trim()) ? `127.0.0.1:${String(value).trim()}` : value)
}

function readToken(value: unknown): string {
  // Never quoted: it is a secret.
  if (typeof value !== 'string') throw new InvalidValueError('must be a text')
  return checkedToken(value)
}

function readTokenFile(value: unknown): string {
  if (typeof value !== 'string')
    throw new InvalidValueError(`must be the path of a file, not ${quote(value)}`)
  return checkedToken(readSecret(value))
}

function checkedToken(token: string): string {
  if (token.length < SHORTEST_TOKEN) {
    throw new InvalidValueError(`is too short to be a secret: at least ${SHORTEST_TOKEN} characters`)
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new InvalidValueError('holds a space or a character that cannot stand in a header')
  }
  return token
}

function readHosts(value: unknown): readonly string[] {
  const given: unknown[] = Array.isArray(value) ? value : [value]
  return given
    .flatMap((entry) => (typeof entry === 'string' ? entry.split(',') : [entry]))
    .map((entry) => {
      const name = typeof entry === 'string' ? entry.trim().toLowerCase() : ''
      if (isHost(name) && !/[:[\]*]/.test(name) && isIP(name) === 0) return name
      throw new InvalidValueError(`must be names such as lb.example.org, without a port, not ${quote(entry)}`)
    })
}
