/** What of the process a command may touch; tests bring their own. */
export interface CommandContext {
  /** What was meant for this process alone is removed from it once it is read. */
  readonly env: Record<string, string | undefined>
  /** File descriptor that logs go to. */
  readonly logFd: number
  readonly stdoutIsTerminal: boolean
  readonly columns: number
  /** Of the terminal, as it is now. */
  readonly size: () => { readonly columns: number; readonly rows: number }
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  /** Resolves once whoever reads has taken all that was printed, or has gone; to why it cannot be written, where it cannot. */
  readonly flush: () => Promise<Error | undefined>
  /** SIGTERM, SIGINT, SIGHUP, SIGUSR1; for a screen also SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT. */
  readonly signals: SignalSource
  /**
   * Stops us, and whoever was started with us (npx, a script), as Ctrl-Z does where nobody listens to it. Returns once we
   * go on; at once where no shell is there to go on with us.
   */
  readonly suspend: () => void
  /** Keys of a terminal; undefined where there is none. */
  readonly keyboard: Keyboard | undefined
}

export type StopSignal = 'SIGTERM' | 'SIGINT'
export type HeardSignal = StopSignal | 'SIGHUP' | 'SIGUSR1' | 'SIGQUIT' | 'SIGWINCH' | 'SIGTSTP' | 'SIGCONT'

export interface SignalSource {
  on(signal: HeardSignal, listener: () => void): unknown
  off(signal: HeardSignal, listener: () => void): unknown
  /** As if the signal had come from outside. */
  emit(signal: StopSignal): unknown
}

export interface Keyboard {
  setRawMode(raw: boolean): unknown
  on(event: 'data', listener: (keys: Buffer) => void): unknown
  off(event: 'data', listener: (keys: Buffer) => void): unknown
  pause(): unknown
}

/** The real one. */
export function processContext(): CommandContext {
  const { stdin, stdout, stderr } = process
  let failure: Error | undefined
  // A reader that left (`| head -1`) is no reason to die, nor a failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') failure ??= error
  })
  stderr.on('error', () => undefined)
  return {
    env: process.env,
    logFd: 1,
    stdoutIsTerminal: stdout.isTTY,
    // A terminal that does not know its size (a serial line) says 0.
    columns: stdout.columns || 100,
    size: () => ({ columns: stdout.columns || 100, rows: stdout.rows || 24 }),
    print: (text) => void stdout.write(text),
    printError: (text) => void stderr.write(text),
    flush: async () => {
      await Promise.all([taken(stdout), taken(stderr)])
      return failure
    },
    signals: process,
    suspend: () => void process.kill(0, 'SIGTSTP'),
    keyboard: stdin.isTTY && stdout.isTTY ? stdin : undefined,
  }
}

/** A pipe takes 64 KiB at a time: the rest waits in the process, and goes with it. */
function taken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()))
}
