import * as z from 'zod'
import type { AdminOptions } from './file-options.ts'
import { SEE_BRANCH } from './issues.ts'
import { leaf } from './leaf.ts'
import { DEFAULT_ADMIN_PORT, readAdminListen, readHosts, readToken, readTokenFile } from './read-admin.ts'
import type { AdminConfig } from './schema.ts'
import { strict } from './strict.ts'

const listen = leaf((error) => z.union([z.number(), z.string()], { error }), readAdminListen).meta({
  description: 'A port of 127.0.0.1, or where else to listen',
  fallback: DEFAULT_ADMIN_PORT,
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
  const address = given.listen ?? readAdminListen(DEFAULT_ADMIN_PORT)
  return { address, token: given.token ?? given.tokenFile, hosts: given.hosts ?? [] }
})

/** Where operators look in. */
export const adminSchema: z.ZodType<AdminConfig, number | string | AdminOptions> = z.union(
  [listen.transform((address) => ({ address, token: undefined, hosts: [] })), adminObject],
  {
    error: () => SEE_BRANCH,
  },
)
