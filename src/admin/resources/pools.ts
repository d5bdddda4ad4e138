import { taggedJson } from '../http/answers.ts'
import { route } from '../http/route.ts'
import { backend, pool } from '../schemas.ts'
import { findPool } from './find.ts'
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
    handle: ({ control }) => taggedJson(control.version, () => ({ pools: control.snapshot().pools })),
  }),
  route({
    method: 'GET',
    path: '/api/v1/pools/{pool}',
    id: 'getPool',
    tag: 'backends',
    summary: 'One pool with its backends',
    answers: { 200: { description: 'The pool.', schema: pool } },
    handle: ({ control, path }) => {
      const found = findPool(control.snapshot(), path)
      return taggedJson(control.version, () => found)
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
      taggedJson(control.version, () => ({
        backends: control
          .snapshot()
          .pools.flatMap(({ name, backends }) => backends.map((one) => ({ ...one, pool: name }))),
      })),
  }),
]
