import { Announcer } from './announcer.ts'
import type { Changed } from './api.ts'
import { whenLoggedOut } from './api.ts'
import { ChartsPanel } from './charts-panel.ts'
import { byId, setAttribute, setText } from './dom.ts'
import { EventFeed } from './event-feed.ts'
import type { SeenEvent } from './event-words.ts'
import { ExplainPanel } from './explain-panel.ts'
import { FaultsBanner } from './faults-banner.ts'
import { Help } from './help.ts'
import { History } from './history.ts'
import { listenForKeys } from './keys.ts'
import type { Connection } from './live-stream.ts'
import { LiveStream } from './live-stream.ts'
import type { View } from './model.ts'
import { Model, viewWithChanged } from './model.ts'
import { Operations } from './operations.ts'
import { PoolsPanel } from './pools-panel.ts'
import { ProcessPanel } from './process-panel.ts'
import { SessionsPanel } from './sessions-panel.ts'
import type { SseMessage } from './sse-parser.ts'
import type { Status } from '../status.ts'
import { withChanged } from './status.ts'
import { StatusBar } from './status-bar.ts'
import { ThemeSwitch } from './theme.ts'
import { Toasts } from './toasts.ts'
import { Views } from './views.ts'
import { WorkQueue } from './work-queue.ts'

/** The page: puts its parts together, and gives each snapshot to all of them. */
class Dashboard {
  readonly #model = new Model()
  readonly #history = new History()
  readonly #queue = new WorkQueue()
  readonly #announcer = new Announcer(byId('announcer'))
  readonly #toasts = new Toasts(byId('toasts'))
  readonly #operations = new Operations({
    toasts: this.#toasts,
    announcer: this.#announcer,
    onChanged: (changed) => this.#onChanged(changed),
  })
  readonly #charts = new ChartsPanel(byId('charts'))
  readonly #pools = new PoolsPanel(byId('pools'), {
    operations: this.#operations,
    view: () => this.#shown as View,
  })
  readonly #feed = new EventFeed(byId('events'))
  readonly #sessions = new SessionsPanel(byId('sessions'), this.#operations)
  readonly #explain = new ExplainPanel(byId('explain'))
  readonly #process = new ProcessPanel(byId('process'), this.#operations)
  readonly #faults = new FaultsBanner(byId('faults'), this.#operations)
  readonly #theme = new ThemeSwitch(byId('theme') as HTMLButtonElement, () => this.#charts.restyle())
  readonly #views = new Views(byId('views'), () => this.#onShow())
  readonly #stream = new LiveStream({
    onMessage: (message) => this.#onMessage(message),
    onConnection: (connection) => this.#onConnection(connection),
  })
  readonly #bar = new StatusBar(
    { verdict: byId('verdict'), uptime: byId('uptime'), connection: byId('connection') },
    { onRetry: () => this.#stream.retryNow() },
  )
  /** The newest. */
  #view: View | undefined
  /** What is on the screen: older while it is paused. What operators decide goes by this one. */
  #shown: View | undefined
  #connection: Connection['kind'] = 'connecting'
  #isPaused = false
  #isCaughtUp = false

  start(): void {
    const help = new Help(byId('help-dialog') as HTMLDialogElement)
    byId('help').addEventListener('click', () => help.open())
    byId('pause').addEventListener('click', () => this.#togglePause())
    listenForKeys({
      help,
      pools: this.#pools,
      toasts: this.#toasts,
      views: this.#views,
      togglePause: () => this.#togglePause(),
      nextTheme: () => this.#theme.next(),
    })
    // In place of this page there is the one to log in.
    whenLoggedOut(() => location.reload())
    this.#views.start()
    this.#stream.start()
  }

  #onMessage({ event, data }: SseMessage): void {
    if (event === 'snapshot') {
      const status = JSON.parse(data) as Status
      // Of a thousand backends, reading takes as long as counting: in a task of its own, neither is felt.
      setTimeout(() => this.#onSnapshot(status))
    }
    if (event === 'event') this.#onEvent(JSON.parse(data) as SeenEvent)
    else if (event === 'gap') this.#feed.addGap((JSON.parse(data) as { missed: number }).missed)
  }

  #onSnapshot(status: Status): void {
    const before = this.#view?.verdict
    this.#operations.follow(status.startedAt)
    this.#view = this.#model.update(status)
    this.#history.add(this.#view.moment)
    const { verdict } = this.#view
    if (before !== undefined && before.level !== verdict.level) {
      this.#announcer.say([verdict.headline, ...verdict.reasons].join('. '))
    }
    if (!this.#isCaughtUp || this.#feed.isOld) this.#feed.show()
    this.#isCaughtUp = true
    if (!this.#isPaused) this.#render(this.#view)
  }

  #onChanged(changed: Changed): void {
    if (this.#view === undefined || this.#shown === undefined) return
    this.#view = this.#model.update(withChanged(this.#view.status, changed))
    this.#render(this.#isPaused ? viewWithChanged(this.#shown, changed) : this.#view)
  }

  #onEvent(event: SeenEvent): void {
    const line = this.#feed.add(event)
    if (!this.#isCaughtUp) return
    this.#feed.show()
    if (line.tone !== 'quiet') this.#announcer.say(`${line.subject} ${line.text}`.trim())
  }

  #onConnection(connection: Connection): void {
    if (connection.kind === 'logged-out') return location.reload()
    this.#bar.connection(connection)
    if (connection.kind === this.#connection) return
    if (connection.kind === 'waiting') {
      this.#isCaughtUp = false
      this.#announcer.say('The connection to fairlead is lost. What is shown is old.')
    }
    if (connection.kind === 'live' && this.#connection !== 'connecting') {
      this.#announcer.say('Connected to fairlead again.')
    }
    this.#connection = connection.kind
  }

  #onShow(): void {
    this.#sessions.watch(this.#views.current === 'sessions')
    if (this.#view !== undefined) this.#render(this.#view)
  }

  #render(view: View): void {
    this.#shown = view
    // At once: the tab's title is read where there are no frames, in a tab behind others.
    this.#bar.update(view)
    this.#queue.replace(this.#jobs(view))
  }

  *#jobs(view: View): Generator<() => void> {
    const { current } = this.#views
    yield () => setAttribute(document.body, 'data-pools', view.pools.length > 1 ? 'many' : undefined)
    yield () => this.#faults.update(view.status.faults)
    if (current === 'sessions') yield () => this.#sessions.update(view)
    if (current === 'explain') yield () => this.#explain.update(view)
    if (current === 'process') yield () => this.#process.update(view)
    if (current !== 'overview') return
    yield* this.#charts.update(view, this.#history)
    yield* this.#pools.update(view)
  }

  #togglePause(): void {
    this.#isPaused = !this.#isPaused
    const button = byId('pause')
    setAttribute(button, 'aria-pressed', String(this.#isPaused))
    setText(button, this.#isPaused ? 'Paused' : 'Pause')
    setAttribute(document.body, 'data-paused', this.#isPaused ? '' : undefined)
    if (!this.#isPaused && this.#view !== undefined) this.#render(this.#view)
  }
}

new Dashboard().start()
