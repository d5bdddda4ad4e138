import type { Contender } from '../contender.ts'
import { buildGo, goProgram, goVersion } from '../go.ts'

/** What one writes in Go in ten minutes: two `io.Copy` calls a session, which Go turns into `splice` on Linux. */
export const goCopy: Contender = {
  suite: 'tcp',
  name: 'go',
  title: 'Go io.Copy',
  install: 'apt install golang-go',
  version: goVersion,
  prepare: (workspace) => buildGo(workspace, 'copy-proxy'),
  start: ({ workspace, port, backendPorts, place }) =>
    workspace.start(goProgram(workspace, 'copy-proxy'), [port, ...backendPorts].map(String), place),
}
