import { formatAddress } from '../core/address.ts'
import { escapeText } from '../log/escape-text.ts'
import type { InheritedSocket, InheritedSockets } from '../net/inherited-sockets.ts'
import { Presence } from '../service/presence.ts'
import type { CommandContext } from './context.ts'
import type { OpenLog } from './open-log.ts'

/** @throws {PidFileError} where a fairlead that lives has the file */
export function openPresence(
  pidFile: string | undefined,
  { open, context }: { readonly open: OpenLog; readonly context: CommandContext },
): Presence {
  return new Presence({
    pidFile,
    env: context.env,
    onProblem: (message) => {
      open.log.write({
        level: 'warn',
        event: 'process:manager',
        msg: `the service manager cannot be told how we are: ${escapeText(message)}`,
        fields: {},
      })
    },
  })
}

/** One line where sockets were opened for us in vain. */
export function reportSockets(inherited: InheritedSockets, { log }: OpenLog): void {
  const msg = socketsProblem(inherited)
  if (msg === undefined) return
  const sockets = inherited.unused.map(nameSocket)
  log.write({ level: 'warn', event: 'process:sockets', msg, fields: { sockets } })
}

/** What is wrong with the sockets that were opened for us; undefined = nothing. */
export function socketsProblem({ problem, unused }: InheritedSockets): string | undefined {
  if (problem !== undefined) return `${escapeText(problem)}: no socket is taken over`
  if (unused.length === 0) return undefined
  return `no listener has the name or the address of these inherited sockets, which are closed: ${unused.map(nameSocket).join(', ')}`
}

function nameSocket({ fd, name, address }: InheritedSocket): string {
  const place = address === undefined ? `descriptor ${fd}` : formatAddress(address)
  return escapeText(name === '' ? place : `${place} (${name})`)
}
