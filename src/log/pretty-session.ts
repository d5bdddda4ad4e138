import type { EndCode, SessionEnd } from '../core/events.ts'
import { escapeText } from './escape-text.ts'
import { humanBytes, humanMs } from './human.ts'
import type { Color, Paint } from './paint.ts'

/** `127.0.0.1:65535`; longer clients widen the column as they come. */
const CLIENT_WIDTH = 15
const MOST_WIDTH = 47

/** Formats sessions in columns. Keeps each backend's colour and the widths seen so far, so that lines align. */
export class PrettySession {
  readonly #paint: Paint
  readonly #colors = new Map<string, Color>()
  #clientWidth = CLIENT_WIDTH
  #backendWidth = 1

  constructor(paint: Paint) {
    this.#paint = paint
  }

  format(end: SessionEnd): string {
    const client = escapeText(end.client)
    const backend = end.backend ?? '-'
    this.#clientWidth = Math.min(Math.max(this.#clientWidth, client.length), MOST_WIDTH)
    this.#backendWidth = Math.min(Math.max(this.#backendWidth, backend.length), MOST_WIDTH)
    const paint = this.#paint
    const columns = [
      client.padEnd(this.#clientWidth),
      paint('dim', '→'),
      paint(this.#colorOf(end.backend), backend.padEnd(this.#backendWidth)),
      paint('dim', ' ↑') + humanBytes(end.bytesIn).padStart(7),
      paint('dim', '↓') + humanBytes(end.bytesOut).padStart(7),
      humanMs(end.totalMs).padStart(8),
    ]
    return [...columns, ...this.#notes(end)].join(' ')
  }

  #notes(end: SessionEnd): string[] {
    const notes: string[] = []
    if (end.code !== '--') {
      notes.push(this.#paint(toneOf(end.code), ` ${end.code} ${escapeText(end.reason)}`))
    }
    if (end.tried.length > 0) {
      const failed = end.tried.map(({ backend, reason }) => `${backend} (${escapeText(reason)})`).join(', ')
      notes.push(this.#paint('yellow', ` after ${failed}`))
    }
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
