import type { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import { WaitTimeoutError } from '../core/errors.ts'

const DEFAULT_TIMEOUT_MS = 5_000

export interface WaitOptions {
  /** In real time; default 5 s. */
  readonly timeoutMs?: number
}

/**
 * Waits for the next `name` event whose arguments satisfy `predicate` (default: any) and gives its arguments. It sees
 * only events from the call on: call it before what triggers the event, await it after. An `error` event, unless it
 * is the one that is awaited, ends the wait.
 */
export function waitForEvent<T extends Record<keyof T, unknown[]>, K extends keyof T & string>(
  emitter: EventEmitter<T>,
  name: K,
  predicate?: (...args: T[K]) => boolean,
  options?: WaitOptions,
): Promise<T[K]>
export function waitForEvent(
  emitter: EventEmitter,
  name: string,
  predicate?: (...args: unknown[]) => boolean,
  options?: WaitOptions,
): Promise<unknown[]>
export function waitForEvent(
  emitter: EventEmitter,
  name: string,
  predicate: (...args: unknown[]) => boolean = () => true,
  options: WaitOptions = {},
): Promise<unknown[]> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  let seen = 0
  let last: unknown[] = []
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      emitter.off(name, listener)
      emitter.off('error', failed)
      finish()
    }
    const listener = (...args: unknown[]): void => {
      seen++
      last = args
      try {
        if (predicate(...args)) settle(() => resolve(args))
      } catch (error) {
        settle(() => reject(error))
      }
    }
    const failed = (cause: unknown): void => {
      const error = new Error(`an error ended the wait for ${name}: ${String(cause)}`, { cause })
      settle(() => reject(error))
    }
    const timer = setTimeout(() => {
      const others = seen === 0 ? 'none came' : `${seen} came, the last with ${show(last)}`
      const kind = seen === 0 ? '' : ' that satisfies the predicate'
      settle(() => reject(new WaitTimeoutError(`an event ${name}${kind}: ${others}`, timeoutMs)))
    }, timeoutMs)
    emitter.on(name, listener)
    if (name !== 'error') emitter.on('error', failed)
  })
}

export interface WaitUntilOptions extends WaitOptions {
  /** What is awaited, for the timeout's message; a function is called only then. */
  readonly describe?: string | (() => string)
}

/** So often on the next turn of the loop, before it waits a little between two looks. */
const QUICK_LOOKS = 50
const SLOW_LOOK_MS = 5

/**
 * Looks until `predicate` gives something truthy, and gives that. It looks at least once, and once more when the time
 * is up. What the predicate throws ends the wait.
 */
export async function waitUntil<T>(
  predicate: () => T | Promise<T>,
  options: WaitUntilOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, describe = 'a condition' } = options
  const deadline = performance.now() + timeoutMs
  for (let looks = 1; ; looks++) {
    const late = performance.now() >= deadline
    const value = await predicate()
    if (value) return value
    if (late) {
      const awaited = typeof describe === 'string' ? describe : describe()
      throw new WaitTimeoutError(`${awaited}: the last value was ${show(value)}`, timeoutMs)
    }
    await new Promise<void>((resolve) => {
      if (looks <= QUICK_LOOKS) setImmediate(resolve)
      else setTimeout(resolve, SLOW_LOOK_MS)
    })
  }
}

function show(value: unknown): string {
  return inspect(value, { depth: 2, breakLength: Infinity })
}
