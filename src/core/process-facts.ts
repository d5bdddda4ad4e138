/** What is known of the process that a balancer runs in. Plain data: `JSON.stringify` it. */
export interface ProcessFacts {
  /** Of fairlead. */
  readonly version: string
  /** Of Node.js, without the `v`. */
  readonly node: string
  readonly pid: number
  /** Wall-clock ms. */
  readonly startedAt: number
  readonly uptimeMs: number
  /** Open descriptors, counted every 10 s. */
  readonly openDescriptors: number
  /** Most of them; undefined = no limit. */
  readonly descriptorLimit?: number | undefined
  readonly cpuUserMs: number
  readonly cpuSystemMs: number
  readonly memory: {
    readonly residentBytes: number
    readonly heapUsedBytes: number
    readonly heapTotalBytes: number
    /** Buffers outside of the heap included. */
    readonly externalBytes: number
  }
  readonly loop: LoopFacts
}

/** How late the event loop is. Over a window of 10 to 20 s, so that a stall is seen, and forgotten again. */
export interface LoopFacts {
  readonly lagP50Ms: number
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  /** Share of the window that it was busy, 0 to 1. */
  readonly utilization: number
}
