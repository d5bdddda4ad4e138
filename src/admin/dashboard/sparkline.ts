import { setAttribute } from './dom.ts'
import { SPARK_SAMPLES } from './backend-track.ts'

const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 72
const HEIGHT = 20

/** A line of the last minute, from zero to its own highest. Its figures stand beside it as text. */
export class Sparkline {
  readonly element: SVGSVGElement
  readonly #line: SVGPolylineElement

  constructor() {
    this.element = document.createElementNS(SVG, 'svg')
    this.#line = document.createElementNS(SVG, 'polyline')
    this.element.append(this.#line)
    setAttribute(this.element, 'class', 'spark')
    setAttribute(this.element, 'viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
    setAttribute(this.element, 'width', String(WIDTH))
    setAttribute(this.element, 'height', String(HEIGHT))
    setAttribute(this.element, 'aria-hidden', 'true')
  }

  update(values: readonly number[]): void {
    setAttribute(this.#line, 'points', sparkPoints(values))
  }
}

/** The newest at the right edge. */
function sparkPoints(values: readonly number[]): string {
  const most = Math.max(1, ...values)
  const from = SPARK_SAMPLES - values.length
  return values
    .map((value, i) => {
      const x = ((from + i) / (SPARK_SAMPLES - 1)) * WIDTH
      const y = HEIGHT - 1.5 - (value / most) * (HEIGHT - 3)
      return `${x.toFixed(1)},${y.toFixed(1)}`
    })
    .join(' ')
}
