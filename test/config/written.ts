import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-config-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** Writes a file into a folder of this test file's own, and gives its path. */
export function written(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
