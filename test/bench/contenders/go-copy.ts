import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { versionOf } from '../tool.ts'
import { repository } from '../workspace.ts'

/** What one writes in Go in ten minutes: two `io.Copy` calls a session, which Go turns into `splice` on Linux. */
export const goCopy: Contender = {
  name: 'go',
  title: 'Go io.Copy',
  install: 'apt install golang-go',
  version: () => versionOf('go', ['version'], /go version go(\S+)/),
  prepare(workspace) {
    const source = join(repository, 'test/bench/contenders/copy-proxy.go')
    const built = spawnSync('go', ['build', '-o', join(workspace.folder, 'copy-proxy'), source], {
      encoding: 'utf8',
      timeout: 120_000,
    })
    if (built.status !== 0) throw new Error(`go build: ${built.error?.message ?? built.stderr.trim()}`)
  },
  start: ({ workspace, port, backendPorts, place }) =>
    workspace.start(join(workspace.folder, 'copy-proxy'), [port, ...backendPorts].map(String), place),
}
