import { backendPath } from '../../admin/http/parse-path.ts'
import type { BackendSnapshot } from '../../core/snapshot.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'
import { findBackend } from './find-backend.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import type { Status } from './status-view.ts'

const DEFAULT_REMOVE_WAIT_MS = 30_000

export const weightCommand: OperateCommand = {
  name: 'weight',
  words: '<backend> <0-256>',
  least: 2,
  most: 2,
  summary: 'Change the share that a backend gets; 0 = nothing new',
  flags: [],
  run: weigh,
}

export const addCommand: OperateCommand = {
  name: 'add',
  words: '<backend..>',
  least: 1,
  most: Infinity,
  summary: 'Add backends, written as anywhere: c=host:3003@5',
  flags: [{ flag: 'pool', kind: 'text', value: '<name>', text: 'To this pool; default the first' }],
  notes: ['They are gone after a restart: the configuration is not written.'],
  run: add,
}

export const removeCommand: OperateCommand = {
  name: 'remove',
  words: '<backend..>',
  least: 1,
  most: Infinity,
  summary: 'Take backends out; open sessions live on unless told otherwise',
  flags: [
    { flag: 'wait', kind: 'switch', text: 'Drain first, and remove when no session is open any more' },
    { flag: 'timeout', kind: 'duration', value: '<time>', text: 'For --wait: no longer than that [30s]' },
    { flag: 'close', kind: 'switch', text: 'Reset the sessions that are still open' },
  ],
  run: remove,
}

async function weigh({ client, context, words }: OperateCall): Promise<number> {
  const [name = '', text = ''] = words
  const weight = /^\d+$/.test(text) ? Number(text) : NaN
  if (!(weight <= 256))
    throw new UsageError([`${JSON.stringify(text)} is no weight: give a whole number from 0 to 256`])
  const { pool, backend } = findBackend(await client.ask<Status>('/api/v1/status'), name)
  await client.ask(backendPath(pool, backend.id), { method: 'PATCH', body: { weight } })
  context.print(`${backend.id} has weight ${weight}, was ${backend.weight}\n`)
  return EXIT_OK
}

async function add({ client, context, words, text }: OperateCall): Promise<number> {
  const { pools } = await client.ask<Status>('/api/v1/status')
  const name = text('pool') ?? pools[0]?.name ?? ''
  const path = `/api/v1/pools/${encodeURIComponent(name)}/backends`
  for (const word of words) {
    const { id, address } = await client.ask<BackendSnapshot>(path, {
      method: 'POST',
      body: { address: word },
    })
    context.print(`${id} is added to pool ${name}${id === address ? '' : ` at ${address}`}\n`)
  }
  return EXIT_OK
}

async function remove({ client, context, words, has, number }: OperateCall): Promise<number> {
  const status = await client.ask<Status>('/api/v1/status')
  const found = words.map((word) => findBackend(status, word))
  const waitsMs = has('wait') ? (number('timeout') ?? DEFAULT_REMOVE_WAIT_MS) : 0
  const query = new URLSearchParams({
    ...(waitsMs > 0 ? { wait: `${waitsMs}ms` } : {}),
    ...(has('close') ? { close: 'true' } : {}),
  })
  for (const { pool, backend } of found) {
    const asked = query.size === 0 ? '' : `?${query.toString()}`
    const { closed } = await client.ask<{ closed: number }>(`${backendPath(pool, backend.id)}${asked}`, {
      method: 'DELETE',
      waitsMs,
    })
    context.print(`${backend.id} is removed${closed > 0 ? `; sessions reset: ${closed}` : ''}\n`)
  }
  return EXIT_OK
}
