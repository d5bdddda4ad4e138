import type { Paint } from '../../log/paint.ts'
import type { CommandContext } from '../context.ts'
import type { AdminClient } from './admin-client.ts'
import type { Outline } from './outlines.ts'

/** A command that speaks to a running balancer. */
export interface OperateCommand extends Outline {
  /** How many words it takes. */
  readonly least: number
  readonly most: number
  readonly flags: readonly OperateFlag[]
  /** More lines for its help. */
  readonly notes?: readonly string[]
  /** What is wrong with flags and words that are good by themselves. */
  readonly check?: (asked: {
    readonly words: readonly string[]
    readonly texts: ReadonlyMap<string, string>
  }) => readonly string[]
  readonly run: (call: OperateCall) => Promise<number>
}

export interface OperateFlag {
  readonly flag: string
  readonly kind: 'switch' | 'duration' | 'integer' | 'text'
  /** How the help writes the value: `<time>`. */
  readonly value?: string
  readonly text: string
}

/** One call of such a command; values are read. */
export interface OperateCall {
  readonly client: AdminClient
  readonly context: CommandContext
  readonly paint: Paint
  readonly words: readonly string[]
  readonly has: (flag: string) => boolean
  readonly text: (flag: string) => string | undefined
  /** Durations in ms. */
  readonly number: (flag: string) => number | undefined
}

export const JSON_FLAG: OperateFlag = { flag: 'json', kind: 'switch', text: 'Print JSON, for scripts' }
