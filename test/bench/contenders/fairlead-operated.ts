import type { Contender } from '../contender.ts'
import { MOST_SIEGE_MS, SIEGE_STANDS } from './siege-stands.ts'

/** A thousand backends and an admin listener that nobody asks. */
export const fairleadQuietAdmin = operated('fairlead-quiet-admin', 'fairlead http (1,000 backends)', false)

/** The same with 10,000 idle sessions more, and everything on its admin listener that can be too much. */
export const fairleadBusyAdmin = operated('fairlead-busy-admin', 'fairlead http (admin under load)', true)

function operated(name: string, title: string, isBusy: boolean): Contender {
  return {
    suite: 'http',
    name,
    title,
    optional: true,
    install: 'npm run build',
    version: () => process.version,
    start: ({ workspace, port, backendPorts, place }) =>
      workspace.startProgram(
        './contenders/operated.js',
        [port, place.cpu ?? -1, isBusy ? 1 : 0, ...backendPorts],
        place,
      ),
    // Else its siege would be measured while it is laid, and connections by the thousand beside it.
    ...(isBusy ? { settled: (child) => child.printed(SIEGE_STANDS, MOST_SIEGE_MS) } : {}),
  }
}
