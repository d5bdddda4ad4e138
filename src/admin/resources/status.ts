import { taggedSteps } from '../http/answers.ts'
import { route } from '../http/route.ts'
import { status } from '../schemas.ts'

export const statusRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/status',
    id: 'getStatus',
    tag: 'status',
    summary: 'Everything at one glance',
    description: 'A snapshot of all listeners, pools and backends with their counters, and of the process.',
    answers: { 200: { description: 'The whole snapshot.', schema: status } },
    handle: ({ control, context }) => taggedSteps(control.version, () => context.status()),
  }),
]
