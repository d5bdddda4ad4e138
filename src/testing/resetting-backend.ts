import type { Clock, Timer } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import type { FixtureListenOptions } from './fixture-server.ts'
import type { Behaviour, RawFixture } from './raw-fixture.ts'
import { rawFixture } from './raw-fixture.ts'

export interface ResettingOptions {
  /** Resets once it has received this many bytes. */
  readonly afterBytes?: number | undefined
  /** Resets this long after it accepted. */
  readonly afterMs?: number | undefined
  /** What it says first; it is with the client's kernel before the RST. Default nothing. */
  readonly says?: string | Uint8Array | undefined
  /** Times `afterMs`; default the system's. */
  readonly clock?: Clock | undefined
}

export interface ResettingBackendOptions extends FixtureListenOptions, ResettingOptions {}

/**
 * Accepts and then resets: after `afterBytes` or `afterMs`, whichever comes first, or at once when neither is given.
 * The client gets an RST (on a unix socket: a close).
 */
export function resettingBackend(options: ResettingBackendOptions = {}): Promise<RawFixture> {
  return rawFixture(options, resetting(options))
}

/** What {@link resettingBackend} does. */
export function resetting(options: ResettingOptions = {}): Behaviour {
  const { afterBytes, afterMs, says = '', clock = systemClock } = options
  return (session) => {
    const { stream } = session
    let received = 0
    // A reset right after a write loses the write: wait until the kernel has it.
    stream.write(says, () => {
      if (afterBytes === undefined && afterMs === undefined) session.reset()
    })
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (afterBytes !== undefined && received >= afterBytes) session.reset()
    })
    if (afterMs === undefined) return
    const timer: Timer = clock.setTimer(() => session.reset(), afterMs)
    stream.on('close', () => timer.cancel())
  }
}
