import * as z from 'zod'
import type { ControlPort } from '../../control/port.ts'
import { FaultsOffError } from '../../core/errors.ts'
import type { FaultSpec } from '../../faults/fault-spec.ts'
import type { Faults } from '../../faults/faults.ts'
import { ApiError, notFound } from '../api-error.ts'
import { route } from '../http/route.ts'
import { named } from '../schemas.ts'

const OFF = 'Answered 404 unless faults were switched on at the start (`--faults`).'

const TYPES = [
  'refuse',
  'connect_timeout',
  'latency',
  'bandwidth',
  'slow_close',
  'timeout',
  'reset_peer',
  'slicer',
  'limit_data',
  'half_close',
  'corrupt',
  'health',
] as const satisfies readonly FaultSpec['type'][]

const ms = z.number().min(0)
const bytes = z.int().min(0)

/** What each type needs and allows is checked where faults are read, which says it in better words. */
const newFault = z
  .strictObject({
    type: z.enum(TYPES),
    name: z.string().describe('Default: the type and a number.').optional(),
    pool: z.string().optional(),
    backend: z.string().describe('Its id, or `pool/id`.').optional(),
    listener: z.string().optional(),
    client: z.string().describe("The client's IP address.").optional(),
    session: z.int().optional(),
    on: z.enum(['backend', 'client']).describe('On which connection of a session it sits.').optional(),
    direction: z.enum(['upstream', 'downstream', 'both']).optional(),
    toxicity: z.number().min(0).max(1).describe('Share of the sessions.').optional(),
    times: z.int().min(1).describe('Strikes so often, then no more.').optional(),
    latencyMs: ms.optional(),
    jitterMs: ms.optional(),
    bytesPerSecond: bytes.optional(),
    delayMs: ms.optional(),
    timeoutMs: ms.optional(),
    afterMs: ms.optional(),
    afterBytes: bytes.optional(),
    averageSize: bytes.optional(),
    sizeVariation: bytes.optional(),
    bytes: bytes.optional(),
    probability: z.number().min(0).max(1).optional(),
    allowCorruption: z.literal(true).optional(),
    ok: z.boolean().optional(),
    code: z.string().optional(),
    text: z.string().optional(),
  })
  .register(named, { id: 'NewFault' })

const fault = z
  .looseObject({ name: z.string(), type: z.enum(TYPES), hits: z.int(), isSpent: z.boolean() })
  .describe('The fault as it was asked for, defaults in place, and how often it struck.')
  .register(named, { id: 'Fault' })

export const faultRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/faults',
    id: 'listFaults',
    tag: 'faults',
    summary: 'The faults in force, oldest first',
    description: OFF,
    answers: { 200: { description: 'The faults.', schema: z.object({ faults: z.array(fault) }) } },
    handle: ({ control }) => ({ json: { faults: faultsOf(control).list() } }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/faults',
    id: 'addFault',
    tag: 'faults',
    summary: 'Break something on purpose',
    description: `In force from now on, for open connections too. ${OFF}`,
    body: newFault,
    answers: { 201: { description: 'It is in force.', schema: fault } },
    handle: ({ control, body }) => {
      const added = faultsOf(control).add(body as FaultSpec)
      return { status: 201, headers: { Location: `/api/v1/faults/${added.name}` }, json: added }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/faults/{fault}',
    id: 'getFault',
    tag: 'faults',
    summary: 'One fault',
    description: OFF,
    answers: { 200: { description: 'The fault.', schema: fault } },
    handle: ({ control, path }) => ({ json: find(control, path) }),
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/faults/{fault}',
    id: 'removeFault',
    tag: 'faults',
    summary: 'Remove a fault',
    description: `What it holds back flows on, in order. ${OFF}`,
    answers: { 200: { description: 'The fault as it was at its end.', schema: fault } },
    handle: ({ control, path }) => {
      const found = find(control, path)
      found.remove()
      return { json: found }
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/faults',
    id: 'removeFaults',
    tag: 'faults',
    summary: 'Remove all faults',
    description: OFF,
    answers: { 200: { description: 'How many.', schema: z.object({ removed: z.int() }) } },
    handle: ({ control }) => ({ json: { removed: faultsOf(control).clear() } }),
  }),
]

function find(control: ControlPort, path: Readonly<Record<string, string>>): ReturnType<Faults['add']> {
  const found = faultsOf(control).get(path['fault'] ?? '')
  if (found === undefined) throw notFound('no fault of that name is in force')
  return found
}

function faultsOf(control: ControlPort): Faults {
  try {
    return control.faults
  } catch (error) {
    if (!(error instanceof FaultsOffError)) throw error
    throw new ApiError(404, { code: 'FAULTS_OFF', message: error.message })
  }
}
