import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { webBackendName } from './load/web.ts'
import { iperf3, wrk } from './tool.ts'
import { root } from '../helpers/project.ts'

/** What the figures depend on besides the contenders. */
export type Machine = Readonly<Record<string, string>>

export function describeMachine(): Machine {
  const processors = cpus()
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    commit: commit(),
    cpu: `${processors.length} x ${processors[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `Linux ${release()}`,
    node: process.version,
    load: `wrk ${wrk.version() ?? '(missing)'}, iperf3 ${iperf3.version() ?? '(missing)'}`,
    'web backend': webBackendName(),
  }
}

function commit(): string {
  const head = git('rev-parse', '--short', 'HEAD')
  if (head === '') return 'unknown'
  return git('status', '--porcelain', '--', 'src', 'bin', 'test/bench') === ''
    ? head
    : `${head} with local changes`
}

function git(...args: string[]): string {
  return spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? ''
}
