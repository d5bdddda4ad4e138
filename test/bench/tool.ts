import { spawnSync } from 'node:child_process'

/** The first line that a program says about its version, on either stream; undefined if it is not installed. */
export function versionOf(command: string, args: readonly string[], pattern: RegExp): string | undefined {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 })
  if (result.error !== undefined) return undefined
  const [, version] = pattern.exec(result.stdout + result.stderr) ?? []
  return version ?? 'of unknown version'
}

/** A program that makes load. Without it, the metrics that need it are left out. */
export interface Tool {
  readonly name: string
  /** How to install it on Debian. */
  readonly install: string
  version(): string | undefined
}

export const wrk: Tool = {
  name: 'wrk',
  install: 'apt install wrk',
  version: () => versionOf('wrk', ['-v'], /^wrk (\S+)/),
}

/** To put a process first is for root; and wrk is needed with it. */
export const chrt: Tool = {
  name: 'chrt',
  install: 'apt install util-linux wrk, as root',
  version: () => {
    const mayIt = spawnSync('chrt', ['--fifo', '1', 'true']).status === 0
    return mayIt && wrk.version() !== undefined
      ? versionOf('chrt', ['--version'], /util-linux (\S+)/)
      : undefined
  },
}

/** It must be allowed to look, which root is; and what the paced load needs is needed with it. */
export const tcpdump: Tool = {
  name: 'tcpdump',
  install: 'apt install tcpdump util-linux wrk, as root',
  version: () =>
    chrt.version() === undefined ? undefined : versionOf('tcpdump', ['--version'], /tcpdump version (\S+)/),
}

export const iperf3: Tool = {
  name: 'iperf3',
  install: 'apt install iperf3',
  version: () => versionOf('iperf3', ['-v'], /^iperf (\S+)/),
}
