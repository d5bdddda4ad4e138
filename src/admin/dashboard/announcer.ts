/** Tells screen readers what changed, politely: one sentence after the other, none twice in a row. */
export class Announcer {
  readonly #region: HTMLElement

  constructor(region: HTMLElement) {
    this.#region = region
  }

  say(text: string): void {
    const line = document.createElement('p')
    line.textContent = text
    this.#region.append(line)
    while (this.#region.childElementCount > MOST_LINES) this.#region.firstElementChild?.remove()
  }
}

const MOST_LINES = 5
