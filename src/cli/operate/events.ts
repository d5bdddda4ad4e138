import { describeEvent, describedEvents } from '../../log/describe-event.ts'
import type { DescribedEvent } from '../../log/describe-event.ts'
import type { BalancerEvents } from '../../core/events.ts'
import { escapeText } from '../../log/escape-text.ts'
import { timeOfDay } from '../../log/human.ts'
import { EXIT_OK } from '../exit-codes.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { JSON_FLAG } from './operate-command.ts'

/** Without `--follow`: those that are kept come at once; silence for so long is their end. */
const SILENCE_MS = 300

export const eventsCommand: OperateCommand = {
  name: 'events',
  words: '',
  least: 0,
  most: 0,
  summary: 'What happened: backends that went up or down, and why; reloads; drains',
  flags: [
    { flag: 'follow', kind: 'switch', text: 'And what happens from now on, until Ctrl-C' },
    { flag: 'since', kind: 'integer', value: '<id>', text: 'Only those after this one' },
    JSON_FLAG,
  ],
  run: events,
}

/** One event as the stream tells it. */
interface Told {
  readonly id: number
  readonly at: number
  readonly name: string
  readonly data: unknown
}

async function events(call: OperateCall): Promise<number> {
  const { client, context, has, number } = call
  const enough = new AbortController()
  const stop = (): void => enough.abort()
  context.signals.on('SIGINT', stop)
  context.signals.on('SIGTERM', stop)
  let silence = has('follow') ? undefined : setTimeout(stop, SILENCE_MS)
  const lines = client.lines(`/api/v1/events?since=${number('since') ?? 0}`, { signal: enough.signal })
  for await (const line of lines) {
    if (!line.startsWith('data:')) continue
    const event = read(line.slice('data:'.length))
    if (event === undefined) continue
    context.print(has('json') ? `${JSON.stringify(event)}\n` : `${sentence(event)}\n`)
    if (silence === undefined) continue
    clearTimeout(silence)
    silence = setTimeout(stop, SILENCE_MS)
  }
  clearTimeout(silence)
  context.signals.off('SIGINT', stop)
  context.signals.off('SIGTERM', stop)
  return EXIT_OK
}

function read(text: string): Told | undefined {
  try {
    const event = JSON.parse(text) as Partial<Told>
    return typeof event.name === 'string' && typeof event.at === 'number' ? (event as Told) : undefined
  } catch {
    return undefined // A newer balancer may tell what we do not know.
  }
}

/** In the words of the log. */
function sentence({ at, name, data }: Told): string {
  const known = describedEvents.find((event) => event.name === name)
  const text =
    known === undefined
      ? `${name} ${escapeText(JSON.stringify(data))}`
      : describeEvent(known.name, data as BalancerEvents[DescribedEvent][0] as never).msg
  return `${timeOfDay(at)}  ${text}`
}
