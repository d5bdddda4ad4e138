import { backendPath } from '../../admin/http/parse-path.ts'
import type { BackendMode } from '../../core/backend.ts'
import type { BackendSnapshot } from '../../core/snapshot.ts'
import { humanMs } from '../../log/human.ts'
import { EXIT_NO, EXIT_OK } from '../exit-codes.ts'
import { findBackend, type FoundBackend } from './find-backend.ts'
import type { OperateCall, OperateCommand, OperateFlag } from './operate-command.ts'
import type { Status } from './status-view.ts'

const LOOK_MS = 250

const WAIT_FLAGS: readonly OperateFlag[] = [
  { flag: 'wait', kind: 'switch', text: 'Wait until no session is open on it' },
  { flag: 'timeout', kind: 'duration', value: '<time>', text: 'Wait no longer than that; then exit code 3' },
]

export const drainCommand = modeCommand('drain', 'No new clients; open sessions live on, checks go on')
export const maintCommand = modeCommand('maint', 'No clients and no checks')
export const readyCommand = modeCommand('ready', 'Back to work')

function modeCommand(mode: BackendMode, summary: string): OperateCommand {
  return {
    name: mode,
    words: '<backend..>',
    least: 1,
    most: Infinity,
    summary,
    flags: mode === 'ready' ? [] : WAIT_FLAGS,
    run: (call) => setMode(call, mode),
  }
}

async function setMode(call: OperateCall, mode: BackendMode): Promise<number> {
  const { client, context, words, has } = call
  const status = await client.ask<Status>('/api/v1/status')
  // All are found before any is changed.
  const found = words.map((word) => findBackend(status, word))
  for (const { pool, backend } of found) {
    await client.ask(backendPath(pool, backend.id), { method: 'PATCH', body: { mode } })
    context.print(`${backend.id} is ${mode === backend.mode ? 'still' : 'now'} ${mode}\n`)
  }
  if (!has('wait')) return EXIT_OK
  const startedAt = performance.now()
  const deadline = startedAt + (call.number('timeout') ?? Infinity)
  for (const each of found) if (!(await becomesIdle(call, each, { startedAt, deadline }))) return EXIT_NO
  return EXIT_OK
}

async function becomesIdle(
  { client, context }: OperateCall,
  { pool, backend: { id } }: FoundBackend,
  time: { readonly startedAt: number; readonly deadline: number },
): Promise<boolean> {
  for (;;) {
    const { active } = await client.ask<BackendSnapshot>(backendPath(pool, id))
    const waited = humanMs(performance.now() - time.startedAt)
    if (active === 0) {
      context.print(`${clearLine(context)}${id} has no open sessions, after ${waited}\n`)
      return true
    }
    if (performance.now() >= time.deadline) {
      context.print(`${clearLine(context)}${id} still has ${active} open, after ${waited}\n`)
      return false
    }
    if (context.stdoutIsTerminal) context.print(`${clearLine(context)}${id}: ${active} open, ${waited}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

function clearLine({ stdoutIsTerminal }: OperateCall['context']): string {
  return stdoutIsTerminal ? '\r\x1b[K' : ''
}
