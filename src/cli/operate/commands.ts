import type { OperateCommand } from './operate-command.ts'
import { addCommand, removeCommand, weightCommand } from './change-backends.ts'
import { eventsCommand } from './events.ts'
import { explainCommand } from './explain.ts'
import { reloadCommand } from './reload.ts'
import { killCommand, sessionsCommand } from './sessions.ts'
import { drainCommand, maintCommand, readyCommand } from './set-mode.ts'
import { statusCommand } from './status.ts'
import { topCommand } from './top.ts'

/** All commands that speak to a running balancer, in the order of the help. */
export const operateCommands: readonly OperateCommand[] = [
  statusCommand,
  topCommand,
  drainCommand,
  readyCommand,
  maintCommand,
  weightCommand,
  addCommand,
  removeCommand,
  sessionsCommand,
  killCommand,
  reloadCommand,
  eventsCommand,
  explainCommand,
]
