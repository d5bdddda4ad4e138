/** What this browser remembers of this page, if it lets us. */
export function remembered(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined
  } catch {
    return undefined // Storage is switched off: the default holds.
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // Switched off or full: it holds until the page is closed.
  }
}

const PREFIX = 'fairlead.'
