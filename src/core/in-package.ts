import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * A file or folder of the package, found by the package's own name: as it ships, this lies in a bundle, and not where
 * the source has it. Only when it is asked for: a program that is one file itself may have no package to find.
 *
 * @param path below the package's folder: `dist/openapi.json`
 * @throws where `fairlead` is not installed
 */
export function inPackage(path: string): string {
  return join(dirname(createRequire(import.meta.url).resolve('fairlead/package.json')), path)
}
