import { backendPath } from '../../admin/http/parse-path.ts'
import type { BackendMode } from '../../core/backend.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { ratesBetween } from './rates.ts'
import { Screen } from './screen.ts'
import type { Status } from './status-view.ts'
import { order, type Sort, SORTS, topLines } from './top-view.ts'

const LOOK_MS = 1_000

export const topCommand: OperateCommand = {
  name: 'top',
  words: '',
  least: 0,
  most: 0,
  summary: 'A live view: rates, latencies, and drain by a key',
  flags: [],
  notes: ['Keys: up, down, d drain, r ready, m maint, s sort, q quit.'],
  run: top,
}

async function top(call: OperateCall): Promise<number> {
  const { context } = call
  if (!context.stdoutIsTerminal || context.keyboard === undefined) {
    throw new UsageError(['top needs a terminal; fairlead status --watch writes to anything'])
  }
  // Before the terminal is taken: who cannot be reached is told in plain words.
  const view = new TopView(call, await call.client.ask<Status>('/api/v1/status'))
  await view.run()
  return EXIT_OK
}

class TopView {
  readonly #call: OperateCall
  #status: Status
  #before: Status | undefined
  #selected: string | undefined
  #sort: Sort = 'configured'
  #message = ''
  #answeredAt = performance.now()
  #isOver = false
  #wake = (): void => undefined
  #screen: Screen | undefined

  constructor(call: OperateCall, status: Status) {
    this.#call = call
    this.#status = status
    this.#selected = order({ status, rates: new Map(), sort: this.#sort })[0]
  }

  async run(): Promise<void> {
    const { context } = this.#call
    using screen = new Screen(context)
    this.#screen = screen
    const quit = (): void => this.#quit()
    for (const signal of SIGNALS) context.signals.on(signal, quit)
    context.keyboard?.on('data', (keys) => this.#onKeys(keys.toString()))
    try {
      while (!this.#isOver) {
        this.#draw()
        await this.#pause()
        if (!this.#isOver) await this.#look()
      }
    } finally {
      for (const signal of SIGNALS) context.signals.off(signal, quit)
    }
  }

  #draw(): void {
    const { context, paint } = this.#call
    const silent = performance.now() - this.#answeredAt
    const { columns, rows } = context.size()
    const model = {
      status: this.#status,
      rates: ratesBetween(this.#before, this.#status),
      sort: this.#sort,
      selected: this.#selected,
      message: this.#message,
      staleMs: silent > 3 * LOOK_MS ? silent : 0,
      columns,
      rows,
    }
    this.#screen?.draw(topLines(model, paint))
  }

  async #look(): Promise<void> {
    try {
      const status = await this.#call.client.ask<Status>('/api/v1/status')
      this.#before = this.#status
      this.#status = status
      this.#answeredAt = performance.now()
    } catch (error) {
      this.#message = (error as Error).message
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** A terminal may send several at once: a paste, or an arrow that is three characters. */
  #onKeys(keys: string): void {
    for (const key of keys.match(KEYS) ?? []) this.#onKey(key)
    if (!this.#isOver) this.#draw()
  }

  #onKey(key: string): void {
    if (key === 'q' || key === '\x03') return this.#quit()
    if (key === '\x1b[A' || key === 'k') return this.#move(-1)
    if (key === '\x1b[B' || key === 'j') return this.#move(1)
    if (key === 's') this.#sort = SORTS[(SORTS.indexOf(this.#sort) + 1) % SORTS.length] as Sort
    const mode = MODES[key]
    if (mode !== undefined) void this.#setMode(mode)
  }

  #move(by: number): void {
    const all = order({
      status: this.#status,
      rates: ratesBetween(this.#before, this.#status),
      sort: this.#sort,
    })
    const at = all.indexOf(this.#selected ?? '') + by
    this.#selected = all[Math.min(Math.max(at, 0), all.length - 1)]
  }

  async #setMode(mode: BackendMode): Promise<void> {
    const selected = this.#selected
    const found = this.#status.pools
      .flatMap(({ name, backends }) => backends.map(({ id }) => ({ pool: name, id })))
      .find(({ pool, id }) => `${pool}/${id}` === selected)
    if (found === undefined) return
    try {
      await this.#call.client.ask(backendPath(found.pool, found.id), { method: 'PATCH', body: { mode } })
      this.#message = `${found.id} is set to ${mode}`
    } catch (error) {
      this.#message = (error as Error).message
    }
    this.#wake()
  }

  #quit(): void {
    this.#isOver = true
    this.#wake()
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const MODES: Readonly<Record<string, BackendMode>> = { d: 'drain', r: 'ready', m: 'maint' }

// oxlint-disable-next-line no-control-regex -- an arrow key is an escape sequence
const KEYS = /\x1b\[[A-Z]|[^]/g
