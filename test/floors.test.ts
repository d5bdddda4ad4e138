import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { test } from 'tap'
import { inProject } from './helpers/project.ts'

/** Source texts by their path below `src`, with `/` on every platform. */
type Files = ReadonlyMap<string, string>

/**
 * The floors of the house; imports go down only. `config` and `health` have a pure part on floor 1, listed here by
 * file, and an I/O part on floor 2. Rooms that are not built yet stand here too, so that they find their place.
 */
const FLOORS: readonly (readonly string[])[] = [
  ['core'],
  ['balance', 'wire', 'config', 'metrics'],
  ['net', 'pool', 'health', 'discovery', 'config/source.ts', 'config/watch.ts'],
  ['stages', 'handlers', 'faults'],
  ['control'],
  ['admin', 'log'],
  ['service'],
  ['cli', 'index.ts', 'testing', 'build'],
]

/** Files that live on another floor than the rest of their room. */
const PURE_PARTS: readonly string[] = [
  'health/verdict.ts',
  'faults/fault-fields.ts',
  'faults/fault-spec.ts',
  'faults/read-fault.ts',
]

/** Neighbours that never know each other: the supervisor wires them. */
const STRANGERS: readonly (readonly [string, string])[] = [['pool', 'health']]

const MAY_RE_EXPORT: readonly string[] = ['index.ts', 'testing/index.ts']
const MAY_USE_INTERNALS = 'net/handle-bindings.ts'

const IMPORT = /(?:^|\n)\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/g
const BARE_OR_DYNAMIC_IMPORT = /\bimport\s*\(?\s*['"]([^'"]+)['"]/g
const RE_EXPORT = /(?:^|\n)\s*export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^'"\n;]*\bfrom\b/
const DEFAULT_EXPORT = /(?:^|\n)\s*export\s+(?:default\b|\{[^}]*\bas\s+default\b)/
/** The dashboard runs in browsers: of ours they get nothing but what lies beside it, and types of the words. */
const BROWSER_ROOM = 'admin/dashboard/'
const BROWSER_TYPES: readonly string[] = ['admin/status.ts', 'uplot']
const TYPE_IMPORT = /^import type\b/
const INTERNAL =
  /\bprocess\s*\.\s*binding\b|\bbinding\b.*=\s*process\b|\.\s*_handle\b|\[\s*['"`]_handle['"`]\s*\]/

/** Everything in which `files` break the rules of the house, one line each. */
function violations(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    const code = withoutComments(text)
    return [...importViolations(path, code), ...formViolations(path, code), ...browserViolations(path, code)]
  })
}

function importViolations(path: string, code: string): string[] {
  const floor = floorOf(path)
  if (floor === undefined) return [`${path}: stands on no floor`]
  return importsOf(code)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(path), specifier))
    .flatMap((target) => {
      const targetFloor = floorOf(target)
      if (targetFloor === undefined) return [`${path}: imports ${target}, which stands on no floor`]
      if (targetFloor > floor)
        return [`${path} (floor ${floor}): imports up, ${target} (floor ${targetFloor})`]
      return areStrangers(path, target) ? [`${path}: may not know ${target}`] : []
    })
}

function formViolations(path: string, code: string): string[] {
  const found: string[] = []
  if (!MAY_RE_EXPORT.includes(path) && RE_EXPORT.test(code)) found.push(`${path}: re-exports`)
  if (DEFAULT_EXPORT.test(code)) found.push(`${path}: has a default export`)
  if (path !== MAY_USE_INTERNALS && INTERNAL.test(code))
    found.push(`${path}: reaches for an internal of Node`)
  return found
}

/** What a browser could not load. */
function browserViolations(path: string, code: string): string[] {
  const isOfTheRoom = path.startsWith(BROWSER_ROOM)
  return [...code.matchAll(IMPORT)].flatMap(([text, specifier = '']) => {
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier
    if (!isOfTheRoom)
      return target.startsWith(BROWSER_ROOM) ? [`${path}: imports what is made for browsers`] : []
    if (target.startsWith(BROWSER_ROOM)) return []
    const isType =
      TYPE_IMPORT.test(text.trim()) && (target.startsWith('core/') || BROWSER_TYPES.includes(target))
    return isType ? [] : [`${path}: a browser cannot import ${specifier}`]
  })
}

function importsOf(code: string): string[] {
  return [IMPORT, BARE_OR_DYNAMIC_IMPORT].flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => match[1] as string),
  )
}

function floorOf(path: string): number | undefined {
  if (PURE_PARTS.includes(path)) return 1
  const ofFile = FLOORS.findIndex((rooms) => rooms.includes(path))
  const floor = ofFile === -1 ? FLOORS.findIndex((rooms) => rooms.includes(roomOf(path))) : ofFile
  return floor === -1 ? undefined : floor
}

function areStrangers(path: string, target: string): boolean {
  const [one, other] = [roomOf(path), roomOf(target)]
  return STRANGERS.some(([a, b]) => (one === a && other === b) || (one === b && other === a))
}

function roomOf(path: string): string {
  return path.split('/')[0] as string
}

/** Good enough for this source: a comment that looks like an import must not count. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/[^\n]*/g, '$1')
}

function sourceFiles(): Files {
  const root = inProject('src')
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  return new Map(
    entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [relative(root, file).replaceAll(sep, '/'), readFileSync(file, 'utf8')]),
  )
}

void test('the source keeps the rules of the house', (t) => {
  const files = sourceFiles()
  t.ok(files.size > 50, `${files.size} files were read`)
  t.ok(files.has('core/backend.ts') && files.has('net/handle-bindings.ts'))
  t.same(violations(files), [])
  t.end()
})

