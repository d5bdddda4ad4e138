import { z } from 'zod'
import { route } from '../http/route.ts'

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export const documentRoutes = [
  route({
    method: 'GET',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'status',
    summary: 'Metrics in the text format of Prometheus',
    type: METRICS_TYPE,
    answers: { 200: { description: 'The metrics.' } },
    handle: ({ control, context }) => ({
      type: METRICS_TYPE,
      text: context.metrics(control.snapshot(), context.facts()),
    }),
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
