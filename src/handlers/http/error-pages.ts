import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../core/errors.ts'
import type { ErrorPage } from './error-response.ts'

const FILE = /^([45]\d\d)\.(html|json|txt)$/

/**
 * Reads an operator's own pages, named by status: `503.html`, `503.json`, `503.txt`. Other files are left alone. Read
 * once, so that an answer in trouble needs no disk.
 *
 * @throws {ConfigError} where the folder or a page cannot be read
 */
export function loadErrorPages(folder: string | undefined): ReadonlyMap<number, ErrorPage> {
  const pages = new Map<number, ErrorPage>()
  if (folder === undefined) return pages
  try {
    for (const file of readdirSync(folder)) {
      const [, status, type] = FILE.exec(file) ?? []
      if (status === undefined || type === undefined) continue
      const text = readFileSync(join(folder, file), 'utf8')
      pages.set(Number(status), { ...pages.get(Number(status)), [type === 'txt' ? 'text' : type]: text })
    }
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException
    throw new ConfigError([{ path: 'errorPages', message: `${folder} cannot be read: ${code}` }])
  }
  return pages
}
