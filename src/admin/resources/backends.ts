import * as z from 'zod'
import type { BackendOptions } from '../../config/options.ts'
import { parseBackend } from '../../config/resolve.ts'
import type { ControlPort } from '../../control/port.ts'
import { formatAddress } from '../../core/address.ts'
import type { PoolSnapshot } from '../../core/snapshot.ts'
import { ApiError } from '../api-error.ts'
import { backendList } from '../backend-list.ts'
import { taggedJson, taggedSteps } from '../http/answers.ts'
import { duration, flag } from '../http/parameters.ts'
import { backendPath } from '../http/parse-path.ts'
import { JsonPart } from '../http/pieces.ts'
import type { Answer, Call } from '../http/route.ts'
import { route } from '../http/route.ts'
import { backend, mode, named } from '../schemas.ts'
import { BackendWatch } from './backend-watch.ts'
import { assertPool, controlId, findBackend, findPool } from './find.ts'

const PATH = '/api/v1/pools/{pool}/backends/{backend}'
const LONGEST_WAIT_MS = 3_600_000
const MOST_CONNECTIONS = 1_000_000

const weight = z.int().min(0).max(256).describe('0 takes no new sessions.')
const maxConnections = z.int().min(0).max(MOST_CONNECTIONS).describe('0 = unlimited.')

const newBackend = z
  .strictObject({
    address: z
      .union([z.int(), z.string()])
      .describe('As on the command line: `3001`, `"host:3001"`, `"b=host:3001@5"`, `"unix:/run/app.sock"`.'),
    id: z.string().describe('Default: the address.').optional(),
    weight: weight.optional(),
    backup: z.boolean().optional(),
    maxConnections: maxConnections.optional(),
  })
  .register(named, { id: 'NewBackend' }) satisfies z.ZodType<BackendOptions>

const backendChange = z
  .strictObject({
    mode: mode.optional(),
    weight: weight.optional(),
    maxConnections: maxConnections.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'give mode, weight or maxConnections')
  .register(named, { id: 'BackendChange' })

const removal = z
  .object({
    removed: z.literal(true),
    idle: z.boolean().describe('Whether no session was open on it any more.'),
    closed: z.int().describe('Sessions that were reset.'),
  })
  .register(named, { id: 'Removal' })

export const backendRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/pools/{pool}/backends',
    id: 'listBackendsOfPool',
    tag: 'backends',
    summary: 'The backends of a pool',
    answers: { 200: { description: 'The backends.', schema: z.object({ backends: z.array(backend) }) } },
    handle: ({ control, path }) => {
      assertPool(control, path)
      return taggedSteps(control.version, function* () {
        const { backends } = findPool(yield* control.passingSnapshot(), path)
        return { backends: new JsonPart(() => backendList([{ backends }])) }
      })
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/pools/{pool}/backends',
    id: 'addBackend',
    tag: 'backends',
    summary: 'Add a backend',
    description:
      'Its first check runs at once. It is gone after a restart: the configuration is not written.',
    matches: true,
    body: newBackend,
    answers: {
      201: { description: 'It was added; `Location` says where it is.', schema: backend },
      409: { description: 'The pool has one of that id or address already.' },
    },
    handle: ({ control, path, body }) => {
      const pool = findPool(control.snapshot(), path)
      assertNew(body, pool)
      const id = control.addBackend(body, { pool: pool.name })
      const added = findBackend(control.snapshot(), { pool: pool.name, backend: id })
      const answer = taggedJson(control.version, added, 201)
      return { ...answer, headers: { ...answer.headers, Location: backendPath(pool.name, id) } }
    },
  }),
  route({
    method: 'GET',
    path: PATH,
    id: 'getBackend',
    tag: 'backends',
    summary: 'One backend',
    answers: { 200: { description: 'The backend.', schema: backend } },
    handle: ({ control, path }) => taggedJson(control.version, findBackend(control.snapshot(), path)),
  }),
  route({
    method: 'PATCH',
    path: PATH,
    id: 'changeBackend',
    tag: 'backends',
    summary: 'Change its mode, weight or connection limit',
    description: 'All that is given is changed at once. Changes survive a reload that does not touch them.',
    matches: true,
    body: backendChange,
    answers: { 200: { description: 'The backend as it is now.', schema: backend } },
    handle: ({ control, path, body }) => {
      findBackend(control.snapshot(), path)
      const id = controlId(path)
      // Weight and limit first: a backend that becomes ready takes its share at once.
      if (body.weight !== undefined) control.setWeight(id, body.weight)
      if (body.maxConnections !== undefined) control.setMaxConnections(id, body.maxConnections)
      if (body.mode !== undefined) control.setMode(id, body.mode)
      return taggedJson(control.version, findBackend(control.snapshot(), path))
    },
  }),
  route({
    method: 'DELETE',
    path: PATH,
    id: 'removeBackend',
    tag: 'backends',
    summary: 'Remove a backend, after it was drained if asked for',
    description:
      'Without `wait` it goes at once and its open sessions live on. With `wait` it is drained first (mode ' +
      '`drain`), and goes when its last session has ended. If sessions are still open when the time is up, it is ' +
      'removed and they are reset where `close` says so; else it stays, draining, and the answer is 409. Whoever ' +
      'hangs up while it waits leaves it draining. If somebody else sets its mode meanwhile, or puts another backend ' +
      'in its place, that one stays as it is, and the answer is 409 at once; 404 where it was removed.',
    matches: true,
    query: {
      wait: duration('How long its sessions may take to end; 0 = no wait.', { mostMs: LONGEST_WAIT_MS }),
      close: flag('Reset the sessions that are still open.'),
    },
    answers: {
      200: { description: 'It is gone.', schema: removal },
      409: {
        description:
          'Sessions were still open when the time was up: it stays, draining. Or somebody else decided about it.',
      },
    },
    handle: remove,
  }),
]

