import { banner } from './banner-backend.ts'
import { echo } from './echo-backend.ts'
import { halfClosing } from './half-closing-backend.ts'
import { hashing } from './hashing-backend.ts'
import { resetting } from './resetting-backend.ts'
import { silent } from './silent-backend.ts'
import { sink } from './sink-backend.ts'
import { slow } from './slow-backend.ts'
import { source } from './source-backend.ts'

/**
 * What raw fixtures can do, for one that is to change while it runs: `backend.behaviour = behave.silent()` holds for
 * connections from then on. A function of your own does as well.
 */
export const behave = { banner, echo, halfClosing, hashing, resetting, silent, sink, slow, source } as const
