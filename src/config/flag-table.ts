import { flagText, type Setting } from './setting.ts'
import { settings } from './settings.ts'

/** The README's table of flags, in Markdown: one section a group. A test holds the README against it. */
export function flagTable(): string {
  const groups = [...new Set(settings.map((setting) => setting.group))]
  return groups.map((group) => `**${group}**\n\n${groupTable(group)}`).join('\n\n')
}

function groupTable(group: string): string {
  const rows = settings.filter((setting) => setting.group === group).map(row)
  return ['| flag | default | what it does |', '| --- | --- | --- |', ...rows].join('\n')
}

function row(setting: Setting): string {
  const fallback = defaultCell(setting)
  const choices =
    setting.choices === undefined ? '' : ` (${setting.choices.map((c) => `\`${c}\``).join(', ')})`
  const cells = [`\`${flagText(setting)}\``, fallback, `${setting.description}${choices}`]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function defaultCell(setting: Setting): string {
  if (setting.default === undefined) return setting.unset ?? ''
  if (setting.kind === 'boolean') return setting.default === 'true' ? 'on' : 'off'
  return `\`${setting.default}\``
}