/** @throws {ApiError} 409; {ConfigError} where it cannot be read */
function assertNew(options: BackendOptions, { name, backends }: PoolSnapshot): void {
  const { id, address } = parseBackend(options)
  const known = backends.find((one) => one.id === id || one.address === formatAddress(address))
  if (known === undefined) return
  throw new ApiError(409, {
    code: 'BACKEND_EXISTS',
    message: `${known.id} (${known.address}) is in pool ${name} already`,
  })
}

type RemoveCall = Call<{
  wait: ReturnType<typeof duration>
  close: ReturnType<typeof flag>
}>

async function remove(call: RemoveCall): Promise<Answer> {
  const { control, path, query } = call
  const { wait = 0, close = false } = query
  const before = findBackend(control.snapshot(), path)
  if (wait === 0) return removeNow(control, path, close)
  if (before.mode === 'ready') control.setMode(controlId(path), 'drain')
  const watch = new BackendWatch(control, path)
  try {
    await drained(call, watch)
    return removeNow(control, path, close)
  } finally {
    watch.stop()
  }
}

/** @throws {ApiError} where it is not to be removed any more */
async function drained({ control, path, query, gone }: RemoveCall, { signal }: BackendWatch): Promise<void> {
  const left = gone()
  const isIdle = await control.whenIdle(controlId(path), {
    timeoutMs: query.wait ?? 0,
    signal: AbortSignal.any([left, signal]),
  })
  const { active } = findBackend(control.snapshot(), path)
  if (signal.aborted) throw meddled()
  // Whoever has left hears no answer: `close` was meant for when the time is up, which it is not.
  if (left.aborted || (!isIdle && query.close !== true)) throw stillBusy(active)
}

function removeNow(control: ControlPort, path: RemoveCall['path'], close: boolean): Answer {
  const { active } = findBackend(control.snapshot(), path)
  control.removeBackend(controlId(path), { close })
  return taggedJson(control.version, { removed: true, idle: active === 0, closed: close ? active : 0 })
}

function stillBusy(active: number): ApiError {
  return new ApiError(409, {
    code: 'STILL_BUSY',
    message: `${active} sessions are still open: it stays, draining; ask again, or with close=true to reset them`,
  })
}

function meddled(): ApiError {
  return new ApiError(409, {
    code: 'CHANGED_MEANWHILE',
    message: 'while it was drained, somebody set its mode or put another in its place: that one stays',
  })
}
