/**
 * Read buffers of four sizes, taken from free lists and given back: two fresh ArrayBuffers a connection cost
 * about a tenth of what a short connection costs in all.
 *
 * A buffer belongs to one socket until it is given back. Sharing one between sockets corrupts data: while a write
 * of it is on its way, another socket's read would land in the bytes that still wait.
 */

/** Idle connections hold this size: it decides what an idle pair costs. */
const SMALLEST = 4 * 1024

const SIZES = [SMALLEST, 16 * 1024, 64 * 1024, 256 * 1024]

/** At most this many bytes of each size wait in the free lists; more is left to the garbage collector. */
const MOST_FREE_BYTES = 4 * 1024 * 1024

/**
 * A flow gets the largest size only after it moved this many bytes: more than the system's own socket buffers
 * swallow (4 MiB to send and 6 MiB to receive, as Linux is set up), so that a reader who never reads stalls while
 * we hold 64 KiB for it, and only proven bulk flows hold 256 KiB.
 */
const BULK_BYTES = 16 * 1024 * 1024

/** As many small reads in a row show that a burst is over. */
export const SMALL_READS_TO_SHRINK = 8

const free: Buffer[][] = SIZES.map(() => [])

/** The smallest buffer: where every connection begins. */
export function takeBuffer(level = 0): Buffer {
  // A Buffer of its own memory: a slice of Node's shared pool would pin 8 KiB for a long time.
  return (free[level] as Buffer[]).pop() ?? Buffer.allocUnsafeSlow(SIZES[level] as number)
}

/** Gives a buffer back. Nobody may hold it, or a view of it, any longer. */
export function giveBuffer(buffer: Buffer): void {
  const level = levelOf(buffer)
  const list = free[level] as Buffer[]
  if (list.length * buffer.length < MOST_FREE_BYTES) list.push(buffer)
}

/** The buffer to read into after `buffer` was filled to the brim; the same one where it should not grow. */
export function grownBuffer(buffer: Buffer, bytesRead: number): Buffer {
  const level = levelOf(buffer) + 1
  if (level === SIZES.length) return buffer
  if (level === SIZES.length - 1 && bytesRead < BULK_BYTES) return buffer
  giveBuffer(buffer)
  return takeBuffer(level)
}

/** Bytes of a read so small that they would have fitted into the smallest buffer. */
export function isSmallRead(length: number): boolean {
  return length <= SMALLEST
}

/** The smallest buffer in place of a grown one. */
export function shrunkBuffer(buffer: Buffer): Buffer {
  if (buffer.length === SMALLEST) return buffer
  giveBuffer(buffer)
  return takeBuffer()
}

function levelOf(buffer: Buffer): number {
  return SIZES.indexOf(buffer.length)
}
