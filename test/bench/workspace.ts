import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StartOptions } from './child.ts'
import { Child } from './child.ts'

/**
 * Whatever must not outlive the benchmark: its processes and its temporary folder. Both go when the process
 * ends, be it in order, by an error or by a signal.
 */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
  readonly #children = new Set<Child>()
  #nextPort = FIRST_PORT + (process.pid % PORT_SPAN)

  constructor() {
    process.once('exit', () => this.dispose())
    process.once('SIGINT', () => process.exit(130))
    process.once('SIGTERM', () => process.exit(143))
    process.once('SIGHUP', () => process.exit(129))
  }

  start(command: string, args: readonly string[], options?: StartOptions): Child {
    const child = new Child(command, args, options)
    this.#children.add(child)
    void child.exited.then(() => this.#children.delete(child))
    return child
  }

  /** Starts one of the benchmark's own programs, named by its compiled path below this folder. */
  startProgram(program: string, args: readonly (string | number)[], options?: StartOptions): Child {
    const path = fileURLToPath(new URL(program, import.meta.url))
    return this.start(process.execPath, [path, ...args.map(String)], options)
  }

  /** Writes a file into the temporary folder and gives its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  /**
   * A port that nobody listens on, different each time. It lies below the ephemeral ports: thousands of
   * connections come and go there, and one of them would soon sit on it.
   */
  async freePort(): Promise<number> {
    for (let tries = 0; tries < PORT_SPAN; tries++) {
      const port = FIRST_PORT + (this.#nextPort++ % PORT_SPAN)
      if (await canListen(port)) return port
    }
    throw new Error(`no free port from ${FIRST_PORT} to ${FIRST_PORT + PORT_SPAN - 1}`)
  }

  dispose(): void {
    for (const child of this.#children) child.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const FIRST_PORT = 20_000
const PORT_SPAN = 12_000

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
