import type { Bed, Figures } from '../bed.ts'
import { cpuOf, withContender } from '../bed.ts'
import { runIperf } from '../load/iperf.ts'

/** CPU time a GB (10^9 bytes) from the backend to the client. */
export async function measureDownload(bed: Bed): Promise<Figures> {
  return { download: await cpuSecondsPerGigabyte(bed, 'download') }
}

/** CPU time a GB (10^9 bytes) from the client to the backend. */
export async function measureUpload(bed: Bed): Promise<Figures> {
  return { upload: await cpuSecondsPerGigabyte(bed, 'upload') }
}

async function cpuSecondsPerGigabyte(bed: Bed, direction: 'download' | 'upload'): Promise<number> {
  const { workspace, timing, loadCpu: cpu } = bed
  const backendPort = await workspace.freePort()
  return withContender(bed, [backendPort], async (running) => {
    const load = { port: running.port, backendPort, direction, cpu }
    await runIperf(workspace, { ...load, seconds: 1 })
    const measured = await cpuOf(running, () =>
      runIperf(workspace, { ...load, seconds: timing.measureSeconds }),
    )
    return measured.seconds / (measured.result / 1e9)
  })
}
