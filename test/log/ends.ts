import type { RequestEnd, SessionEnd } from '../../src/core/events.ts'

/** A session as its event tells it. */
export const SESSION: SessionEnd = {
  id: 7,
  listener: 'main',
  client: '192.0.2.1:50000',
  pool: 'main',
  backend: 'b',
  tried: [{ backend: 'a', reason: 'ECONNREFUSED' }],
  code: 'SD',
  reason: 'backend-reset',
  bytesIn: 79,
  bytesOut: 261,
  queueMs: 0,
  connectMs: 5.47412,
  totalMs: 1_009.3639,
  listenerActive: 3,
  backendActive: 1,
  faults: [],
}

/** A request as its event tells it. */
export const REQUEST: RequestEnd = {
  session: 7,
  listener: 'main',
  client: '192.0.2.1:50000',
  pool: 'main',
  backend: 'b',
  tried: [],
  code: '--',
  reason: 'done',
  method: 'GET',
  path: '/a/b',
  status: 200,
  requestId: 'k3x9',
  version: '1.1',
  referer: 'http://example.org/from',
  userAgent: 'curl/8.5.0',
  bytesIn: 0,
  bytesOut: 261,
  bodyBytesOut: 38,
  queueMs: 0,
  connectMs: 0.21449,
  firstByteMs: 2.34567,
  totalMs: 12.3,
  faults: [],
}
