import type { ProcessFacts } from '../core/process-facts.ts'
import type { Metric } from './metric.ts'
import { counter, gauge, onlyFor } from './metric.ts'

/** `process_...`: the names that every Prometheus client uses. */
export const processMetrics: readonly Metric<ProcessFacts>[] = [
  counter(
    'cpu_seconds_total',
    'Processor time, user and system.',
    ({ cpuUserMs, cpuSystemMs }) => (cpuUserMs + cpuSystemMs) / 1_000,
  ),
  gauge('start_time_seconds', 'When it was started.', ({ startedAt }) => startedAt / 1_000),
  gauge('open_fds', 'Open descriptors; a session takes two.', ({ openDescriptors }) => openDescriptors),
  ...onlyFor<ProcessFacts>(
    ({ descriptorLimit }) => descriptorLimit !== undefined,
    [gauge('max_fds', 'Most descriptors at once.', ({ descriptorLimit }) => descriptorLimit ?? 0)],
  ),
  gauge('resident_memory_bytes', 'Resident memory.', ({ memory }) => memory.residentBytes),
]

/** `nodejs_...` */
export const nodeMetrics: readonly Metric<ProcessFacts>[] = [
  gauge('heap_size_used_bytes', 'Memory of JavaScript objects.', ({ memory }) => memory.heapUsedBytes),
  gauge('heap_size_total_bytes', 'Memory that is set aside for them.', ({ memory }) => memory.heapTotalBytes),
  gauge(
    'external_memory_bytes',
    'Memory outside of the heap: buffers.',
    ({ memory }) => memory.externalBytes,
  ),
  gauge(
    'eventloop_lag_p50_seconds',
    'How late the event loop is, over the last 10 to 20 s: the median.',
    ({ loop }) => loop.lagP50Ms / 1_000,
  ),
  gauge(
    'eventloop_lag_p99_seconds',
    'How late the event loop is, over the last 10 to 20 s: the 99th percentile.',
    ({ loop }) => loop.lagP99Ms / 1_000,
  ),
  gauge(
    'eventloop_lag_max_seconds',
    'How late the event loop is, over the last 10 to 20 s: the worst.',
    ({ loop }) => loop.lagMaxMs / 1_000,
  ),
  gauge(
    'eventloop_utilization',
    'Share of that time that the event loop was busy, 0 to 1.',
    ({ loop }) => loop.utilization,
  ),
]
