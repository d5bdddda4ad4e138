import type { Contender } from '../contender.ts'

/** Another configuration twenty times a second: weights, limits, and a backend that comes and goes. */
export const fairleadReloading: Contender = {
  suite: 'http',
  name: 'fairlead-reloading',
  title: 'fairlead http (20 reloads/s)',
  optional: true,
  install: 'npm run build',
  version: () => process.version,
  start: ({ workspace, port, backendPorts, place }) =>
    workspace.startProgram('./contenders/reloading.js', [port, ...backendPorts], place),
}
