import { EXIT_NO, EXIT_OK } from '../exit-codes.ts'
import { hasCursor } from '../has-cursor.ts'
import { UnreachableError } from './admin-errors.ts'
import { askStatus, type Status } from './ask-status.ts'
import { lookOf } from './look-of.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { outlineOf } from './outlines.ts'
import { JSON_FLAG } from './operate-command.ts'
import { jsonLine } from './safe-json.ts'
import { Screen } from './screen.ts'
import { canServe, statusLines } from './status-view.ts'
import { StopRequest } from './stop-request.ts'

const SECOND_MS = 1_000

/** `fairlead status`: what a balancer is and does, once or again and again. */
export const statusCommand: OperateCommand = {
  ...outlineOf('status'),
  least: 0,
  most: 0,
  flags: [JSON_FLAG, { flag: 'watch', kind: 'switch', text: 'Again each second, until Ctrl-C' }],
  notes: ['Exit code 3 where a pool has no backend that can serve, or the balancer is stopping.'],
  run: tell,
}

async function tell(call: OperateCall): Promise<number> {
  const { client, context, has } = call
  const first = await askStatus(client, { exact: has('json') })
  if (!has('watch')) context.print(page(call, first))
  const last = has('watch') ? await watch(call, first) : first
  return canServe(last) ? EXIT_OK : EXIT_NO
}

/** A balancer that goes away meanwhile is waited for. */
async function watch(call: OperateCall, first: Status): Promise<Status> {
  const { client, context, has } = call
  using stop = new StopRequest(context.signals)
  const isScreen = hasCursor(context) && !has('json')
  using screen = isScreen ? new Screen({ ...context, keyboard: undefined }) : undefined
  let last = first
  let trouble: string | undefined
  for (;;) {
    if (screen !== undefined) screen.draw(screenLines(call, last, trouble))
    else if (trouble !== undefined) context.printError(`fairlead: ${trouble}\n`)
    else context.print(`${page(call, last)}${has('json') ? '' : '\n'}`)
    await stop.pause(SECOND_MS)
    if (stop.isAsked) break
    try {
      last = await askStatus(client, { exact: has('json') })
      trouble = undefined
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      trouble = error.message
    }
  }
  screen?.[Symbol.dispose]()
  // What was seen last stays.
  if (isScreen) context.print(page(call, last))
  return last
}

function page({ context, paint, has }: OperateCall, status: Status): string {
  if (has('json')) return jsonLine(status)
  return `${statusLines(status, lookOf({ context, paint })).join('\n')}\n`
}

function screenLines({ context, paint }: OperateCall, status: Status, trouble: string | undefined): string[] {
  const { rows, columns } = context.size()
  const warning = trouble === undefined ? [] : [paint('red', `what is below is old: ${trouble}`)]
  return [...warning, ...statusLines(status, { paint, width: columns })].slice(0, Math.max(1, rows))
}
