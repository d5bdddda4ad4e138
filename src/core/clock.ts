// Not the global: that is a getter, which costs as much again at every look.
import { performance } from 'node:perf_hooks'

/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/**
 * Where all time comes from. Tests pass one that they turn by hand; everything else uses {@link systemClock}.
 */
export interface Clock {
  /** Monotonic time in milliseconds; the origin means nothing. */
  now(): number
  /** Wall-clock time in milliseconds since 1970, for logs and snapshots only. */
  wallTime(): number
  /** Calls `callback` once, `delayMs` from now. */
  setTimer(callback: () => void, delayMs: number): Timer
}

/** The process's own time. Its timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer(callback, delayMs) {
    const handle = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
}

/** Waits on `clock`; an abort ends the wait early and quietly. */
export function wait(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.setTimer(done, delayMs)
    signal?.addEventListener('abort', done)
  })
}
