import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Clock } from '../core/clock.ts'
import { packageVersion } from '../core/package-version.ts'
import type { LoopFacts, ProcessFacts } from '../core/process-facts.ts'
import { descriptorLimit, openDescriptors } from '../net/descriptors.ts'
import { Repeater } from './repeater.ts'

/** How often the loop's delay is sampled. Each sample wakes the process, so not too often. */
const SAMPLE_MS = 50
const WINDOW_MS = 10_000
const NS_PER_MS = 1e6
const NO_LAG: LoopFacts = { lagP50Ms: 0, lagP99Ms: 0, lagMaxMs: 0, utilization: 0 }

/** Watches this process: memory, processor time, and how late its event loop is. Call `close` in the end. */
export class ProcessMeter {
  readonly #version = packageVersion()
  readonly #delay = monitorEventLoopDelay({ resolution: SAMPLE_MS })
  readonly #windows: Repeater
  readonly #descriptorLimit = descriptorLimit()
  /** Counted at the begin of each window only: with many sessions that takes milliseconds. */
  #openDescriptors = openDescriptors()
  #windowStart = performance.eventLoopUtilization()
  /** The window before the one that runs. */
  #before = NO_LAG

  constructor({ clock }: { clock: Clock }) {
    this.#delay.enable()
    this.#windows = new Repeater({ clock, everyMs: WINDOW_MS, run: () => this.#nextWindow() })
    this.#windows.start()
  }

  facts(): ProcessFacts {
    const memory = process.memoryUsage()
    const cpu = process.cpuUsage()
    return {
      version: this.#version,
      node: process.versions.node,
      pid: process.pid,
      startedAt: Math.round(performance.timeOrigin),
      openDescriptors: this.#openDescriptors,
      descriptorLimit: Number.isFinite(this.#descriptorLimit) ? this.#descriptorLimit : undefined,
      uptimeMs: Math.round(process.uptime() * 1_000),
      cpuUserMs: cpu.user / 1_000,
      cpuSystemMs: cpu.system / 1_000,
      memory: {
        residentBytes: memory.rss,
        heapUsedBytes: memory.heapUsed,
        heapTotalBytes: memory.heapTotal,
        externalBytes: memory.external,
      },
      loop: worse(this.#before, this.#measure()),
    }
  }

  close(): void {
    this.#windows.stop()
    this.#delay.disable()
  }

  #nextWindow(): void {
    this.#before = this.#measure()
    this.#delay.reset()
    this.#openDescriptors = openDescriptors()
    this.#windowStart = performance.eventLoopUtilization()
  }

  #measure(): LoopFacts {
    const { utilization } = performance.eventLoopUtilization(this.#windowStart)
    if (this.#delay.count === 0) return { ...NO_LAG, utilization }
    return {
      lagP50Ms: lag(this.#delay.percentile(50)),
      lagP99Ms: lag(this.#delay.percentile(99)),
      lagMaxMs: lag(this.#delay.max),
      utilization,
    }
  }
}

/** A sample is the time since the one before it, the interval included. */
function lag(ns: number): number {
  return Math.max(0, Math.round((ns / NS_PER_MS - SAMPLE_MS) * 10) / 10)
}

function worse(a: LoopFacts, b: LoopFacts): LoopFacts {
  return {
    lagP50Ms: Math.max(a.lagP50Ms, b.lagP50Ms),
    lagP99Ms: Math.max(a.lagP99Ms, b.lagP99Ms),
    lagMaxMs: Math.max(a.lagMaxMs, b.lagMaxMs),
    utilization: Math.max(a.utilization, b.utilization),
  }
}
