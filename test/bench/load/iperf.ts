import type { Workspace } from '../workspace.ts'

/** A bulk load of four streams, as much as goes through, from `iperf3`. */
export interface IperfLoad {
  /** Where the client connects to. */
  readonly port: number
  /** Where its server listens: the one backend. The control connection and the streams must meet there. */
  readonly backendPort: number
  readonly seconds: number
  readonly cpu: number
  readonly direction: 'download' | 'upload'
}

/** Gives the number of bytes that arrived at the far end. */
export async function runIperf(workspace: Workspace, load: IperfLoad): Promise<number> {
  const server = workspace.start('iperf3', ['-s', '-1', '-p', String(load.backendPort)], { cpu: load.cpu })
  try {
    await server.listening(load.backendPort)
    const args = ['-c', '127.0.0.1', '-p', String(load.port), '-t', String(load.seconds), '-P', STREAMS, '-J']
    if (load.direction === 'download') args.push('-R')
    const client = workspace.start('iperf3', args, { cpu: load.cpu })
    const report = JSON.parse(await client.output((load.seconds + 15) * 1000)) as IperfReport
    const bytes = report.end?.sum_received?.bytes ?? 0
    if (bytes === 0) throw new Error(`iperf3: ${report.error ?? 'no byte arrived'}`)
    return bytes
  } finally {
    await server.stop()
  }
}

const STREAMS = '4'

interface IperfReport {
  readonly error?: string
  readonly end?: { readonly sum_received?: { readonly bytes?: number } }
}
