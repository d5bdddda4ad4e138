import { EXIT_OK } from '../exit-codes.ts'
import { hasCursor } from '../has-cursor.ts'
import { UsageError } from '../usage-error.ts'
import { backendPath } from '../../admin/http/parse-path.ts'
import type { BackendMode } from '../../core/backend.ts'
import { askStatus, type Status } from './ask-status.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { outlineOf } from './outlines.ts'
import { ratesBetween } from './rates.ts'
import { Screen } from './screen.ts'
import { StopRequest } from './stop-request.ts'
import { order, type Sort, SORTS, topLines, type TopModel } from './top-view.ts'

const LOOK_MS = 1_000
/** What a key did is told for so long. */
const MESSAGE_MS = 5_000
const PAGE_LINES = 10

export const topCommand: OperateCommand = {
  ...outlineOf('top'),
  least: 0,
  most: 0,
  flags: [],
  notes: ['Keys: arrows or j and k, d drain, r ready, m maint, s sort, q quit.'],
  run: top,
}

async function top(call: OperateCall): Promise<number> {
  const { context } = call
  if (!hasCursor(context) || context.keyboard === undefined) {
    throw new UsageError(['top needs a terminal to draw on; fairlead status --watch writes to anything'])
  }
  // Before the terminal is taken: who cannot be reached is told in plain words.
  const status = await askStatus(call.client)
  using stop = new StopRequest(context.signals)
  using screen = new Screen(context)
  await new TopView(call, { status, stop, screen }).run()
  return EXIT_OK
}

class TopView {
  readonly #call: OperateCall
  readonly #stop: StopRequest
  readonly #screen: Screen
  #status: Status
  #rates: TopModel['rates'] = new Map()
  #selected: string | undefined
  #sort: Sort = 'configured'
  #message = { text: '', at: 0 }
  #answeredAt = performance.now()

  constructor(
    call: OperateCall,
    {
      status,
      stop,
      screen,
    }: { readonly status: Status; readonly stop: StopRequest; readonly screen: Screen },
  ) {
    this.#call = call
    this.#status = status
    this.#stop = stop
    this.#screen = screen
    this.#move(0)
  }

  async run(): Promise<void> {
    const { signals, keyboard } = this.#call.context
    const onKeys = (keys: Buffer): void => this.#onKeys(keys.toString())
    const draw = (): void => this.#draw()
    keyboard?.on('data', onKeys)
    signals.on('SIGWINCH', draw)
    try {
      while (!this.#stop.isAsked) {
        this.#draw()
        await this.#stop.pause(LOOK_MS)
        if (!this.#stop.isAsked) await this.#look()
      }
    } finally {
      keyboard?.off('data', onKeys)
      signals.off('SIGWINCH', draw)
    }
  }

  #draw(): void {
    const { context, paint } = this.#call
    const now = performance.now()
    const silent = now - this.#answeredAt
    const model = {
      status: this.#status,
      rates: this.#rates,
      sort: this.#sort,
      selected: this.#selected,
      message: now - this.#message.at < MESSAGE_MS ? this.#message.text : '',
      staleMs: silent > 3 * LOOK_MS ? silent : 0,
      ...context.size(),
    }
    this.#screen.draw(topLines(model, paint))
  }

  async #look(): Promise<void> {
    try {
      const status = await askStatus(this.#call.client)
      this.#rates = ratesBetween(this.#status, status)
      this.#status = status
      this.#answeredAt = performance.now()
      // It may have been removed.
      if (this.#order().indexOf(this.#selected ?? '') === -1) this.#move(0)
    } catch (error) {
      this.#say((error as Error).message)
    }
  }

  /** A terminal may send several at once: a paste, or an arrow that is three characters. */
  #onKeys(keys: string): void {
    for (const key of keys.match(KEYS) ?? []) this.#onKey(key)
    if (!this.#stop.isAsked) this.#draw()
  }

  #onKey(key: string): void {
    if (key === 'q' || key === 'Q' || key === '\x03') return this.#stop.ask()
    // Where keys come one by one, Ctrl-Z comes as one.
    if (key === '\x1a') return this.#screen.suspend()
    const by = MOVES[key]
    if (by !== undefined) return this.#move(by)
    if (key === 's') this.#sort = SORTS[(SORTS.indexOf(this.#sort) + 1) % SORTS.length] as Sort
    const mode = MODES[key]
    if (mode !== undefined) void this.#setMode(mode)
  }

  #move(by: number): void {
    const all = this.#order()
    const at = Math.max(0, all.indexOf(this.#selected ?? '')) + by
    this.#selected = all[Math.min(Math.max(at, 0), all.length - 1)]
  }

  #order(): readonly string[] {
    return order({ status: this.#status, rates: this.#rates, sort: this.#sort })
  }

  /** Never rejects: what goes wrong is told on the screen. */
  async #setMode(mode: BackendMode): Promise<void> {
    const selected = this.#selected
    const found = this.#status.pools
      .flatMap(({ name, backends }) => backends.map(({ id }) => ({ pool: name, id })))
      .find(({ pool, id }) => `${pool}/${id}` === selected)
    if (found === undefined) return
    try {
      await this.#call.client.ask(backendPath(found.pool, found.id), { method: 'PATCH', body: { mode } })
      this.#say(`${found.id} is set to ${mode}${mode === 'ready' ? '' : '; r sets it to ready again'}`)
    } catch (error) {
      this.#say((error as Error).message)
    }
    this.#stop.wake()
  }

  #say(text: string): void {
    this.#message = { text, at: performance.now() }
  }
}

const MODES: Readonly<Record<string, BackendMode>> = { d: 'drain', r: 'ready', m: 'maint' }

const MOVES: Readonly<Record<string, number>> = {
  k: -1,
  j: 1,
  g: -Infinity,
  G: Infinity,
  '\x1b[A': -1,
  '\x1b[B': 1,
  '\x1bOA': -1,
  '\x1bOB': 1,
  '\x1b[5~': -PAGE_LINES,
  '\x1b[6~': PAGE_LINES,
  '\x1b[H': -Infinity,
  '\x1b[F': Infinity,
}

// oxlint-disable-next-line no-control-regex -- an arrow key is an escape sequence
const KEYS = /\x1b\[[\d;]*[A-Za-z~]|\x1bO[A-Z]|[^]/g
