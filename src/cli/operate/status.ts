import { EXIT_NO, EXIT_OK } from '../exit-codes.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { JSON_FLAG } from './operate-command.ts'
import { canServe, type Status, statusLines } from './status-view.ts'

const SECOND_MS = 1_000

/** `fairlead status`: what a balancer is and does, once or again and again. */
export const statusCommand: OperateCommand = {
  name: 'status',
  words: '',
  least: 0,
  most: 0,
  summary: 'Listeners, pools and backends, and how they are',
  flags: [JSON_FLAG, { flag: 'watch', kind: 'switch', text: 'Again each second, until Ctrl-C' }],
  notes: ['Exit code 3 where a pool has no backend that can serve, or the balancer is stopping.'],
  run: status,
}

async function status(call: OperateCall): Promise<number> {
  const { client, context, has } = call
  const stopped = stopOf(call)
  for (;;) {
    const now = await client.ask<Status>('/api/v1/status')
    const text = has('json') ? `${JSON.stringify(now)}\n` : `${statusLines(now, call.paint).join('\n')}\n`
    const isScreen = has('watch') && context.stdoutIsTerminal && !has('json')
    // Home, the page, and nothing below it: no flicker as by clearing first.
    context.print(isScreen ? `\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J` : text)
    if (!has('watch') || (await stopped.within(SECOND_MS))) return canServe(now) ? EXIT_OK : EXIT_NO
    if (!isScreen && !has('json')) context.print('\n')
  }
}

/** Ctrl-C ends a watch, and is no failure. */
function stopOf({ context, has }: OperateCall): { within: (ms: number) => Promise<boolean> } {
  if (!has('watch')) return { within: () => Promise.resolve(true) }
  let isStopped = false
  let wake: (() => void) | undefined
  const stop = (): void => {
    isStopped = true
    wake?.()
  }
  context.signals.on('SIGINT', stop)
  context.signals.on('SIGTERM', stop)
  return {
    within: (ms) =>
      new Promise((resolve) => {
        if (isStopped) return resolve(true)
        const timer = setTimeout(() => resolve(false), ms)
        wake = () => {
          clearTimeout(timer)
          resolve(true)
        }
      }),
  }
}
