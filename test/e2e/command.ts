import type { ChildProcess, StdioOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { plainly } from '../helpers/plainly.ts'
import { inProject } from '../helpers/project.ts'

/** The command as a user's shell finds it. It runs `dist`, which `npm test` builds first. */
export const BIN = inProject('bin/fairlead.js')

/** Starting Node on a loaded machine takes its time; nothing here is about speed. */
const PATIENCE_MS = 15_000

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string
  /** Another way to the command: a symbolic link. Default {@link BIN}. */
  readonly bin?: string
  /** A shell's line before it: `ulimit -n 64`. */
  readonly shell?: string
  /** Where standard output goes; default: to the test. */
  readonly stdout?: number
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One line of the log, as JSON. */
export type Entry = Readonly<Record<string, unknown>> & { readonly event: string; readonly msg: string }

/** Starts `fairlead ...args` in a process of its own; killed on dispose. */
export function fairlead(args: readonly (string | number)[], options: CommandOptions = {}): Command {
  const { shell, bin = BIN, ...rest } = options
  const words = [bin, ...args.map(String)]
  return shell === undefined
    ? launch(process.execPath, words, rest)
    : launch('bash', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...words], rest)
}

export interface LaunchOptions {
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
  /** Where standard output goes; default: to the test. */
  readonly stdout?: number | undefined
  /** Leaves standard input open, to be written to; default: nothing to read. */
  readonly stdin?: boolean
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

/** Starts any command; killed on dispose. */
export function launch(file: string, args: readonly string[], options: LaunchOptions = {}): Command {
  const { env, cwd, uid, gid, stdout = 'pipe', stdin = false } = options
  const stdio: StdioOptions = [stdin ? 'pipe' : 'ignore', stdout, 'pipe']
  return new Command(spawn(...plainly(file, args), { cwd, uid, gid, env: cleanEnvironment(env), stdio }))
}

/** Runs any command to its end. */
export async function finish(
  file: string,
  args: readonly string[],
  options: LaunchOptions & { readonly input?: string | Buffer; readonly timeoutMs?: number } = {},
): Promise<Exit & { readonly stdout: string; readonly stderr: string }> {
  const { input, timeoutMs = 20_000, ...rest } = options
  await using command = launch(file, args, { ...rest, stdin: input !== undefined })
  command.child.stdin?.on('error', () => undefined) // Its exit tells why it reads no more.
  command.child.stdin?.end(input)
  const exit = await command.exit({ timeoutMs })
  return { ...exit, stdout: command.stdout, stderr: command.stderr }
}

/** The tests' own loaders and settings stay out of it, and so does what a developer may have set. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const ours = /^(?:_?TAP|NODE_OPTIONS$|FAIRLEAD_|SERVER_|PROXY_PORT$|NO_COLOR$|FORCE_COLOR$)/
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name))
  return { ...Object.fromEntries(kept), ...extra }
}

/** A running command: what it said so far, and how it ended. */
export class Command implements AsyncDisposable {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  #exit: Exit | undefined

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    child.on('close', (code, signal) => (this.#exit = { code, signal }))
    child.on('error', (error) => (this.stderr += `\n${error.message}\n`)) // `close` follows.
  }

  get running(): boolean {
    return this.#exit === undefined
  }

  get pid(): number {
    return this.child.pid as number
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** How it ended, all its output read. */
  async exit(options: { timeoutMs?: number } = {}): Promise<Exit> {
    const { timeoutMs = PATIENCE_MS } = options
    return waitUntil(() => this.#exit, { timeoutMs, describe: () => `the end of ${this.#told()}` })
  }

  /** The whole lines of standard output as JSON; throws where one is not. */
  entries(event?: string): Entry[] {
    const lines = this.stdout.split('\n').slice(0, -1)
    const entries = lines.map((line) => JSON.parse(line) as Entry)
    return event === undefined ? entries : entries.filter((entry) => entry.event === event)
  }

  /** The first `event` in the log that satisfies `predicate`, already there or yet to come. */
  async entry(event: string, predicate: (entry: Entry) => boolean = () => true): Promise<Entry> {
    return this.#wait(() => this.entries(event).find(predicate), `a line ${event}`)
  }

  /** As many `event` lines as that, all there are. */
  async entryCount(event: string, count: number): Promise<Entry[]> {
    await this.#wait(() => this.entries(event).length >= count, `${count} lines ${event}`)
    return this.entries(event)
  }

  /** Waits until the output matches. */
  async says(pattern: RegExp, from: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    return this.#wait(() => pattern.exec(this[from]), String(pattern))
  }

  /** The port of the listener, once it listens. */
  async port(): Promise<number> {
    const { address } = await this.entry('listener:open')
    return Number(/:(\d+)$/.exec(String(address))?.[1] ?? 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.running) return
    const closed = once(this.child, 'close')
    this.child.kill('SIGCONT') // A stopped one, too.
    this.child.kill('SIGKILL')
    await closed
  }

  #wait<T>(look: () => T, what: string): Promise<NonNullable<T>> {
    return waitUntil(
      () => {
        const found = look()
        if (found || this.running) return found
        throw new Error(`${what} never came from ${this.#told()}`)
      },
      { timeoutMs: PATIENCE_MS, describe: () => `${what} from ${this.#told()}` },
    )
  }

  #told(): string {
    return `a command that ${this.running ? 'runs' : 'has ended'} and said ${JSON.stringify(this.stdout)}, ${JSON.stringify(this.stderr)}`
  }
}
