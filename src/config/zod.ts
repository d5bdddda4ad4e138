import { createRequire } from 'node:module'
import type * as Zod from 'zod'

export type { Zod }

/**
 * zod, whose modules are read one after the other this way. As ES modules some sixty of them (its languages) are opened
 * at once, more than a tight limit of descriptors allows: a process that cannot have a hundred would not start.
 */
export const z = createRequire(import.meta.url)('zod') as typeof Zod
