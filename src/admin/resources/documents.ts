import * as z from 'zod'
import { takesGzip } from '../http/conditions.ts'
import { pagedAnswer } from '../http/paged-answer.ts'
import { PROMETHEUS_TYPE } from '../../metrics/prometheus.ts'
import { route } from '../http/route.ts'

export const documentRoutes = [
  route({
    method: 'GET',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'status',
    summary: 'Metrics in the text format of Prometheus',
    type: PROMETHEUS_TYPE,
    description: 'Compressed where the caller takes gzip, as Prometheus does.',
    answers: { 200: { description: 'The metrics.' } },
    handle: async ({ context, request }) => {
      const isGzip = takesGzip(request.headers)
      const page = isGzip ? context.gzipMetrics : context.metrics
      return pagedAnswer(await page.page(), {
        type: PROMETHEUS_TYPE,
        headers: { Vary: 'Accept-Encoding', ...(isGzip ? { 'Content-Encoding': 'gzip' } : {}) },
        clock: context.clock,
      })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    id: 'getDocument',
    tag: 'process',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) } },
    handle: ({ context }) => ({ type: 'application/json', text: context.document() }),
  }),
]
