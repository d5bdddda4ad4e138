import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import type { FixtureListenOptions, FixtureServer } from './fixture-server.ts'
import type { FixtureSession } from './fixture-session.ts'
import { rawFixture } from './raw-fixture.ts'

export interface ResettingBackendOptions extends FixtureListenOptions {
  /** Resets once it has received this many bytes. */
  readonly afterBytes?: number | undefined
  /** Resets this long after it accepted. */
  readonly afterMs?: number | undefined
  /** What it says first; it is with the client's kernel before the RST. Default nothing. */
  readonly says?: string | Uint8Array | undefined
  /** Times `afterMs`; default the system's. */
  readonly clock?: Clock | undefined
}

/**
 * Accepts and then resets: after `afterBytes` or `afterMs`, whichever comes first, or at once when neither is given.
 * The client gets an RST (on a unix socket: a close).
 */
export function resettingBackend(options: ResettingBackendOptions = {}): Promise<FixtureServer> {
  const { afterBytes, afterMs, says = '', clock = systemClock } = options
  return rawFixture(options, (session) => {
    const { socket } = session
    // A reset right after a write loses the write: wait until the kernel has it.
    socket.write(says, () => {
      if (afterBytes === undefined && afterMs === undefined) reset(session)
    })
    socket.on('data', () => {
      if (afterBytes !== undefined && session.bytesRead >= afterBytes) reset(session)
    })
    if (afterMs === undefined) return
    const timer = clock.setTimer(() => reset(session), afterMs)
    socket.on('close', () => timer.cancel())
  })
}

function reset(session: FixtureSession): void {
  // `resetAndDestroy` throws on a unix socket.
  if (session.remotePort === 0) session.socket.destroy()
  else session.socket.resetAndDestroy()
}
