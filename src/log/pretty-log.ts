import type { Clock } from '../core/clock.ts'
import type { EventName, RequestEnd, SessionEnd } from '../core/events.ts'
import { timeOfDay } from './human.ts'
import { isLogged, type Log, type LogEntry, type LogLevel, type ProcessEvent } from './log.ts'
import type { Color, Paint } from './paint.ts'
import { PrettyColumns } from './pretty-columns.ts'
import { prettyRequest } from './pretty-request.ts'
import { prettySession } from './pretty-session.ts'

/** The terminal's view: one readable line each, sessions and requests in columns, changes of state in colour. */
export class PrettyLog implements Log {
  readonly #write: (line: string) => void
  readonly #redraw: (text: string) => void
  readonly #paint: Paint
  readonly #clock: Clock
  readonly #level: LogLevel
  readonly #columns: PrettyColumns
  #held: string[] | undefined
  #status = ''

  constructor(options: {
    readonly destination: { write(line: string): void }
    readonly paint: Paint
    readonly clock: Clock
    /** The least that is told. */
    readonly level: LogLevel
  }) {
    this.#paint = options.paint
    this.#level = options.level
    this.#clock = options.clock
    this.#columns = new PrettyColumns(options.paint)
    this.#write = (line) => {
      if (this.#status === '') options.destination.write(line)
      else options.destination.write(`${ERASE_LINE}${line}${this.#status}`)
    }
    this.#redraw = (text) => options.destination.write(text)
  }

  /** Keeps lines back until the banner stands above them. Those kept back already are dropped. */
  hold(): void {
    this.#held = []
  }

  /** Writes the banner, then whatever came meanwhile. */
  release(banner: string): void {
    const held = this.#held ?? []
    this.#held = undefined
    this.#write(banner)
    for (const line of held) this.#write(line)
  }

  /**
   * Shows a line below all others that lasts until the next one takes its place; '' takes it away. For terminals only, and
   * no wider than they are.
   */
  status(text: string): void {
    if (!isLogged('info', this.#level)) return
    const erase = this.#status === '' ? '' : ERASE_LINE
    this.#status = text
    this.#redraw(`${erase}${text}`)
  }

  write(entry: LogEntry): void {
    if (!isLogged(entry.level, this.#level)) return
    // The banner will show it.
    if (this.#held !== undefined && TOLD_BY_BANNER.has(entry.event)) return
    const { symbol, color } = MARKS[entry.event] ?? LEVEL_MARKS[entry.level]
    this.#line(this.#paint(color, `${symbol} ${entry.msg}`))
  }

  session(end: SessionEnd): void {
    this.#line(prettySession(end, this.#columns))
  }

  request(end: RequestEnd): void {
    this.#line(prettyRequest(end, this.#columns, this.#paint))
  }

  /** A line that is finished already, its end included. */
  raw(line: string): void {
    if (this.#held === undefined) this.#write(line)
    else this.#held.push(line)
  }

  #line(text: string): void {
    this.raw(`${this.#paint('dim', timeOfDay(this.#clock.wallTime()))}  ${text}\n`)
  }
}

const TOLD_BY_BANNER = new Set<LogEntry['event']>(['listener:open', 'backend:up', 'backend:down'])

/** To the line's begin, and erase to its end. */
const ERASE_LINE = '\r\u001B[K'

interface Mark {
  readonly symbol: string
  readonly color: Color
}

const MARKS: Readonly<Partial<Record<EventName | ProcessEvent, Mark>>> = {
  'backend:up': { symbol: '▲', color: 'green' },
  'backend:down': { symbol: '▼', color: 'red' },
  'backend:eject': { symbol: '◆', color: 'yellow' },
  'backend:return': { symbol: '◇', color: 'green' },
  'backend:mode': { symbol: '■', color: 'cyan' },
  'backend:weight': { symbol: '■', color: 'cyan' },
  'backend:add': { symbol: '+', color: 'cyan' },
  'backend:remove': { symbol: '-', color: 'cyan' },
  'drain:start': { symbol: '■', color: 'yellow' },
  'drain:end': { symbol: '■', color: 'yellow' },
  'process:signal': { symbol: '■', color: 'yellow' },
  'process:key': { symbol: '■', color: 'cyan' },
  'process:drain': { symbol: '■', color: 'yellow' },
}

const LEVEL_MARKS: Readonly<Record<LogEntry['level'], Mark>> = {
  fatal: { symbol: '✖', color: 'red' },
  error: { symbol: '✖', color: 'red' },
  warn: { symbol: '!', color: 'yellow' },
  info: { symbol: '·', color: 'cyan' },
  debug: { symbol: '·', color: 'dim' },
  trace: { symbol: '·', color: 'dim' },
}
