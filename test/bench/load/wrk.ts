import type { Workspace } from '../workspace.ts'

/** A web load of 64 connections, one thread, from `wrk`. */
export interface WrkLoad {
  readonly port: number
  /** wrk counts in whole seconds. */
  readonly seconds: number
  readonly cpu: number
  /** A new connection for each request, in place of keep-alive. */
  readonly close: boolean
}

/** Gives the number of requests that were answered. Rejects when any failed: their cost would be another one. */
export async function runWrk(workspace: Workspace, load: WrkLoad): Promise<number> {
  const args = ['-t', '1', '-c', String(CONNECTIONS), '-d', `${load.seconds}s`]
  if (load.close) args.push('-H', 'Connection: close')
  const wrk = workspace.start('wrk', [...args, `http://127.0.0.1:${load.port}/`], { cpu: load.cpu })
  const output = await wrk.output((load.seconds + 15) * 1000)

  const [, requests = '0'] = /(\d+) requests in/.exec(output) ?? []
  const [failures] = /Socket errors: .*|Non-2xx or 3xx responses: \d+/.exec(output) ?? []
  if (failures !== undefined) throw new Error(`wrk: ${failures} (of ${requests} requests)`)
  if (requests === '0') throw new Error('wrk: no request was answered')
  return Number(requests)
}

const CONNECTIONS = 64
