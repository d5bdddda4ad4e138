import { readFileSync } from 'node:fs'
import { inPackage } from './in-package.ts'

/** The version in package.json. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'))
  return (manifest as { version: string }).version
}
