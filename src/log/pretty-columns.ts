import type { EndCode, RequestEnd, SessionEnd } from '../core/events.ts'
import { escapeText } from './escape-text.ts'
import { humanBytes, humanMs } from './human.ts'
import type { Color, Paint } from './paint.ts'

/** `127.0.0.1:65535`; longer clients widen the column as they come. */
const CLIENT_WIDTH = 15
const MOST_WIDTH = 47

type End = SessionEnd | RequestEnd

/**
 * The columns that lines of sessions and of requests share. Keeps each backend's colour and the widths seen so far, so
 * that lines align.
 */
export class PrettyColumns {
  readonly #paint: Paint
  readonly #colors = new Map<string, Color>()
  #clientWidth = CLIENT_WIDTH
  #backendWidth = 1

  constructor(paint: Paint) {
    this.#paint = paint
  }

  /** Who was served by whom. */
  way(end: End): string {
    const client = escapeText(end.client)
    const backend = end.backend ?? '-'
    this.#clientWidth = Math.min(Math.max(this.#clientWidth, client.length), MOST_WIDTH)
    this.#backendWidth = Math.min(Math.max(this.#backendWidth, backend.length), MOST_WIDTH)
    const arrow = this.#paint('dim', '→')
    const name = this.#paint(this.#colorOf(end.backend), backend.padEnd(this.#backendWidth))
    return `${client.padEnd(this.#clientWidth)} ${arrow} ${name}`
  }

  /** How much went each way, and how long it took. */
  amounts(end: End): string {
    return [
      this.#paint('dim', ' ↑') + humanBytes(end.bytesIn).padStart(7),
      this.#paint('dim', '↓') + humanBytes(end.bytesOut).padStart(7),
      humanMs(end.totalMs).padStart(8),
    ].join(' ')
  }

  /** What was out of the ordinary; each begins with a space. */
  notes(end: End): string[] {
    const notes: string[] = []
    if (end.code !== '--') {
      notes.push(this.#paint(toneOf(end.code), ` ${end.code} ${escapeText(end.reason)}`))
    }
    if (end.tried.length > 0) {
      const failed = end.tried.map(({ backend, reason }) => `${backend} (${escapeText(reason)})`).join(', ')
      notes.push(this.#paint('yellow', ` after ${failed}`))
    }
    if (end.faults.length > 0) notes.push(this.#paint('magenta', ` faults: ${end.faults.join(', ')}`))
    if (end.queueMs >= 1) notes.push(this.#paint('dim', ` queued ${humanMs(end.queueMs)}`))
    return notes
  }

  /** One colour a backend, in the order in which they appear: the eye follows the rotation. */
  #colorOf(backend: string | undefined): Color {
    if (backend === undefined) return 'red'
    let color = this.#colors.get(backend)
    if (color === undefined) {
      color = BACKEND_COLORS[this.#colors.size % BACKEND_COLORS.length] as Color
      this.#colors.set(backend, color)
    }
    return color
  }
}

/** Red, green and yellow tell good from bad and are kept for that. */
const BACKEND_COLORS: readonly Color[] = ['cyan', 'magenta', 'blue', 'bold']

/** A client that leaves, or an idle end, is everyday; the rest is for somebody to look at. */
function toneOf(code: EndCode): Color {
  return 'Ccs'.includes(code.charAt(0)) ? 'yellow' : 'red'
}
