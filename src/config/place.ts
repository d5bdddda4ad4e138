/** Where something stands in a configuration: `['pools', 'web', 'backends', 2, 'weight']`. */
export type Place = readonly (string | number)[]

/** Something wrong, and where. */
export interface PlacedProblem {
  readonly place: Place
  readonly message: string
  /** Where that is known otherwise than by its place. */
  readonly line?: number | undefined
}

/** As people read it: `pools.web.backends[2].weight`. */
export function formatPlace(place: Place): string {
  let text = ''
  for (const step of place) {
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** Whether `place` is `root`, or lies within it. */
export function isWithin(place: Place, root: Place): boolean {
  return root.every((step, i) => place[i] === step)
}
