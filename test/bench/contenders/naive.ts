import type { Contender } from '../contender.ts'

/** What one writes in Node in ten minutes: a connect and two `pipe` calls a session. */
export const naive: Contender = {
  suite: 'tcp',
  name: 'naive',
  title: 'Node pipe()',
  install: 'it comes with Node',
  version: () => process.version,
  start: ({ workspace, port, backendPorts, place }) =>
    workspace.startProgram('./contenders/pipe-proxy.js', [port, ...backendPorts], place),
}
