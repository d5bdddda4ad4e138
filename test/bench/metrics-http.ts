import { measureHttpLatency } from './measure/http-latency.ts'
import { measureHttpPaced } from './measure/http-paced.ts'
import { measureHttpSiege } from './measure/http-siege.ts'
import { measureHttpWire } from './measure/http-wire.ts'
import type { HttpLoad } from './measure/http-cpu.ts'
import { measureHttpCpu } from './measure/http-cpu.ts'
import type { Goal, Metric } from './metric.ts'
import { figure } from './metric.ts'
import { chrt, tcpdump, wrk } from './tool.ts'

const SMALL = { ratio: 1.15, rivals: { 'node-http': 1 / 4, 'go-http': 1 / 6 } }
const BODY = { ratio: 1.3 }

const PACED = 'Latency of a small GET at 2,000 requests/s'
const MILLISECONDS = { unit: 'ms', digits: 3 } as const

export const httpMetrics: readonly Metric[] = [
  cpu('http-get', 'CPU time a small GET (keep-alive, 64 connections)', SMALL, {
    unit: 'us',
    digits: 2,
    path: '/',
    connections: 64,
  }),
  cpu('http-100k', 'CPU time a response of 100 KB', BODY, {
    ...MILLISECONDS,
    path: '/100k',
    connections: 64,
  }),
  cpu('http-chunked', 'CPU time a chunked response of 100 KB', BODY, {
    ...MILLISECONDS,
    path: '/chunked',
    connections: 64,
    backend: 'node',
  }),
  cpu('http-10m', 'CPU time a GB of responses of 10 MB (8 connections)', BODY, {
    unit: 's',
    digits: 3,
    path: '/10m',
    connections: 8,
    isPerGigabyte: true,
  }),
  upload('http-put', { method: 'PUT', isChunked: false }),
  upload('http-post', { method: 'POST', isChunked: false }),
  upload('http-put-chunked', { method: 'PUT', isChunked: true }),
  upload('http-post-chunked', { method: 'POST', isChunked: true }),
  {
    name: 'http-latency',
    suite: 'http',
    figures: [
      figure('http-p50', 'Latency of a small GET at half load, p50', 'us', 0),
      figure('http-p99', 'Latency of a small GET at half load, p99', 'us', 0, { ratio: 1.5 }),
      figure('http-rate', 'Half load: half of what wrk got through it just before', 'requests/s', 0),
    ],
    tool: wrk,
    measure: measureHttpLatency,
  },
  {
    name: 'http-paced',
    suite: 'http',
    figures: [
      figure('http-paced-p50', `${PACED}, p50`, 'us', 0),
      figure('http-paced-p99', `${PACED}, p99`, 'us', 0),
      figure('http-paced-lost', 'Lost meanwhile', 'requests and connections', 0, { value: 0 }),
    ],
    tool: chrt,
    measure: measureHttpPaced,
  },
  {
    name: 'http-wire',
    suite: 'http',
    figures: [
      figure(
        'http-wire-p50',
        'Added to a small GET at 2,000 requests/s, from packet to packet, p50',
        'us',
        0,
      ),
      figure(
        'http-wire-p99',
        'Added to a small GET at 2,000 requests/s, from packet to packet, p99',
        'us',
        0,
      ),
    ],
    tool: tcpdump,
    measure: measureHttpWire,
  },
  {
    name: 'http-siege',
    suite: 'http',
    figures: [
      figure('http-siege-p99', `${PACED} with the admin side besieged, p99`, 'us', 0),
      figure('http-siege-free-p99', 'The same, by turns, while the siege stands still', 'us', 0),
      figure('http-siege-wire-p99', 'Added, from packet to packet, while it is besieged, p99', 'us', 0),
      figure('http-siege-free-wire-p99', 'The same while the siege stands still', 'us', 0),
      figure('http-siege-lost', 'Lost meanwhile', 'requests and connections', 0, { value: 0 }),
    ],
    tool: tcpdump,
    measure: measureHttpSiege,
  },
]

function upload(name: string, of: { method: 'PUT' | 'POST'; isChunked: boolean }): Metric {
  const title = `CPU time a ${of.method} of 1 MB, ${of.isChunked ? 'chunked' : 'with its length'} (16 connections)`
  return cpu(name, title, BODY, { ...MILLISECONDS, path: '/', connections: 16, backend: 'node', upload: of })
}

function cpu(
  name: string,
  title: string,
  goal: Goal,
  load: HttpLoad & { unit: 'us' | 'ms' | 's'; digits: number },
): Metric {
  return {
    name,
    suite: 'http',
    figures: [figure(name, title, load.unit, load.digits, goal)],
    tool: wrk,
    async measure(bed) {
      return { [name]: (await measureHttpCpu(bed, load)) * A_SECOND[load.unit] }
    },
  }
}

const A_SECOND = { us: 1e6, ms: 1e3, s: 1 }
