import type { Child, Place } from './child.ts'
import type { SuiteName } from './suites.ts'
import type { Workspace } from './workspace.ts'

/** A balancer that is compared: round robin from one port of loopback to several. */
export interface Contender {
  readonly suite: SuiteName
  /** As `--contenders` names it. */
  readonly name: string
  /** As the table names it. */
  readonly title: string
  /** How to get it when it is missing. */
  readonly install: string
  /** Takes part only when asked for by name. */
  readonly optional?: boolean
  /** A load on its admin side, or on a neighbour's, goes on all the while. */
  readonly isBesieged?: boolean
  /** Undefined when it is not installed. */
  version(): string | undefined
  /** Builds what must be built, once. Throws when that fails. */
  prepare?(workspace: Workspace): void
  /** Starts it; it may not listen yet when this returns. */
  start(run: ContenderRun): Child
  /** What else must be there, once it listens, before it is measured. */
  settled?(child: Child): Promise<void>
}

export interface ContenderRun {
  readonly workspace: Workspace
  readonly port: number
  readonly backendPorts: readonly number[]
  /** Where it must run. */
  readonly place: Place
  /** It must be able to hold so many sessions at once. */
  readonly sessions: number
}
