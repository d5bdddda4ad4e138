import type { Bed } from '../bed.ts'

/** Hands over the ports of backends that speak HTTP: those of the bed if they can, or ones of Node's for the while. */
export async function withHttpBackends<T>(
  bed: Bed,
  kind: 'web' | 'node',
  use: (ports: readonly number[]) => Promise<T>,
): Promise<T> {
  const { workspace, web, loadCpu: cpu } = bed
  if (kind === 'web' && web.hasFiles) return use(web.ports)
  const ports = [await workspace.freePort(), await workspace.freePort()]
  const child = workspace.startProgram('./load/http-backend.js', ports, { cpu })
  try {
    for (const port of ports) await child.listening(port)
    return await use(ports)
  } finally {
    await child.stop()
  }
}
