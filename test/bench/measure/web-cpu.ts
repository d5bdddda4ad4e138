import type { Bed, Figures } from '../bed.ts'
import { cpuOf, withContender } from '../bed.ts'
import { runWrk } from '../load/wrk.ts'

/** CPU time a request over kept-alive connections. */
export async function measureRequests(bed: Bed): Promise<Figures> {
  return { requests: await cpuMicrosecondsEach(bed, false) }
}

/** CPU time a connection that carries one request: accept, dial, both ways, both ends. */
export async function measureConnections(bed: Bed): Promise<Figures> {
  return { connections: await cpuMicrosecondsEach(bed, true) }
}

function cpuMicrosecondsEach(bed: Bed, close: boolean): Promise<number> {
  const { workspace, timing, loadCpu: cpu } = bed
  return withContender(bed, bed.web.ports, async (running) => {
    const load = { port: running.port, cpu, close }
    await runWrk(workspace, { ...load, seconds: timing.warmUpSeconds })
    const measured = await cpuOf(running, () =>
      runWrk(workspace, { ...load, seconds: timing.measureSeconds }),
    )
    return (measured.seconds * 1e6) / measured.result.requests
  })
}
