import { Readable } from 'node:stream'
import { DETERMINISTIC_CHUNK_BYTES, deterministicChunk } from './deterministic-bytes.ts'
import type { FixtureListenOptions, FixtureServer } from './fixture-server.ts'
import { rawFixture } from './raw-fixture.ts'

export interface SourceBackendOptions extends FixtureListenOptions {
  /** How much each client gets. */
  readonly bytes: number
  /** Which stream: see `deterministicBytes`. Default 1. */
  readonly seed?: number | undefined
}

/**
 * Sends each client the first `bytes` of a deterministic stream, as fast as it reads, and then FIN. What the client
 * sends is read and thrown away.
 */
export function sourceBackend(options: SourceBackendOptions): Promise<FixtureServer> {
  const { bytes, seed = 1 } = options
  return rawFixture(options, ({ socket }) => {
    socket.resume()
    Readable.from(chunks(seed, bytes), { objectMode: false }).pipe(socket)
  })
}

function* chunks(seed: number, bytes: number): Generator<Buffer> {
  for (let done = 0, i = 0; done < bytes; done += DETERMINISTIC_CHUNK_BYTES, i++)
    yield deterministicChunk(seed, i).subarray(0, bytes - done)
}
