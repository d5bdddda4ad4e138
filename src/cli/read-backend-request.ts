import { readFileSync } from 'node:fs'
import { InvalidValueError } from '../config/invalid-value.ts'
import { nearestName } from '../config/nearest-name.ts'
import { parseDuration } from '../config/parse-duration.ts'
import { parseSize } from '../config/parse-size.ts'
import { Problems } from '../config/problems.ts'
import { assertKnown } from './assert-known.ts'
import { BACKEND_FLAGS, BACKEND_KINDS } from './backend-flags.ts'
import type { BackendFlag, BackendFlagName, BackendKind } from './backend-flags.ts'
import type { Argv } from './argv.ts'
import type { Env } from './read-flags.ts'
import { describeProblems, readPort, textOf } from './read-flags.ts'
import { parseScript } from './read-script.ts'
import type { BackendRequest } from './requests.ts'
import { UsageError } from './usage-error.ts'

/** @throws {UsageError} */
export function readBackendRequest(argv: Argv, env: Env): BackendRequest {
  const unknown = assertKnown(argv, 'backend')
  const problems = new Problems()
  const port = readPort(argv, env, { flag: 'port', variable: 'SERVER_PORT', fallback: 3001, problems })
  const kind = problems.attempt('--kind', () => readKind(argv)) ?? 'http'
  const name = problems.attempt('--name', () => {
    const given = textOf(argv['name']) ?? (env['SERVER_NAME'] || 'backend')
    if (/^[\x21-\x7e]{1,128}$/.test(given)) return given
    throw new InvalidValueError('must be 1 to 128 visible characters without spaces, such as a')
  })
  const values = readValues(argv, kind, problems)
  if (kind === 'scripted' && argv['script'] === undefined) {
    problems.add({ path: '--script', message: 'is missing: say what is expected and sent' })
  }
  const lines = [...unknown, ...describeProblems(problems)]
  if (lines.length > 0) throw new UsageError(lines)
  return {
    command: 'backend',
    kind,
    port,
    host: textOf(argv['host']) ?? '127.0.0.1',
    name: name ?? 'backend',
    healthy: argv['unhealthy'] !== true,
    chunked: argv['chunked'] === true,
    close: argv['close'] === true,
    ...values,
  }
}

function readKind(argv: Argv): BackendKind {
  const given = textOf(argv['kind'])
  if (given === undefined) return argv['echo'] === true ? 'echo' : 'http'
  const kind = BACKEND_KINDS.find((known) => known === given)
  if (kind !== undefined) return kind
  const nearest = nearestName(given, BACKEND_KINDS)
  const hint = nearest === undefined ? `there are ${BACKEND_KINDS.join(', ')}` : `did you mean ${nearest}?`
  throw new InvalidValueError(`${JSON.stringify(given)} is no kind of backend; ${hint}`)
}

/** What the flags say that have a value; those of another kind are problems. */
function readValues(argv: Argv, kind: BackendKind, problems: Problems): Partial<BackendRequest> {
  const values: Record<string, unknown> = {}
  for (const flag of BACKEND_FLAGS as readonly BackendFlag[]) {
    if (argv[flag.flag] === undefined) continue
    const path = `--${flag.flag}`
    if (!flag.kinds.includes(kind)) {
      problems.add({ path, message: `counts only with --kind ${flag.kinds.join(' or ')}` })
      continue
    }
    const reader = READERS[flag.flag as BackendFlagName]
    if (reader === undefined) continue
    const value = problems.attempt(path, () => reader.read(textOf(argv[flag.flag]) ?? ''))
    if (value !== undefined) values[reader.key] = value
  }
  return values
}

interface Reader {
  readonly key: keyof BackendRequest
  readonly read: (text: string) => unknown
}

/** Switches have none. */
const READERS: Readonly<Partial<Record<BackendFlagName, Reader>>> = {
  delay: { key: 'delayMs', read: parseDuration },
  status: { key: 'status', read: readStatus },
  size: { key: 'bodyBytes', read: parseSize },
  cut: { key: 'cutAfterBytes', read: parseSize },
  says: { key: 'says', read: (text) => text.replaceAll('\\r', '\r').replaceAll('\\n', '\n') },
  'read-rate': { key: 'readBytesPerSecond', read: parseSize },
  'write-rate': { key: 'writeBytesPerSecond', read: parseSize },
  'after-bytes': { key: 'afterBytes', read: parseSize },
  after: { key: 'afterMs', read: parseDuration },
  'open-after': { key: 'openAfterMs', read: parseDuration },
  script: { key: 'script', read: readScript },
}

function readStatus(text: string): number {
  if (/^[2-5]\d\d$/.test(text)) return Number(text)
  throw new InvalidValueError(`must be a status from 200 to 599, not ${JSON.stringify(text)}`)
}

function readScript(text: string): BackendRequest['script'] {
  if (text.trimStart().startsWith('[')) return parseScript(text)
  try {
    return parseScript(readFileSync(text, 'utf8'))
  } catch (error) {
    if (error instanceof InvalidValueError) throw error
    throw new InvalidValueError(`${JSON.stringify(text)} cannot be read: ${(error as Error).message}`)
  }
}
