import type { Contender } from '../contender.ts'

/** What one writes in Node in ten minutes: a server, and `http.request` with an agent that keeps connections. */
export const nodeHttp: Contender = {
  suite: 'http',
  name: 'node-http',
  title: 'node:http',
  install: 'it comes with Node',
  version: () => process.version,
  start: ({ workspace, port, backendPorts, place }) =>
    workspace.startProgram('./contenders/http-proxy.js', [port, ...backendPorts], place),
}
