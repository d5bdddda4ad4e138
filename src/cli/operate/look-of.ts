import type { OperateCall } from './operate-command.ts'
import type { TableLook } from './table.ts'

/** A terminal's lines are cut to its width; what goes to a file or a program is whole. */
export function lookOf({ context, paint }: Pick<OperateCall, 'context' | 'paint'>): TableLook {
  return { paint, width: context.stdoutIsTerminal ? context.size().columns : undefined }
}
