import * as z from 'zod'
import { ApiError } from '../api-error.ts'
import { repeatedText, text } from '../http/parameters.ts'
import { route } from '../http/route.ts'
import { explanation, reloadReport } from '../schemas.ts'
import { fieldsOf } from './explain-fields.ts'
import { visibleConfig } from './visible-config.ts'

export const processRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/config',
    id: 'getConfig',
    tag: 'process',
    summary: 'The configuration in force, defaults in place',
    description: 'Tokens, keys and the values of headers that may hold them are shown as `(hidden)`.',
    answers: { 200: { description: 'The configuration.', schema: z.record(z.string(), z.unknown()) } },
    handle: ({ control }) => ({ json: visibleConfig(control.config) }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/reload',
    id: 'reload',
    tag: 'process',
    summary: 'Read the configuration again',
    description: 'As SIGHUP does. What is equal in both is not touched; open sessions go on.',
    matches: true,
    answers: {
      200: { description: 'It is in force.', schema: reloadReport },
      409: { description: 'There is no configuration file to read.' },
      422: {
        description: 'It is not good: nothing was changed, and `problems` say why.',
        schema: reloadReport,
      },
    },
    handle: async ({ context }) => {
      if (context.reload === undefined) {
        throw new ApiError(409, { code: 'NO_CONFIG_FILE', message: 'there is no configuration file to read' })
      }
      const report = await context.reload()
      return { status: report.ok ? 200 : 422, json: report }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/explain',
    id: 'explain',
    tag: 'process',
    summary: 'Which backend would this client get, and why none of the others',
    query: {
      client: text("The client's IP address; default `127.0.0.1`."),
      listener: text('Default: the first.'),
      host: text('HTTP mode: `Host` of the request.'),
      path: text('HTTP mode: path of the request; default `/`.'),
      header: repeatedText('HTTP mode: `name: value` of a field that stickiness looks at; may be repeated.'),
    },
    answers: { 200: { description: 'The choice. Nothing was changed by asking.', schema: explanation } },
    handle: ({ control, query: { header, ...request } }) => ({
      json: control.explain({ ...request, ...(header === undefined ? {} : { headers: fieldsOf(header) }) }),
    }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/counters/reset',
    id: 'resetCounters',
    tag: 'process',
    summary: 'All counters back to zero',
    description: 'Gauges, health and open sessions stay.',
    answers: { 200: { description: 'Done.', schema: z.object({ reset: z.literal(true) }) } },
    handle: ({ control }) => {
      control.resetCounters()
      return { json: { reset: true } }
    },
  }),
]
