/**
 * A command as it runs by itself. tap puts a loader into every Node that a test starts, whatever its environment is
 * set to: it doubles the time of the start, and listens for signals.
 */
export function plainly(file: string, args: readonly string[]): [file: string, args: string[]] {
  return ['/usr/bin/env', ['-u', 'NODE_OPTIONS', file, ...args]]
}
