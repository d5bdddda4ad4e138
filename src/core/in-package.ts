import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Asked of the package by its own name: as it ships, this lies in a bundle, and not where the source has it. */
const manifest = createRequire(import.meta.url).resolve('fairlead/package.json')

/**
 * A file or folder of the package.
 *
 * @param path below the package's folder: `dist/openapi.json`
 */
export function inPackage(path: string): string {
  return join(dirname(manifest), path)
}
