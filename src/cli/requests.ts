import type { BalancerOptions } from '../config/options.ts'
import type { AdminConfig } from '../config/schema.ts'
import type { GivenValues } from '../config/values.ts'
import type { ScriptStep } from '../testing/script.ts'
import type { BackendKind } from './backend-flags.ts'
import type { LogLevel } from '../log/log.ts'
import type { FlagPlaces } from './useless-flags.ts'

/** What a command line asks for, checked. */
export type Request =
  | RunRequest
  | RunFileRequest
  | CheckRequest
  | SchemaRequest
  | DemoRequest
  | BackendRequest
  | CompletionRequest
  | HelpRequest
  | VersionRequest

export interface RunRequest {
  readonly command: 'run'
  readonly options: BalancerOptions
  readonly logging: LoggingOptions
  /** File that holds the process's number; undefined = none. */
  readonly pidFile: string | undefined
  /** undefined = none. */
  readonly admin: AdminConfig | undefined
}

export interface RunFileRequest {
  readonly command: 'run-file'
  readonly file: string
  /** What flags and environment say beside it. */
  readonly overrides: GivenValues
  /** Those of them that are flags. */
  readonly flags: FlagPlaces
  /** Reload when the file changes. */
  readonly watch: boolean
}

export interface CheckRequest {
  readonly command: 'check'
  readonly file: string
  /** For programs. */
  readonly json: boolean
  /** The configuration itself, with every default. */
  readonly print: boolean
}

export interface SchemaRequest {
  readonly command: 'schema'
}

export interface DemoRequest {
  readonly command: 'demo'
  /** Where to listen first; the next free port is taken where it is in use. */
  readonly port: number
  /** Whatever else the balancer was told. */
  readonly options: Omit<BalancerOptions, 'listen' | 'backends'>
  readonly logging: LoggingOptions
  /** File that holds the process's number; undefined = none. */
  readonly pidFile: string | undefined
  /** undefined = none. */
  readonly admin: AdminConfig | undefined
  /** Whether its address was asked for; else the next free port will do. */
  readonly isAdminGiven: boolean
}

/** What each kind of backend has no use for is absent. */
export interface BackendRequest {
  readonly command: 'backend'
  readonly kind: BackendKind
  readonly port: number
  readonly host: string
  readonly name: string
  readonly healthy: boolean
  readonly chunked: boolean
  readonly close: boolean
  readonly delayMs?: number
  readonly status?: number
  readonly bodyBytes?: number
  readonly cutAfterBytes?: number
  readonly says?: string
  readonly readBytesPerSecond?: number
  readonly writeBytesPerSecond?: number
  readonly afterBytes?: number
  readonly afterMs?: number
  readonly openAfterMs?: number
  readonly script?: readonly ScriptStep[]
}

export interface CompletionRequest {
  readonly command: 'completion'
  readonly shell: 'bash' | 'zsh' | 'fish'
}

export interface HelpRequest {
  readonly command: 'help'
  readonly text: string
}

export interface VersionRequest {
  readonly command: 'version'
}

export interface LoggingOptions {
  readonly level: LogLevel
  /** undefined = pretty on a terminal, else JSON. */
  readonly format: 'pretty' | 'json' | undefined
  /** Whether sessions, or in HTTP mode requests, have lines. */
  readonly sessions: boolean
  /** How the line of a request is written; undefined = as `format`. */
  readonly accessLog: 'json' | 'common' | 'combined' | undefined
}
