import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. The tests run compiled, from `.build/test`; what is no TypeScript lies where it was written. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** @param path below the project's folder, such as `test/helpers/raw_peer.py` */
export function inProject(path: string): string {
  return join(root, path)
}
