import type { Bed } from '../bed.ts'
import { cpuOf, withContender } from '../bed.ts'
import { withHttpBackends } from '../load/http.ts'
import type { WrkResult } from '../load/wrk.ts'
import { runWrk } from '../load/wrk.ts'
import type { Upload } from '../load/wrk-script.ts'

/** A closed loop of one kind of request. */
export interface HttpLoad {
  readonly path: string
  readonly connections: number
  /** Undefined: a GET. */
  readonly upload?: Upload
  /** What answers: nginx where it is installed (default), or always Node, for what nginx does not do by itself. */
  readonly backend?: 'web' | 'node'
  /** CPU time for 10^9 bytes of responses, in place of one request. */
  readonly isPerGigabyte?: boolean
}

/** CPU seconds of the contender a request, or a gigabyte. */
export function measureHttpCpu(bed: Bed, load: HttpLoad): Promise<number> {
  const { workspace, timing, loadCpu } = bed
  return withHttpBackends(bed, load.backend ?? 'web', (ports) =>
    withContender(bed, ports, async (running) => {
      const { path, connections, upload } = load
      const run = (seconds: number): Promise<WrkResult> =>
        runWrk(workspace, { port: running.port, cpu: loadCpu, path, connections, upload, seconds })
      await run(timing.warmUpSeconds)
      const { seconds, result } = await cpuOf(running, () => run(timing.measureSeconds))
      // The bytes count those of the responses that the end cut off; there are few requests, so that matters.
      return seconds / (load.isPerGigabyte === true ? result.bytes / 1e9 : result.requests)
    }),
  )
}
