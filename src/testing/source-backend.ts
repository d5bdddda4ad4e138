import { Readable } from 'node:stream'
import { DETERMINISTIC_CHUNK_BYTES, deterministicChunk } from './deterministic-bytes.ts'
import type { FixtureListenOptions } from './fixture-server.ts'
import type { Behaviour, RawFixture } from './raw-fixture.ts'
import { rawFixture } from './raw-fixture.ts'

export interface SourceOptions {
  /** How much each client gets. */
  readonly bytes: number
  /** Which stream: see `deterministicBytes`. Default 1. */
  readonly seed?: number | undefined
}

export interface SourceBackendOptions extends FixtureListenOptions, SourceOptions {}

/**
 * Sends each client the first `bytes` of a deterministic stream, as fast as it reads, and then FIN. What the client
 * sends is read and thrown away.
 */
export function sourceBackend(options: SourceBackendOptions): Promise<RawFixture> {
  return rawFixture(options, source(options))
}

/** What {@link sourceBackend} does. */
export function source(options: SourceOptions): Behaviour {
  const { bytes, seed = 1 } = options
  return ({ stream }) => {
    stream.resume()
    Readable.from(chunks(seed, bytes), { objectMode: false }).pipe(stream)
  }
}

function* chunks(seed: number, bytes: number): Generator<Buffer> {
  for (let done = 0, i = 0; done < bytes; done += DETERMINISTIC_CHUNK_BYTES, i++)
    yield deterministicChunk(seed, i).subarray(0, bytes - done)
}
