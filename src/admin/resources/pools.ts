import type { PassingPool } from '../../control/take-snapshot.ts'
import type { BackendSnapshot } from '../../core/snapshot.ts'
import { taggedSteps } from '../http/answers.ts'
import { route } from '../http/route.ts'
import { backend, pool } from '../schemas.ts'
import { assertPool, findPool } from './find.ts'
import { z } from '../../config/zod.ts'

const backendOfPool = backend.extend({ pool: z.string() })

export const poolRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/pools',
    id: 'listPools',
    tag: 'backends',
    summary: 'All pools with their backends',
    answers: { 200: { description: 'The pools.', schema: z.object({ pools: z.array(pool) }) } },
    handle: ({ control }) =>
      taggedSteps(control.version, function* () {
        const { pools } = yield* control.passingSnapshot()
        return { pools }
      }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/pools/{pool}',
    id: 'getPool',
    tag: 'backends',
    summary: 'One pool with its backends',
    answers: { 200: { description: 'The pool.', schema: pool } },
    handle: ({ control, path }) => {
      assertPool(control, path)
      return taggedSteps(control.version, function* () {
        return findPool(yield* control.passingSnapshot(), path)
      })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/backends',
    id: 'listBackends',
    tag: 'backends',
    summary: 'The backends of all pools in one list',
    answers: {
      200: { description: 'The backends.', schema: z.object({ backends: z.array(backendOfPool) }) },
    },
    handle: ({ control }) =>
      taggedSteps(control.version, function* () {
        const { pools } = yield* control.passingSnapshot()
        return { backends: withPool(pools) }
      }),
  }),
]

/** One by one, as they are asked for. */
function* withPool(pools: readonly PassingPool[]): Generator<BackendSnapshot & { readonly pool: string }> {
  for (const { name, backends } of pools) for (const one of backends) yield { ...one, pool: name }
}
