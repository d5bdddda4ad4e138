import * as z from 'zod'
import type { SessionFilter } from '../../control/port.ts'
import { badRequest, notFound } from '../api-error.ts'
import type { Values } from '../http/parameters.ts'
import { text, whole } from '../http/parameters.ts'
import { route } from '../http/route.ts'
import { session } from '../schemas.ts'
import { sessionList } from '../session-list.ts'

const MOST_SESSIONS = 10_000
const DEFAULT_SESSIONS = 1_000

const which = {
  listener: text('Of this listener.'),
  pool: text('Of this pool.'),
  backend: text('Of this backend: its id, in whichever pool, or `pool/id`.'),
  client: text("Of this client's IP address."),
}

const killed = z.object({ killed: z.int() })

export const sessionRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/sessions',
    id: 'listSessions',
    tag: 'sessions',
    summary: 'Open sessions, the oldest first',
    query: {
      ...which,
      most: whole(`At most so many; default ${DEFAULT_SESSIONS}.`, { least: 1, most: MOST_SESSIONS }),
    },
    answers: {
      200: {
        description: 'The sessions. `total` counts all that are open, whatever the filter.',
        schema: z.object({ sessions: z.array(session), total: z.int() }),
      },
    },
    handle: ({ control, query }) => ({
      pieces: () => sessionList(control, { most: query.most ?? DEFAULT_SESSIONS, ...filterOf(query) }),
    }),
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/sessions/{session}',
    id: 'killSession',
    tag: 'sessions',
    summary: 'Reset one session',
    description: 'Both sides get a reset; it is logged with the code `KD`.',
    answers: { 200: { description: 'It is gone.', schema: killed } },
    handle: ({ control, path }) => {
      const id = /^\d{1,15}$/.test(path['session'] ?? '') ? Number(path['session']) : -1
      if (!control.killSession(id)) throw notFound('no such session is open')
      return { json: { killed: 1 } }
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/sessions',
    id: 'killSessions',
    tag: 'sessions',
    summary: 'Reset all sessions that match',
    description: 'At least one filter must be there: nobody resets everything by a slip.',
    query: which,
    answers: { 200: { description: 'How many were reset.', schema: killed } },
    handle: ({ control, query }) => {
      const filter = filterOf(query)
      if (Object.keys(filter).length === 0) throw badRequest('say which: listener, pool, backend or client')
      return { json: { killed: control.killSessions(filter) } }
    },
  }),
]

function filterOf({ listener, pool, backend, client }: Values<typeof which>): SessionFilter {
  return {
    ...(listener === undefined ? {} : { listener }),
    ...(pool === undefined ? {} : { pool }),
    ...(backend === undefined ? {} : { backend }),
    ...(client === undefined ? {} : { client }),
  }
}
