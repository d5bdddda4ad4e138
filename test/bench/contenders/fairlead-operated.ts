import type { Contender } from '../contender.ts'
import { MOST_SIEGE_MS, SIEGE_STANDS } from './siege-stands.ts'

/** A thousand backends and an admin listener that nobody asks. */
export const fairleadQuietAdmin = operated('fairlead-quiet-admin', 'fairlead http (1,000 backends)', 'none')

/** The same with 10,000 idle sessions more, and everything on its admin listener that can be too much. */
export const fairleadBusyAdmin = operated('fairlead-busy-admin', 'fairlead http (admin under load)', 'own')

/** What the same siege costs where it is none of the measured process' business, but shares the CPU with it. */
export const fairleadBusyNeighbour = operated(
  'fairlead-busy-neighbour',
  'fairlead http (neighbour under load)',
  'next-door',
)

function operated(name: string, title: string, siege: 'none' | 'own' | 'next-door'): Contender {
  return {
    suite: 'http',
    name,
    title,
    optional: true,
    isBesieged: siege !== 'none',
    install: 'npm run build',
    version: () => process.version,
    start: ({ workspace, port, backendPorts, place }) =>
      workspace.startProgram(
        './contenders/operated.js',
        [siege, port, place.cpu ?? -1, ...backendPorts],
        place,
      ),
    // Else its siege would be measured while it is laid, and connections by the thousand beside it.
    ...(siege === 'none' ? {} : { settled: (child) => child.printed(SIEGE_STANDS, MOST_SIEGE_MS) }),
  }
}
