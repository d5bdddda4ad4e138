import { resolve } from 'node:path'
import { isPlain } from './kinds-of-object.ts'

/** Settings that name a file or a folder. */
const PATHS = new Set(['backendCa', 'errorPages', 'tokenFile', 'pidFile', 'file'])

/** What stands in there has names of the user's. */
const HEADERS = new Set(['checkHeader', 'setRequestHeaders', 'setResponseHeaders'])

/** Paths in a file are meant from its folder, wherever the command is started. */
export function absolutePaths(value: unknown, folder: string): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as unknown[]).map((item) => absolutePaths(item, folder))
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, HEADERS.has(key) ? item : absolute(key, item, folder)]),
  )
}

function absolute(key: string, item: unknown, folder: string): unknown {
  return PATHS.has(key) && isPath(item) ? resolve(folder, item) : absolutePaths(item, folder)
}

/** Certificates may stand there themselves. */
function isPath(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && !value.trimStart().startsWith('-----BEGIN ')
}
