import { byId, setAttribute } from './dom.ts'

export const VIEWS = ['overview', 'sessions', 'explain', 'process'] as const
export type ViewName = (typeof VIEWS)[number]

/** One of the views is shown: the one that the address names after `#`. */
export class Views {
  readonly #onShow: (view: ViewName) => void
  readonly #links: readonly HTMLAnchorElement[]

  constructor(nav: HTMLElement, onShow: (view: ViewName) => void) {
    this.#onShow = onShow
    this.#links = [...nav.querySelectorAll('a')]
    addEventListener('hashchange', () => this.#show())
  }

  start(): void {
    this.#show()
  }

  get current(): ViewName {
    return VIEWS.find((view) => location.hash === `#${view}`) ?? 'overview'
  }

  go(view: ViewName): void {
    location.hash = view
  }

  #show(): void {
    const { current } = this
    for (const view of VIEWS) byId(view).hidden = view !== current
    for (const link of this.#links)
      setAttribute(link, 'aria-current', link.hash === `#${current}` ? 'page' : undefined)
    scrollTo(0, 0)
    this.#onShow(current)
  }
}