void test('every way of importing is seen', (t) => {
  const all = [
    "import { a } from './a.ts'",
    "import type { b } from './b.ts'",
    "import {\n  c,\n  type d,\n} from './c.ts'",
    "export { e } from './e.ts'",
    "export * from './f.ts'",
    "import './g.ts'",
    "const h = await import('./h.ts')",
    "type I = import('./i.ts').I",
    "import j from './j.ts'",
    '// import { no } from "./no.ts"',
    "/** import { no } from './no.ts' */",
    "const k = 1; const text = 'imported from ./no.ts'",
  ].join('\n')
  const names = importsOf(withoutComments(all)).map((specifier) => specifier.slice(2, 3))
  t.same([...new Set(names)].toSorted(), ['a', 'b', 'c', 'e', 'f', 'g', 'h', 'i', 'j'])
  t.end()
})

void test('a planted violation is found', (t) => {
  const planted: readonly (readonly [path: string, code: string, found: string])[] = [
    [
      'core/x.ts',
      "import { relay } from '../net/relay.ts'",
      'core/x.ts (floor 0): imports up, net/relay.ts (floor 2)',
    ],
    [
      'balance/x.ts',
      "import type { Pool } from '../pool/pool.ts'",
      'balance/x.ts (floor 1): imports up, pool/pool.ts (floor 2)',
    ],
    [
      'net/x.ts',
      "const x = await import('../handlers/handler.ts')",
      'net/x.ts (floor 2): imports up, handlers/handler.ts (floor 3)',
    ],
    [
      'control/x.ts',
      "import { log } from '../log/log.ts'",
      'control/x.ts (floor 4): imports up, log/log.ts (floor 5)',
    ],
    [
      'health/verdict.ts',
      "import { watch } from './watch.ts'",
      'health/verdict.ts (floor 1): imports up, health/watch.ts (floor 2)',
    ],
    [
      'config/resolve.ts',
      "import { read } from './source.ts'",
      'config/resolve.ts (floor 1): imports up, config/source.ts (floor 2)',
    ],
    [
      'log/x.ts',
      "import { createBalancer } from '../index.ts'",
      'log/x.ts (floor 5): imports up, index.ts (floor 7)',
    ],
    [
      'pool/x.ts',
      "import { Verdict } from '../health/verdict.ts'",
      'pool/x.ts: may not know health/verdict.ts',
    ],
    ['health/x.ts', "import { Lease } from '../pool/lease.ts'", 'health/x.ts: may not know pool/lease.ts'],
    ['cellar/x.ts', '', 'cellar/x.ts: stands on no floor'],
    [
      'core/x.ts',
      "import '../../test/helpers/sockets.ts'",
      'core/x.ts: imports ../test/helpers/sockets.ts, which stands on no floor',
    ],
    ['core/x.ts', "export { a } from './a.ts'", 'core/x.ts: re-exports'],
    ['core/x.ts', "export type {\n  A,\n} from './a.ts'", 'core/x.ts: re-exports'],
    ['core/x.ts', "export * from './a.ts'", 'core/x.ts: re-exports'],
    ['core/x.ts', "export * as a from './a.ts'", 'core/x.ts: re-exports'],
    [
      'admin/dashboard/x.ts',
      "import { sum } from '../../core/sum.ts'",
      'admin/dashboard/x.ts: a browser cannot import ../../core/sum.ts',
    ],
    [
      'admin/dashboard/x.ts',
      "import type { Route } from '../http/route.ts'",
      'admin/dashboard/x.ts: a browser cannot import ../http/route.ts',
    ],
    ['admin/dashboard/x.ts', "import { z } from 'zod'", 'admin/dashboard/x.ts: a browser cannot import zod'],
    [
      'admin/x.ts',
      "import { el } from './dashboard/dom.ts'",
      'admin/x.ts: imports what is made for browsers',
    ],
    ['core/x.ts', 'export default 1', 'core/x.ts: has a default export'],
    ['index.ts', "export { a as default } from './core/a.ts'", 'index.ts: has a default export'],
    ['net/x.ts', "process.binding('tcp_wrap')", 'net/x.ts: reaches for an internal of Node'],
    ['net/x.ts', 'const { binding } = process as never', 'net/x.ts: reaches for an internal of Node'],
    ['net/x.ts', 'socket._handle.readStart()', 'net/x.ts: reaches for an internal of Node'],
    ['net/x.ts', "server['_handle']", 'net/x.ts: reaches for an internal of Node'],
  ]
  for (const [path, code, found] of planted) t.same(violations(new Map([[path, code]])), [found], code)
  t.end()
})

void test('what is allowed is not found fault with', (t) => {
  const allowed = new Map([
    ['index.ts', "export { a } from './control/a.ts'\nexport type { B } from './core/b.ts'"],
    ['testing/index.ts', "export * from './a.ts'"],
    ['net/handle-bindings.ts', "const { binding } = process as never\nserver['_handle']"],
    ['control/x.ts', "import { Pool } from '../pool/pool.ts'\nimport { H } from '../health/scheduler.ts'"],
    ['health/watch.ts', "import { Verdict } from './verdict.ts'\nimport { once } from 'node:events'"],
    ['core/x.ts', 'export { a, b }\n// export default\n/* export * from "./a.ts" */'],
    [
      'admin/dashboard/x.ts',
      "import type { Snapshot } from '../../core/snapshot.ts'\nimport { el } from './dom.ts'",
    ],
    ['log/x.ts', "export const a = 1\nimport { b } from '../control/b.ts'"],
  ])
  t.same(violations(allowed), [])
  t.end()
})
