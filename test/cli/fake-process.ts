import { EventEmitter } from 'node:events'
import { mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { CommandContext, Keyboard } from '../../src/cli/context.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-'))
let files = 0

/** A process as a command sees it, with its log in a file. */
export class FakeProcess implements CommandContext {
  readonly env: Readonly<Record<string, string>>
  readonly signals = new EventEmitter()
  readonly stdoutIsTerminal: boolean
  readonly columns = 100
  terminal = { columns: 100, rows: 40 }
  readonly size = (): { columns: number; rows: number } => this.terminal
  readonly keyboard: (Keyboard & EventEmitter) | undefined
  readonly logFile = join(folder, `log-${++files}`)
  readonly logFd = openSync(this.logFile, 'w')
  /** Whether keys come one by one, as a full-screen command wants them. */
  isRaw = false
  printed = ''
  complaints = ''

  constructor(options: { env?: Readonly<Record<string, string>>; terminal?: boolean } = {}) {
    this.env = options.env ?? {}
    this.stdoutIsTerminal = options.terminal ?? false
    if (!this.stdoutIsTerminal) return
    const setRawMode = (raw: boolean): void => void (this.isRaw = raw)
    this.keyboard = Object.assign(new EventEmitter(), { setRawMode, pause: () => undefined })
  }

  readonly print = (text: string): void => {
    this.printed += text
  }

  readonly printError = (text: string): void => {
    this.complaints += text
  }

  /** Whether the terminal was as before, each time that the process was stopped. */
  readonly stops: boolean[] = []

  readonly suspend = (): void =>
    void this.stops.push(this.isRestored && this.signals.listenerCount('SIGTSTP') === 0)

  readonly flush = async (): Promise<undefined> => undefined

  get log(): string {
    return readFileSync(this.logFile, 'utf8')
  }

  /** The last screen that was drawn, without colours. */
  get screen(): string[] {
    const frame = this.printed.split('\x1b[H').at(-1) ?? ''
    return stripVTControlCharacters(frame).split('\r\n')
  }

  /** Whether the terminal is as it was before: the main screen, a cursor, whole lines, keys by the line. */
  get isRestored(): boolean {
    const modes = ['?1049h', '?25l', '?7l'].every((on) => {
      const off = on.endsWith('h') ? on.replace('h', 'l') : on.replace('l', 'h')
      return this.printed.lastIndexOf(`\x1b[${off}`) >= this.printed.lastIndexOf(`\x1b[${on}`)
    })
    return modes && !this.isRaw
  }

  /** Waits until the screen shows `pattern`. */
  async draws(pattern: RegExp): Promise<void> {
    const found = (): boolean => pattern.test(this.screen.join('\n'))
    await waitUntil(found, { describe: () => `${String(pattern)} in\n${this.screen.join('\n')}` })
  }

  press(keys: string): void {
    this.keyboard?.emit('data', Buffer.from(keys))
  }

  get events(): string[] {
    const lines = this.log.split('\n').filter((line) => line !== '')
    return lines.map((line) => (JSON.parse(line) as { event: string }).event)
  }

  /** Waits until the log, which is gathered for up to a quarter of a second, shows `text`. */
  async shows(text: string): Promise<void> {
    await waitUntil(() => this.log.includes(text))
  }

  /** The balancer's port, read from its first line. */
  async port(): Promise<number> {
    const pattern = /listening on +(?:\S+:|port )?(\d+)/
    await waitUntil(() => pattern.test(this.log))
    return Number(pattern.exec(this.log)?.[1])
  }
}
