import { backendPath } from '../../admin/http/parse-path.ts'
import type { BackendSnapshot } from '../../core/snapshot.ts'
import { humanMs } from '../../log/human.ts'
import { EXIT_NO, EXIT_OK } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'
import { findBackend, type FoundBackend } from './find-backend.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { outlineOf } from './outlines.ts'
import { RefusedError } from './admin-errors.ts'
import { askStatus } from './ask-status.ts'
import { timeoutNeedsWait } from './timeout-needs-wait.ts'

const DEFAULT_REMOVE_WAIT_MS = 30_000

export const weightCommand: OperateCommand = {
  ...outlineOf('weight'),
  least: 2,
  most: 2,
  flags: [],
  run: weigh,
}

export const addCommand: OperateCommand = {
  ...outlineOf('add'),
  least: 1,
  most: Infinity,
  flags: [{ flag: 'pool', kind: 'text', value: '<name>', text: 'To this pool; default the first' }],
  notes: ['They are gone after a restart: the configuration is not written.'],
  run: add,
}

export const removeCommand: OperateCommand = {
  ...outlineOf('remove'),
  least: 1,
  most: Infinity,
  flags: [
    { flag: 'wait', kind: 'switch', text: 'Drain first, and remove when no session is open any more' },
    {
      flag: 'timeout',
      kind: 'duration',
      value: '<time>',
      text: 'Wait no longer than that, at most 1h [30s]',
    },
    { flag: 'close', kind: 'switch', text: 'Reset the sessions that are still open' },
  ],
  notes: ['Exit code 3 where sessions were still open when the time was up: it stays, draining.'],
  check: timeoutNeedsWait,
  run: remove,
}

async function weigh({ client, context, words }: OperateCall): Promise<number> {
  const [name = '', text = ''] = words
  const weight = /^\d+$/.test(text) ? Number(text) : NaN
  if (!(weight <= 256))
    throw new UsageError([`${JSON.stringify(text)} is no weight: give a whole number from 0 to 256`])
  const { pool, backend, shown } = findBackend(await askStatus(client), name)
  await client.ask(backendPath(pool, backend.id), { method: 'PATCH', body: { weight } })
  context.print(`${shown} has weight ${weight}, was ${backend.weight}\n`)
  return EXIT_OK
}

async function add({ client, context, words, text }: OperateCall): Promise<number> {
  const { pools } = await askStatus(client)
  const name = text('pool') ?? pools[0]?.name ?? ''
  if (!pools.some((pool) => pool.name === name)) {
    const names = pools.map((pool) => pool.name).join(', ')
    throw new UsageError([`--pool: no pool ${JSON.stringify(name)}; there are ${names || 'none'}`])
  }
  for (const word of words.flatMap((each) => each.split(','))) {
    const { id, address } = await client.ask<BackendSnapshot>(`/api/v1/pools/${name}/backends`, {
      method: 'POST',
      body: { address: word },
    })
    context.print(`${id} is added to pool ${name}${id === address ? '' : ` at ${address}`}\n`)
  }
  return EXIT_OK
}

async function remove(call: OperateCall): Promise<number> {
  const { client, words, has, number } = call
  const status = await askStatus(client)
  const found = words.map((word) => findBackend(status, word))
  const waitsMs = has('wait') ? (number('timeout') ?? DEFAULT_REMOVE_WAIT_MS) : 0
  const query = new URLSearchParams({
    ...(waitsMs > 0 ? { wait: `${waitsMs}ms` } : {}),
    ...(has('close') ? { close: 'true' } : {}),
  })
  const asked = query.size === 0 ? '' : `?${query.toString()}`
  // At once: who waits for several waits no longer than for one.
  const gone = await Promise.all(found.map((each) => removeOne(call, each, { asked, waitsMs })))
  return gone.every(Boolean) ? EXIT_OK : EXIT_NO
}

/** False where it stays, since its sessions do not end. */
async function removeOne(
  { client, context }: OperateCall,
  { pool, backend, shown }: FoundBackend,
  { asked, waitsMs }: { readonly asked: string; readonly waitsMs: number },
): Promise<boolean> {
  const path = `${backendPath(pool, backend.id)}${asked}`
  try {
    const { closed, idle } = await client.ask<Removal>(path, { method: 'DELETE', waitsMs })
    context.print(`${shown} is removed${afterwards(closed, idle)}\n`)
    return true
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== 'FAIRLEAD_STILL_BUSY') throw error
    const { active } = await client.ask<BackendSnapshot>(backendPath(pool, backend.id))
    context.print(
      `${shown} still has ${active} open, after ${humanMs(waitsMs)}: it stays, draining; --close resets them\n`,
    )
    return false
  }
}

interface Removal {
  readonly closed: number
  readonly idle: boolean
}

function afterwards(closed: number, idle: boolean): string {
  if (closed > 0) return `; sessions reset: ${closed}`
  return idle ? '' : '; its open sessions live on'
}
