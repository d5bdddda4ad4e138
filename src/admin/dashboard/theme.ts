import { setAttribute, setText } from './dom.ts'
import { remember, remembered } from './memory.ts'

const THEMES = ['auto', 'dark', 'light'] as const
type Theme = (typeof THEMES)[number]

/** Auto, dark or light: remembered, and in force before the first pixel. */
export class ThemeSwitch {
  readonly #button: HTMLButtonElement
  readonly #onChange: () => void
  #theme: Theme

  constructor(button: HTMLButtonElement, onChange: () => void) {
    this.#button = button
    this.#onChange = onChange
    const known = remembered('theme')
    this.#theme = THEMES.find((theme) => theme === known) ?? 'auto'
    button.addEventListener('click', () => this.next())
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange)
    this.#show()
  }

  next(): void {
    this.#theme = THEMES[(THEMES.indexOf(this.#theme) + 1) % THEMES.length] as Theme
    remember('theme', this.#theme)
    this.#show()
    this.#onChange()
  }

  #show(): void {
    setAttribute(document.documentElement, 'data-theme', this.#theme === 'auto' ? undefined : this.#theme)
    setText(this.#button, `Theme: ${this.#theme}`)
  }
}
