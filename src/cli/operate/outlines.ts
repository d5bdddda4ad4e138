/** A command that speaks to a running balancer, as the help lists it. */
export interface Outline {
  readonly name: string
  /** Its words, as the help shows them: `<backend..>`. */
  readonly words: string
  /** What it does, in half a line. */
  readonly summary: string
}

/** In the order of the help. Apart from what they do, which is loaded only when one is asked for. */
export const outlines: readonly Outline[] = [
  { name: 'status', words: '', summary: 'Listeners, pools and backends, and how they are' },
  { name: 'top', words: '', summary: 'A live view: rates, latencies, and drain by a key' },
  { name: 'drain', words: '<backend..>', summary: 'No new clients; open sessions live on' },
  { name: 'ready', words: '<backend..>', summary: 'Back to work' },
  { name: 'maint', words: '<backend..>', summary: 'No clients and no checks' },
  { name: 'weight', words: '<backend> <0-256>', summary: 'Change its share; 0 = nothing new' },
  { name: 'add', words: '<backend..>', summary: 'Add backends: c=host:3003@5' },
  { name: 'remove', words: '<backend..>', summary: 'Take backends out' },
  { name: 'sessions', words: '', summary: 'Open sessions, the oldest first' },
  { name: 'kill', words: '[session..]', summary: 'Reset sessions by number, or all that a filter means' },
  { name: 'reload', words: '', summary: 'Read the configuration file again' },
  { name: 'events', words: '', summary: 'What happened: who went up or down, and why; reloads' },
  { name: 'explain', words: '[client-ip]', summary: 'Which backend a client would get, and why no other' },
]

export const operateNames: readonly string[] = outlines.map(({ name }) => name)

export function outlineOf(name: string): Outline {
  return outlines.find((outline) => outline.name === name) as Outline
}
