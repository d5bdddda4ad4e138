import type { Setting } from './setting.ts'
import { healthSettings } from './settings-health.ts'
import { httpSettings } from './settings-http.ts'
import { processSettings } from './settings-process.ts'
import { trafficSettings } from './settings-traffic.ts'

/**
 * Every setting, once. Flags, environment variables, the checks on the library's options, the help and the
 * README's table are all made from it; the order is the order in which people read them.
 */
export const settings = [
  ...trafficSettings,
  ...httpSettings,
  ...healthSettings,
  ...processSettings,
] as const satisfies readonly Setting[]

export type SettingKey = (typeof settings)[number]['key']
