import type { OperateCommand } from './operate-command.ts'

/** Each command is loaded only when it is asked for: scripts call them again and again. */
export const operateLoaders: Readonly<Record<string, () => Promise<OperateCommand>>> = {
  status: async () => (await import('./status.ts')).statusCommand,
  top: async () => (await import('./top.ts')).topCommand,
  drain: async () => (await import('./set-mode.ts')).drainCommand,
  ready: async () => (await import('./set-mode.ts')).readyCommand,
  maint: async () => (await import('./set-mode.ts')).maintCommand,
  weight: async () => (await import('./change-backends.ts')).weightCommand,
  add: async () => (await import('./change-backends.ts')).addCommand,
  remove: async () => (await import('./change-backends.ts')).removeCommand,
  sessions: async () => (await import('./sessions.ts')).sessionsCommand,
  kill: async () => (await import('./sessions.ts')).killCommand,
  reload: async () => (await import('./reload.ts')).reloadCommand,
  events: async () => (await import('./events.ts')).eventsCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
}
