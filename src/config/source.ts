import { readFile, realpath, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../core/errors.ts'
import { absolutePaths } from './absolute-paths.ts'
import { expandVariables } from './expand-variables.ts'
import { findCircle } from './find-circle.ts'
import { quote } from './invalid-value.ts'
import { formatPlace, type Place } from './place.ts'
import { resolveFile } from './resolve-file.ts'
import type { Config } from './schema.ts'
import type { GivenValues } from './values.ts'

export interface ReadConfigOptions {
  /** Variables that texts in the file may name. Default: those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What the environment and flags say of settings, read: see {@link FileContext}. */
  readonly overrides?: GivenValues
}

/** A configuration is a page or two; what is longer is something else. */
const MOST_BYTES = 16 * 1024 * 1024

/**
 * Reads a configuration: YAML, JSON, or a module with a default export. Paths in it are meant from its folder.
 *
 * @throws {ConfigError} with every problem at once, each with its file, and with its line where there is one
 */
export async function readConfigFile(path: string, options: ReadConfigOptions = {}): Promise<Config> {
  const { env = process.env, overrides } = options
  const format = FORMATS[extname(path).toLowerCase()]
  if (format === undefined) {
    throw fileError(
      path,
      'cannot be read: its name must end in .yaml, .yml, .json, .mjs, .js, .cjs, .ts or .mts',
    )
  }
  const folder = dirname(resolve(path))
  if (format === 'module') {
    const value = await importModule(path)
    assertEnds(value, path)
    return resolveFile(absolutePaths(value, folder), { file: path, overrides })
  }
  const text = await readText(path)
  // Loaded only where there is a text to take apart.
  const { parseText } = await import('./parse-text.ts')
  const { value, problems, lineOf } = parseText(text, format)
  if (value === undefined || value === null) {
    if (problems.length === 0) throw fileError(path, 'is empty: it needs listeners and pools')
    throw new ConfigError(problems.map(({ line, message }) => ({ file: path, line, path: '', message })))
  }
  assertEnds(value, path, lineOf)
  const expanded = expandVariables(value, env)
  return resolveFile(absolutePaths(expanded.value, folder), {
    file: path,
    lineOf,
    before: [...problems, ...expanded.problems],
    overrides,
  })
}

const FORMATS: Readonly<Record<string, 'yaml' | 'json' | 'module' | undefined>> = {
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.json': 'json',
  '.mjs': 'module',
  '.js': 'module',
  '.cjs': 'module',
  '.ts': 'module',
  '.mts': 'module',
}

/** Whoever walks through a circle never comes to its end. An alias of YAML can make one, and so can a module. */
function assertEnds(value: unknown, file: string, lineOf?: (place: Place) => number | undefined): void {
  const circle = findCircle(value)
  if (circle === undefined) return
  const message = 'leads back to what it stands in, without end'
  throw new ConfigError([{ file, line: lineOf?.(circle), path: formatPlace(circle), message }])
}

function fileError(path: string, message: string): ConfigError {
  return new ConfigError([{ file: path, path: '', message }])
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MOST_BYTES) throw fileError(path, `has ${size} bytes: no configuration is as long as that`)
    // Editors of some systems begin a file with a mark.
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw fileError(path, reasonOf(error as NodeJS.ErrnoException))
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'is not there'
  if (code === 'EISDIR') return 'is a folder, not a file'
  if (code === 'EACCES') return 'may not be read'
  return `cannot be read: ${code ?? message}`
}

/** Each state of the file is a module of its own: Node would give the first one for ever. */
async function importModule(path: string): Promise<unknown> {
  const url = pathToFileURL(resolve(path))
  try {
    url.searchParams.set('state', String((await stat(path)).mtimeMs))
    // CommonJS knows its modules by their files alone.
    Reflect.deleteProperty(createRequire(import.meta.url).cache, await realpath(path))
    const { default: config } = (await import(url.href)) as { readonly default?: unknown }
    if (config === undefined)
      throw fileError(path, 'has no default export: write export default defineConfig({ ... })')
    return typeof config === 'function' ? await (config as () => unknown)() : config
  } catch (error) {
    if (error instanceof ConfigError) throw error
    if (!(error instanceof Error)) throw fileError(path, `cannot be loaded: it threw ${quote(error)}`)
    const { code, message, name } = error as NodeJS.ErrnoException
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw fileError(
        path,
        `Node ${process.versions.node} loads no TypeScript: use Node 22.18 or later, or make it a .mjs file`,
      )
    }
    if (code === 'ENOENT') throw fileError(path, reasonOf(error))
    throw fileError(path, `cannot be loaded: ${name}: ${message.split('\n', 1)[0] ?? ''}`)
  }
}
