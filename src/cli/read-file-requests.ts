import { assertKnown } from './assert-known.ts'
import { gatherOverrides } from './gather-overrides.ts'
import type { Argv } from './argv.ts'
import { type Env, textOf } from './read-flags.ts'
import type { CheckRequest, RunFileRequest, SchemaRequest } from './requests.ts'
import { UsageError } from './usage-error.ts'

/** The file that the command line, or else the environment, names. Addresses on the command line leave it aside. */
export function configFileOf(argv: Argv, env: Env): string | undefined {
  const given = textOf(argv['config'])
  if (given !== undefined || argv['listen'] !== undefined) return given
  return env['FAIRLEAD_CONFIG'] || undefined
}

/** @throws {UsageError} */
export function readRunFileRequest(file: string, argv: Argv, env: Env): RunFileRequest {
  const unknown = assertKnown(argv, 'run')
  const { overrides, flags, problems } = gatherOverrides(argv, env)
  const lines = [
    ...unknown,
    ...(file === '' ? ['--config: needs a value: a file such as fairlead.yaml'] : []),
    ...(argv['listen'] === undefined ? [] : [`listen: ${IN_THE_FILE}`]),
    ...['FAIRLEAD_LISTEN', 'FAIRLEAD_BACKENDS']
      .filter((name) => env[name])
      .map((name) => `${name}: ${IN_THE_FILE}`),
    ...problems,
  ]
  if (lines.length > 0) throw new UsageError(lines)
  return { command: 'run-file', file, overrides, flags, watch: overrides.watch === true }
}

const IN_THE_FILE = 'cannot stand beside a configuration file: its listeners and pools say that'

/** @throws {UsageError} */
export function readCheckRequest(argv: Argv): CheckRequest {
  const unknown = assertKnown(argv, 'check')
  const file = textOf(argv['file'])
  const lines = [...unknown, ...(file === undefined ? ['no file: write fairlead check fairlead.yaml'] : [])]
  if (lines.length > 0 || file === undefined) throw new UsageError(lines)
  return { command: 'check', file, json: argv['json'] === true, print: argv['print'] === true }
}

/** @throws {UsageError} */
export function readSchemaRequest(argv: Argv): SchemaRequest {
  const unknown = assertKnown(argv, 'schema')
  if (unknown.length > 0) throw new UsageError(unknown)
  return { command: 'schema' }
}
