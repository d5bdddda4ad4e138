import * as z from 'zod'
import { adminSchema } from './admin-schema.ts'
import { backendsSchema, backupSchema } from './backend-schema.ts'
import { discoverSchema } from './discover-schema.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { leaf } from './leaf.ts'
import { named } from './named.ts'
import { parseListen } from './parse-listen.ts'
import { routesSchema } from './route-schema.ts'
import { listenerKeys, poolKeys, settingSchema, settingShape } from './setting-schema.ts'
import { strict } from './strict.ts'

export const listenSchema: z.ZodType<ReturnType<typeof parseListen>, number | string> = leaf(
  (error) => z.union([z.number(), z.string()], { error }),
  (value) => {
    if (typeof value === 'string' || typeof value === 'number') return parseListen(value)
    if (value === undefined) throw new InvalidValueError("is missing: give 8080 or '127.0.0.1:8080'")
    throw new InvalidValueError(`must be a port or an address, not ${quote(value)}`)
  },
)

/** What a pool holds beside its settings. */
export const poolSchema = strict(
  {
    ...settingShape(poolKeys),
    backends: backendsSchema.meta({ description: 'Ports, addresses or objects' }).optional(),
    backup: backupSchema.meta({ description: 'Backends that serve only while no other can' }).optional(),
    discover: discoverSchema.meta({ description: 'Backends out of DNS or a file' }).optional(),
  },
  {
    what: 'an option of a pool',
    expected: 'an object with backends',
    elsewhere: Object.fromEntries(listenerKeys.map((key) => [key, 'belongs to a listener, not to a pool'])),
  },
)

const listenerSchema = strict(
  {
    listen: listenSchema.meta({ description: '8080 (all interfaces), 127.0.0.1:8080, unix:/run/lb.sock' }),
    pool: z
      .string({ error: ({ input }) => `must be the name of a pool, not ${quote(input)}` })
      .meta({ description: 'Where sessions go; beside routes: all the rest' })
      .optional(),
    routes: routesSchema
      .meta({ description: 'HTTP mode: which requests go to which pool, in any order' })
      .optional(),
    ...settingShape(listenerKeys),
  },
  {
    what: 'an option of a listener',
    expected: 'an object with listen and pool',
    elsewhere: Object.fromEntries(
      [...poolKeys, 'backends', 'backup', 'discover'].map((key) => [
        key,
        'belongs to a pool, not to a listener',
      ]),
    ),
  },
)

const text = (what: string): z.ZodType<string, string> =>
  leaf(
    (error) => z.string({ error }),
    (value) => {
      if (typeof value === 'string' && value.trim() !== '' && !value.includes('\0')) return value
      throw new InvalidValueError(`must be ${what}, not ${quote(value)}`)
    },
  )

/** The whole file. The types, the messages and the JSON Schema of a configuration are all this one's. */
export const fileSchema = strict(
  {
    $schema: text('the address of a schema')
      .meta({ description: 'For editors; means nothing here' })
      .optional(),
    defaults: strict(
      { ...settingShape(listenerKeys), ...settingShape(poolKeys) },
      { what: 'a setting of pools or listeners', expected: 'an object with settings' },
    )
      .meta({ description: 'Settings of pools and listeners that say nothing else' })
      .optional(),
    listeners: named(listenerSchema, {
      what: 'a listener',
      example: "{ web: { listen: 8080, pool: 'web' } }",
    }).meta({
      description: 'Where sessions come from, by name',
    }),
    pools: named(poolSchema, { what: 'a pool', example: '{ web: { backends: [3001] } }' }).meta({
      description: 'Where sessions go, by name',
    }),
    admin: adminSchema.meta({ description: 'Admin API, dashboard and metrics' }).optional(),
    log: strict(
      {
        level: settingSchema('logLevel').optional(),
        format: settingSchema('logFormat').optional(),
        sessions: settingSchema('sessionLog').optional(),
        access: settingSchema('accessLog').optional(),
      },
      { what: 'an option of log', expected: 'an object', list: true },
    ).optional(),
    shutdown: strict(
      {
        timeout: settingSchema('shutdownTimeout').optional(),
        delay: settingSchema('shutdownDelay').optional(),
      },
      { what: 'an option of shutdown', expected: 'an object', list: true },
    ).optional(),
    pidFile: settingSchema('pidFile').optional(),
    io: settingSchema('io').optional(),
    faults: settingSchema('faults').optional(),
  },
  { what: 'an option', expected: 'an object with listeners and pools', list: true },
)

/** A file, read. */
export type ParsedFile = z.output<typeof fileSchema>
