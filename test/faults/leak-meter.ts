import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '../../src/core/clock.ts'
import { systemClock } from '../../src/core/clock.ts'

/** The system's clock, with a count of the timers that are armed: none is when a wheel on it is empty. */
export class CountingClock implements Clock {
  armed = 0

  now(): number {
    return systemClock.now()
  }

  wallTime(): number {
    return systemClock.wallTime()
  }

  setTimer(callback: () => void, delayMs: number): ReturnType<Clock['setTimer']> {
    this.armed++
    let isArmed = true
    const disarm = (): void => {
      if (isArmed) this.armed--
      isArmed = false
    }
    const timer = systemClock.setTimer(() => {
      disarm()
      callback()
    }, delayMs)
    return {
      cancel: () => {
        disarm()
        timer.cancel()
      },
    }
  }
}

let collectGarbage: (() => void) | undefined

/** Bytes on the JavaScript heap and in buffers outside of it, after a full garbage collection. */
export async function usedBytes(): Promise<number> {
  if (collectGarbage === undefined) {
    setFlagsFromString('--expose-gc')
    collectGarbage = runInNewContext('gc') as () => void
  }
  // Closed handles and their finalizers need turns of the loop before their memory is free.
  for (let i = 0; i < 3; i++) {
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
