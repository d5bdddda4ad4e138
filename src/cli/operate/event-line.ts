import type { PastEvent } from '../../core/event-history.ts'
import type { BalancerEvents } from '../../core/events.ts'
import { describeEvent, type DescribedEvent, describedEvents } from '../../log/describe-event.ts'
import { timeOfDay } from '../../log/human.ts'

/** In the words of the log, with the day where that is not the one of `now`. */
export function eventLine({ at, name, data }: Pick<PastEvent, 'at' | 'name' | 'data'>, now: number): string {
  const day = new Date(at).toDateString() === new Date(now).toDateString() ? '' : `${dayOf(at)} `
  return `${day}${timeOfDay(at)}  ${sentence(name, data)}`
}

function sentence(name: string, data: unknown): string {
  const known = describedEvents.find((event) => event.name === name)
  if (known !== undefined) {
    try {
      return describeEvent(known.name, data as BalancerEvents[DescribedEvent][0] as never).msg
    } catch {
      // A newer balancer may tell it in another form.
    }
  }
  return `${name} ${JSON.stringify(data)}`
}

function dayOf(at: number): string {
  const date = new Date(at)
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
  return parts.map((part) => String(part).padStart(2, '0')).join('-')
}
