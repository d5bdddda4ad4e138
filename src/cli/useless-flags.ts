import { COUNTS_ONLY_IN_HTTP, HTTP_ONLY } from '../config/resolve-http.ts'
import { NEEDS_COOKIE, NEEDS_HTTP_CHECK, ONLY_HTTP_CHECKS } from '../config/resolve-pool.ts'
import type { Config } from '../config/schema.ts'

/** By setting, as it was typed: `sticky` is `--sticky`. */
export type FlagPlaces = ReadonlyMap<string, string>

/** A setting of the admin listener counts only where there is one. */
export const NEEDS_ADMIN = 'counts only with --admin'

/**
 * Flags beside a configuration file that count for no listener and no pool of it: refused in the words that they get
 * without a file. Not so variables, which may be meant for others; and not on a reload, which is about the file.
 */
export function uselessFlags(config: Config, flags: FlagPlaces): string[] {
  const { listeners, pools, admin } = config
  const isTcp = listeners.every(({ http }) => http === undefined)
  const hasCookie = pools.some(({ stickiness }) => stickiness.kind === 'cookie')
  const told = new Map<string, string>()
  const refuse = (keys: readonly string[], message: string): void => {
    for (const place of keys.flatMap((key) => flags.get(key) ?? [])) told.set(place, message)
  }
  if (admin === undefined) refuse(['adminTokenFile', 'adminHosts'], NEEDS_ADMIN)
  if (pools.every(({ check }) => check.kind === 'tcp')) refuse(ONLY_HTTP_CHECKS, NEEDS_HTTP_CHECK)
  if (!hasCookie) refuse(['stickyCookie'], NEEDS_COOKIE)
  if (isTcp) refuse([...HTTP_ONLY, 'accessLog'], COUNTS_ONLY_IN_HTTP)
  return [...told].map(([place, message]) => `${place}: ${message}`)
}
