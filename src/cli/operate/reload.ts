import type { ReloadReport } from '../../core/reload-report.ts'
import { EXIT_NO, EXIT_OK } from '../exit-codes.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { outlineOf } from './outlines.ts'
import { JSON_FLAG } from './operate-command.ts'
import { jsonLine } from './safe-json.ts'

/** A configuration that is a program may take its time. */
const RELOAD_MS = 60_000
/** The file is not good; the report says why. */
const REFUSED = 422

export const reloadCommand: OperateCommand = {
  ...outlineOf('reload'),
  least: 0,
  most: 0,
  flags: [JSON_FLAG],
  notes: ['Exit code 3 where it was refused: the old configuration stays.'],
  run: reload,
}

async function reload({ client, context, has }: OperateCall): Promise<number> {
  const exact = has('json')
  const report = await client.ask<ReloadReport>('/api/v1/reload', {
    method: 'POST',
    waitsMs: RELOAD_MS,
    alsoGood: REFUSED,
    exact,
  })
  context.print(exact ? jsonLine(report) : `${reportLines(report).join('\n')}\n`)
  return report.ok ? EXIT_OK : EXIT_NO
}

function reportLines({ ok, changes, problems, needsRestart }: ReloadReport): string[] {
  if (!ok) return ['not reloaded, the old configuration stays:', ...problems.map((line) => `  ${line}`)]
  const waiting = needsRestart.map((key) => `  ${key} changes with a restart only`)
  if (changes.length === 0) return ['reloaded: nothing changed', ...waiting]
  return ['reloaded:', ...changes.map((line) => `  ${line}`), ...waiting]
}
