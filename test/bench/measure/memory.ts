import { setTimeout as delay } from 'node:timers/promises'
import type { Bed, Figures, Running } from '../bed.ts'
import { withContender } from '../bed.ts'
import type { Network } from '../network.ts'
import { startSmallNetwork } from '../network.ts'
import { residentBytes } from '../proc.ts'

/** Resident memory of a connected pair after one small exchange, in KiB. */
export async function measureIdlePairs(bed: Bed): Promise<Figures> {
  return { idle: await residentKibPerPair(bed, 'idle', undefined) }
}

/** Resident memory of a pair whose backend floods and whose client never reads, in KiB. */
export async function measureStalledPairs(bed: Bed): Promise<Figures> {
  const network = await startSmallNetwork(bed.workspace)
  try {
    return { stalled: await residentKibPerPair(bed, 'stalled', network) }
  } finally {
    await network.child.stop()
  }
}

async function residentKibPerPair(
  bed: Bed,
  kind: 'idle' | 'stalled',
  network: Network | undefined,
): Promise<number> {
  const { workspace, pairs } = bed
  const place = { cpu: bed.loadCpu, network }
  const echoPort = await workspace.freePort()
  const floodPort = await workspace.freePort()
  const backend = workspace.startProgram('./load/pair-backend.js', [echoPort, floodPort], place)
  const measure = async (running: Running): Promise<number> => {
    // A few sessions first: what is loaded, compiled and allocated once is no pair's.
    const warmUp = workspace.startProgram('./load/pairs.js', [running.port, 20, kind, 'close'], place)
    await warmUp.output(30_000)
    const before = await settledBytes(running)
    const clients = workspace.startProgram('./load/pairs.js', [running.port, pairs, kind, 'hold'], place)
    try {
      await clients.printed('ready', 30_000)
      const after = await settledBytes(running)
      if (!clients.isRunning) await clients.output(0)
      return (after - before) / pairs / 1024
    } finally {
      await clients.stop()
    }
  }
  try {
    await backend.listening(floodPort)
    return await withContender(bed, [kind === 'idle' ? echoPort : floodPort], measure, network)
  } finally {
    await backend.stop()
  }
}

/** The resident size once it has stayed within 1% for two seconds. */
async function settledBytes(running: Running): Promise<number> {
  let recent: number[] = []
  const deadline = performance.now() + SETTLE_LIMIT_MS
  while (performance.now() < deadline) {
    recent = [...recent, residentBytes(running.pids())].slice(-SETTLE_SAMPLES)
    const [least, most] = [Math.min(...recent), Math.max(...recent)]
    if (recent.length === SETTLE_SAMPLES && most - least <= most * SETTLE_TOLERANCE) return most
    await delay(SETTLE_EVERY_MS)
  }
  throw new Error(`resident memory did not settle within ${SETTLE_LIMIT_MS} ms`)
}

const SETTLE_EVERY_MS = 200
const SETTLE_SAMPLES = 10
const SETTLE_TOLERANCE = 0.01
const SETTLE_LIMIT_MS = 60_000
