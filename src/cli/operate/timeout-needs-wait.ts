import type { OperateCommand } from './operate-command.ts'

/** Who gives a time and does not wait means to wait. */
export const timeoutNeedsWait: NonNullable<OperateCommand['check']> = ({ texts }) =>
  texts.has('timeout') && !texts.has('wait') ? ['--timeout counts only with --wait'] : []
