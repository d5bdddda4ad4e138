import type { ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { inProject } from './project.ts'

type Answer = Readonly<Record<string, unknown>>

interface Reply extends Answer {
  readonly id: number
  readonly error?: string
  readonly code?: string
}

interface Pending {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
  readonly op: string
}

/** Without the site's packages and variables: it starts in half the time. */
const QUICK_START = ['-S', '-E']
/** The peer keeps the time itself; this is for a peer that hangs. */
const GRACE_MS = 5_000

/** What a request to a raw peer failed with; `code` is the system's, `''` where there is none. */
export class RawPeerError extends Error {
  readonly code: string

  constructor(op: string, message: string, code: string) {
    super(`raw peer, ${op}: ${message}`)
    this.code = code
  }
}

/** `prefix`: a command that runs the one behind it, such as `nsenter ...`. */
export async function startRawPeer({
  prefix = [],
}: { prefix?: readonly string[] | undefined } = {}): Promise<RawPeerProcess> {
  const script = inProject('test/helpers/raw_peer.py')
  const [command, ...rest] = [...prefix, 'python3', ...QUICK_START, script]
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] })
  const peer = new RawPeerProcess(child)
  // Rejects when there is no python3.
  await once(child, 'spawn')
  return peer
}

/** The python process behind raw peers; killed on dispose, and gone when this process is. */
export class RawPeerProcess implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #stderr = ''
  #gone: string | undefined

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#child = child
    child.on('error', (error) => this.#fail(error.message))
    child.stdin.on('error', () => undefined) // `close` tells of its end.
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    child.on('close', (code, signal) => this.#fail(`it ended with ${signal ?? code}`))
    createInterface({ input: child.stdout }).on('line', (line) => this.#settle(line))
  }

  /** `timeoutMs` is the peer's own time for the operation. */
  request(op: string, fields: Answer, timeoutMs: number): Promise<Answer> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) return reject(new RawPeerError(op, this.#gone, ''))
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        reject(new RawPeerError(op, `no answer within ${timeoutMs + GRACE_MS} ms`, ''))
      }, timeoutMs + GRACE_MS)
      this.#pending.set(id, { resolve, reject, timer, op })
      this.#child.stdin.write(`${JSON.stringify({ id, op, timeout: timeoutMs / 1000, ...fields })}\n`)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gone !== undefined) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }

  #settle(line: string): void {
    const { id, error, code, ...answer } = JSON.parse(line) as Reply
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    if (error === undefined) pending.resolve(answer)
    else pending.reject(new RawPeerError(pending.op, error, code ?? ''))
  }

  #fail(why: string): void {
    this.#gone ??= `${why} ${this.#stderr}`.trim()
    for (const { reject, timer, op } of this.#pending.values()) {
      clearTimeout(timer)
      reject(new RawPeerError(op, this.#gone, ''))
    }
    this.#pending.clear()
  }
}
