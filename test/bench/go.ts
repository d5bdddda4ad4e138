import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { inProject } from '../helpers/project.ts'
import { versionOf } from './tool.ts'
import type { Workspace } from './workspace.ts'

export function goVersion(): string | undefined {
  return versionOf('go', ['version'], /go version go(\S+)/)
}

/** Builds `contenders/<program>.go`; throws when that fails. */
export function buildGo(workspace: Workspace, program: string): void {
  const source = inProject(`test/bench/contenders/${program}.go`)
  const built = spawnSync('go', ['build', '-o', goProgram(workspace, program), source], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (built.status !== 0) throw new Error(`go build: ${built.error?.message ?? built.stderr.trim()}`)
}

/** Where it lies once it is built. */
export function goProgram(workspace: Workspace, program: string): string {
  return join(workspace.folder, program)
}
