import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inPackage } from '../core/in-package.ts'
import type { StaticFile } from './static-file.ts'
import { staticFile } from './static-file.ts'

/**
 * The dashboard's files by name: one flat folder, read once when the first is asked for. A request only ever looks a
 * name up in this table, so that no path of the file system can be made of it.
 */
export class DashboardFiles {
  readonly #folder: URL
  #files: ReadonlyMap<string, StaticFile> | undefined

  /** @param folder default: where the build puts them. Ends with `/`. */
  constructor(folder: URL = pathToFileURL(inPackage('dist/dashboard/'))) {
    this.#folder = folder
  }

  get(name: string): StaticFile | undefined {
    this.#files ??= readFiles(this.#folder)
    return this.#files.get(name)
  }
}

function readFiles(folder: URL): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>([
    ['index.html', staticFile(TYPES['.html'] as string, NO_DASHBOARD)],
  ])
  for (const entry of entriesOf(folder)) {
    const type = TYPES[extname(entry)]
    if (type !== undefined) files.set(entry, staticFile(type, readFileSync(new URL(entry, folder))))
  }
  return files
}

function entriesOf(folder: URL): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
  } catch {
    return [] // a build without a dashboard: the page says so
  }
}

const NO_DASHBOARD = `<!doctype html><html lang="en"><meta charset="utf-8"><title>fairlead</title>
<h1>fairlead</h1><p>This build has no dashboard. See <a href="api/v1/status">api/v1/status</a>,
<a href="metrics">metrics</a> and <a href="api/v1/openapi.json">api/v1/openapi.json</a>.</p></html>
`

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}
