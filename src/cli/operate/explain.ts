import { stripVTControlCharacters } from 'node:util'
import type { BackendExplanation, Explanation } from '../../core/explanation.ts'
import { EXIT_NO, EXIT_OK } from '../exit-codes.ts'
import { wrap } from '../help-lines.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { outlineOf } from './outlines.ts'
import { JSON_FLAG } from './operate-command.ts'
import { jsonLine } from './safe-json.ts'
import { lookOf } from './look-of.ts'
import { type Cell, type TableLook, tableLines } from './table.ts'

export const explainCommand: OperateCommand = {
  ...outlineOf('explain'),
  least: 0,
  most: 1,
  flags: [
    { flag: 'listener', kind: 'text', value: '<name>', text: 'At this listener; default the first' },
    { flag: 'host', kind: 'text', value: '<name>', text: 'HTTP mode: for this host' },
    { flag: 'path', kind: 'text', value: '<path>', text: 'HTTP mode: for this path' },
    { flag: 'header', kind: 'text', value: '<field>', text: 'HTTP mode: with this field, "cookie: a=b"' },
    JSON_FLAG,
  ],
  notes: ['Exit code 3 where it would get none.'],
  run: explain,
}

async function explain({ client, context, paint, words, text, has }: OperateCall): Promise<number> {
  const query = new URLSearchParams()
  const [ip] = words
  if (ip !== undefined) query.set('client', ip)
  for (const flag of ['listener', 'host', 'path', 'header']) {
    const value = text(flag)
    if (value !== undefined) query.set(flag, value)
  }
  const asked = query.size === 0 ? '' : `?${query.toString()}`
  const answer = await client.ask<Explanation>(`/api/v1/explain${asked}`, { exact: has('json') })
  const canServe = answer.backends.some(({ verdict }) => isPossible(verdict))
  if (has('json')) context.print(jsonLine(answer))
  else context.print(`${lines(answer, lookOf({ context, paint })).join('\n')}\n`)
  return canServe ? EXIT_OK : EXIT_NO
}

function lines({ summary, route, backends }: Explanation, look: TableLook): string[] {
  return [
    summary,
    ...(route === undefined ? [] : [look.paint('dim', route)]),
    ...(backends.length === 0 ? [] : ['', ...backendLines(backends, look)]),
  ]
}

const COLUMNS = [{ title: 'BACKEND' }, { title: 'CHANCE', right: true }, { title: 'VERDICT' }]

/** The reason is what is asked for: where it has no room beside the rest, it stands below, whole. */
export function backendLines(backends: readonly BackendExplanation[], look: TableLook): string[] {
  const { paint, width = Infinity } = look
  const rows = backends.map(({ id, chance, verdict, reason }): (Cell | string)[] => [
    { text: id, color: 'bold' },
    chance === undefined ? '?' : `${Math.round(chance * 1_000) / 10}%`,
    { text: verdict, color: colorOf(verdict) },
    reason,
  ])
  const whole = tableLines([...COLUMNS, { title: 'WHY' }], rows, { paint })
  if (whole.every((line) => stripVTControlCharacters(line).length <= width)) return whole
  const [title = '', ...short] = tableLines(COLUMNS, rows, look)
  const below = backends.map(({ reason }) => wrap(reason, width - INDENT.length))
  return [title, ...short.flatMap((line, i) => [line, ...(below[i] ?? []).map((part) => INDENT + part)])]
}

const INDENT = '  '

type Verdict = BackendExplanation['verdict']

/** Where a strategy cannot tell its odds, the chance is unknown but not zero. */
function isPossible(verdict: Verdict): boolean {
  return verdict === 'picked' || verdict === 'possible'
}

function colorOf(verdict: Verdict): 'green' | 'dim' | 'yellow' {
  if (isPossible(verdict)) return 'green'
  return verdict === 'not-its-turn' ? 'dim' : 'yellow'
}
