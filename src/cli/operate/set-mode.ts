import { backendPath } from '../../admin/http/parse-path.ts'
import type { BackendMode } from '../../core/backend.ts'
import type { BackendSnapshot } from '../../core/snapshot.ts'
import { humanMs } from '../../log/human.ts'
import { EXIT_NO, EXIT_OK } from '../exit-codes.ts'
import { hasCursor } from '../has-cursor.ts'
import { RefusedError } from './admin-errors.ts'
import { askStatus } from './ask-status.ts'
import { findBackend, type FoundBackend } from './find-backend.ts'
import type { OperateCall, OperateCommand, OperateFlag } from './operate-command.ts'
import { outlineOf } from './outlines.ts'
import { StopRequest } from './stop-request.ts'
import { timeoutNeedsWait } from './timeout-needs-wait.ts'

const LOOK_MS = 250

const WAIT_FLAGS: readonly OperateFlag[] = [
  { flag: 'wait', kind: 'switch', text: 'Wait until no session is open on it' },
  { flag: 'timeout', kind: 'duration', value: '<time>', text: 'Wait no longer than that' },
]

export const drainCommand = modeCommand('drain')
export const maintCommand = modeCommand('maint')
export const readyCommand = modeCommand('ready')

function modeCommand(mode: BackendMode): OperateCommand {
  const command: OperateCommand = {
    ...outlineOf(mode),
    least: 1,
    most: Infinity,
    flags: [],
    run: (call) => setMode(call, mode),
  }
  if (mode === 'ready') return command
  const notes = ['Exit code 3 where sessions were still open when the time was up, or at Ctrl-C.']
  return { ...command, flags: WAIT_FLAGS, notes, check: timeoutNeedsWait }
}

async function setMode(call: OperateCall, mode: BackendMode): Promise<number> {
  const { client, context, words, has } = call
  const status = await askStatus(client)
  // All are found before any is changed.
  const found = words.map((word) => findBackend(status, word))
  for (const { pool, backend, shown } of found) {
    await client.ask(backendPath(pool, backend.id), { method: 'PATCH', body: { mode } })
    context.print(`${shown} is ${mode === backend.mode ? 'still' : 'now'} ${mode}\n`)
  }
  if (!has('wait')) return EXIT_OK
  using stop = new StopRequest(context.signals)
  const startedAt = performance.now()
  const deadline = startedAt + (call.number('timeout') ?? Infinity)
  let allIdle = true
  for (const each of found) {
    if (!(await becomesIdle(call, each, { startedAt, deadline, stop }))) allIdle = false
  }
  return allIdle ? EXIT_OK : EXIT_NO
}

interface Patience {
  readonly startedAt: number
  readonly deadline: number
  readonly stop: StopRequest
}

async function becomesIdle(call: OperateCall, found: FoundBackend, patience: Patience): Promise<boolean> {
  const { context } = call
  const { startedAt, deadline, stop } = patience
  const isDrawn = hasCursor(context)
  const tell = (text: string): void => context.print(`${isDrawn ? '\r\x1b[K' : ''}${found.shown} ${text}`)
  for (;;) {
    const active = await activeOf(call, found)
    const waited = humanMs(performance.now() - startedAt)
    if (active === undefined) tell('is removed\n')
    else if (active === 0) tell(`has no open sessions, after ${waited}\n`)
    else if (stop.isAsked || performance.now() >= deadline)
      tell(`still has ${active} open, after ${waited}\n`)
    else {
      if (isDrawn) tell(`has ${active} open, ${waited}`)
      await stop.pause(Math.min(LOOK_MS, deadline - performance.now()))
      continue
    }
    return active === undefined || active === 0
  }
}

/** undefined: somebody removed it meanwhile. */
async function activeOf(
  { client }: OperateCall,
  { pool, backend }: FoundBackend,
): Promise<number | undefined> {
  try {
    return (await client.ask<BackendSnapshot>(backendPath(pool, backend.id))).active
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return undefined
    throw error
  }
}
