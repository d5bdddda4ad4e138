import type { PastEvent } from '../../core/event-history.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { RefusedError, UnreachableError } from './admin-errors.ts'
import { eventLine } from './event-line.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { outlineOf } from './outlines.ts'
import { JSON_FLAG } from './operate-command.ts'
import { readMessages, type StreamMessage } from './read-messages.ts'
import { jsonLine, parseSafely } from './safe-json.ts'
import { StopRequest } from './stop-request.ts'

const RECONNECT_MS = 1_000

export const eventsCommand: OperateCommand = {
  ...outlineOf('events'),
  least: 0,
  most: 0,
  flags: [
    { flag: 'follow', kind: 'switch', text: 'And what happens from now on, until Ctrl-C' },
    { flag: 'since', kind: 'integer', value: '<id>', text: 'Only those after this one; ids are in --json' },
    JSON_FLAG,
  ],
  notes: [
    'The latest 1,000 are kept. With --follow a balancer that is started again is followed again.',
    'Sessions are no events; see fairlead sessions, and the log for those that ended.',
  ],
  run: events,
}

async function events(call: OperateCall): Promise<number> {
  using stop = new StopRequest(call.context.signals)
  const reader = new EventReader(call, stop)
  if (call.has('follow')) await reader.follow()
  else await reader.readKept()
  return EXIT_OK
}

class EventReader {
  readonly #call: OperateCall
  readonly #stop: StopRequest
  /** What was told last, `RUN.NUMBER`: where to go on after a break. */
  #last: string

  constructor(call: OperateCall, stop: StopRequest) {
    this.#call = call
    this.#stop = stop
    this.#last = `${call.number('since') ?? 0}`
  }

  /** A snapshot comes behind all that are kept: it is how their end is known. */
  async readKept(): Promise<void> {
    for await (const message of this.#messages('&snapshot=true')) {
      if (message.event === 'snapshot') return
      this.#tell(message)
    }
  }

  async follow(): Promise<void> {
    let isLost = false
    let hadAny = false
    while (!this.#stop.isAsked) {
      try {
        for await (const message of this.#messages()) {
          if (isLost) this.#note('it is there again')
          isLost = false
          hadAny = true
          this.#tell(message)
        }
      } catch (error) {
        // Who was never there is told as with any command, and who does not let us in will not do so in a second either.
        if (!hadAny || !isPassing(error)) throw error
      }
      if (this.#stop.isAsked) return
      if (!isLost) this.#note('the balancer has gone; waiting for it')
      isLost = true
      await this.#stop.pause(RECONNECT_MS)
    }
  }

  #messages(more = ''): AsyncGenerator<StreamMessage> {
    const { signal } = this.#stop
    return readMessages(this.#call.client.lines(`/api/v1/events?since=${this.#last}${more}`, { signal }))
  }

  #tell({ event, id, data }: StreamMessage): void {
    if (id !== '') this.#last = id
    const { has, context } = this.#call
    if (event !== 'event' && event !== 'gap') return
    const told = parse(data, has('json'))
    if (event === 'gap') this.#note(`forgotten already, being too old: ${String(told?.['missed'])}`)
    else if (has('json')) context.print(jsonLine(told))
    else if (isEvent(told)) context.print(`${eventLine(told, Date.now())}\n`)
  }

  /** Beside what is printed, which may be read by a program. */
  #note(text: string): void {
    this.#call.context.printError(`fairlead: ${text}\n`)
  }
}

type Told = Readonly<Record<string, unknown>>

/** undefined: it is no message of ours. */
function parse(data: string, exact: boolean): Told | undefined {
  try {
    return (exact ? JSON.parse(data) : parseSafely(data)) as Told
  } catch {
    return undefined
  }
}

function isEvent(told: (Told & Partial<PastEvent>) | undefined): told is Told & PastEvent {
  return typeof told?.name === 'string' && typeof told.at === 'number'
}

function isPassing(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof RefusedError && error.status >= 500)
}
