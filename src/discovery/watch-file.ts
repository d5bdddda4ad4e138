import type { FSWatcher } from 'node:fs'
import { statSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock, Timer } from '../core/clock.ts'

export interface WatchFileOptions {
  readonly clock: Clock
  readonly onChange: () => void
}

/** A change is told so much after its first event: those of one change come together, and writing takes a while. */
const SETTLE_MS = 100
/** A folder that cannot be watched, or has been replaced, is looked for this often. */
const WATCH_AGAIN_MS = 5_000

/**
 * Tells, at most ten times a second, that a file may have changed. It watches the folder: a file that is replaced by a
 * rename (editors), or by the swap of a link beside it (Kubernetes), takes a watch on itself along. Anything that
 * happens in the folder counts, so compare the contents. It sees nothing of what links to other folders lead to, and
 * nothing on some network file systems: look now and then without being told.
 */
export function watchFile(path: string, options: WatchFileOptions): () => void {
  const watching = new FolderWatch(dirname(path), options)
  return () => watching.close()
}

class FolderWatch {
  readonly #folder: string
  readonly #options: WatchFileOptions
  #watcher: FSWatcher | undefined
  /** The folder under watch, whatever its name leads to by now. */
  #inode: number | undefined
  #settling: Timer | undefined
  #again: Timer | undefined

  constructor(folder: string, options: WatchFileOptions) {
    this.#folder = folder
    this.#options = options
    this.#keepWatching()
  }

  close(): void {
    this.#again?.cancel()
    this.#settling?.cancel()
    this.#stop()
  }

  #keepWatching(): void {
    const inode = inodeOf(this.#folder)
    if (inode !== this.#inode || this.#watcher === undefined) {
      this.#stop()
      const isFirst = this.#again === undefined
      this.#inode = inode
      if (inode !== undefined) this.#watch()
      if (!isFirst && inode !== undefined) this.#changed()
    }
    this.#again = this.#options.clock.setTimer(() => this.#keepWatching(), WATCH_AGAIN_MS)
  }

  #watch(): void {
    try {
      const watcher = watch(this.#folder, () => this.#changed())
      this.#watcher = watcher.on('error', () => this.#stop())
    } catch {
      // No watch is to be had (ENOSPC, EACCES, or it is gone again): looks by the clock go on.
    }
  }

  #stop(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #changed(): void {
    this.#settling ??= this.#options.clock.setTimer(() => {
      this.#settling = undefined
      this.#options.onChange()
    }, SETTLE_MS)
  }
}

/** Undefined where it is not there, or cannot be looked at: that may pass (EACCES, ELOOP, ESTALE, EIO). */
function inodeOf(folder: string): number | undefined {
  try {
    return statSync(folder).ino
  } catch {
    return undefined
  }
}
