import * as z from 'zod'
import { backendList, writtenPool } from '../backend-list.ts'
import { taggedSteps } from '../http/answers.ts'
import { JsonPart } from '../http/pieces.ts'
import { route } from '../http/route.ts'
import { backend, pool } from '../schemas.ts'
import { assertPool, findPool } from './find.ts'

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
        return { pools: pools.map(writtenPool) }
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
        return writtenPool(findPool(yield* control.passingSnapshot(), path))
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
        return { backends: new JsonPart(() => backendList(pools)) }
      }),
  }),
]
