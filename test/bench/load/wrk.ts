import type { Workspace } from '../workspace.ts'
import type { Upload } from './wrk-script.ts'
import { wrkScript } from './wrk-script.ts'

/** A web load, one thread, from `wrk`. */
export interface WrkLoad {
  readonly port: number
  /** wrk counts in whole seconds. */
  readonly seconds: number
  readonly cpu: number
  /** A new connection for each request, in place of keep-alive (default). */
  readonly close?: boolean
  /** Default `/`. */
  readonly path?: string
  /** Default 64. */
  readonly connections?: number
  /** Undefined: a GET. */
  readonly upload?: Upload | undefined
}

export interface WrkResult {
  readonly requests: number
  /** Bytes of responses, also of those that the end of the load cut off. */
  readonly bytes: number
  readonly seconds: number
}

/** Gives what was answered. Rejects when any request failed: its cost would be another one. */
export async function runWrk(workspace: Workspace, load: WrkLoad): Promise<WrkResult> {
  const script = workspace.write('wrk.lua', wrkScript(load.upload))
  const args = ['-t', '1', '-c', String(load.connections ?? 64), '-d', `${load.seconds}s`, '-s', script]
  if (load.close === true) args.push('-H', 'Connection: close')
  const wrk = workspace.start('wrk', [...args, `http://127.0.0.1:${load.port}${load.path ?? '/'}`], {
    cpu: load.cpu,
  })
  const output = await wrk.output((load.seconds + 15) * 1000)

  const [requests = 0, bytes = 0, microseconds = 0] =
    /^result: (.*)$/m.exec(output)?.[1]?.split(' ').map(Number) ?? []
  const [failures] = /Socket errors: .*|Non-2xx or 3xx responses: \d+/.exec(output) ?? []
  if (failures !== undefined) throw new Error(`wrk: ${failures} (of ${requests} requests)`)
  if (requests === 0) throw new Error('wrk: no request was answered')
  return { requests, bytes, seconds: microseconds / 1e6 }
}
