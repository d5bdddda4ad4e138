import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { waitUntil } from '../../src/testing/wait-for.ts'
import type { Command } from '../e2e/command.ts'
import { launch } from '../e2e/command.ts'
import { inProject } from './project.ts'

const SCRIPT = inProject('test/helpers/notify_socket.py')

/** What systemd listens at to hear of its services; Node has no datagram sockets of that kind, so that Python listens. */
export class NotifySocket implements AsyncDisposable {
  readonly path: string
  readonly #receiver: Command

  private constructor(path: string) {
    this.path = path
    this.#receiver = launch('python3', [SCRIPT, path])
  }

  static async open(): Promise<NotifySocket> {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-notify-'))
    const socket = new NotifySocket(join(folder, 'socket'))
    await socket.#receiver.says(/"bound"/)
    return socket
  }

  /** The messages so far but for the barriers, each as its lines. */
  get messages(): string[][] {
    const lines = this.#receiver.stdout.split('\n').slice(1, -1)
    return lines
      .map((line) => (JSON.parse(line) as string).trim().split('\n'))
      .filter(([first]) => first !== 'BARRIER=1')
  }

  /** Waits until there are so many messages. */
  async count(count: number): Promise<string[][]> {
    await waitUntil(() => this.messages.length >= count, { timeoutMs: 15_000 })
    return this.messages
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#receiver[Symbol.asyncDispose]()
    await rm(dirname(this.path), { recursive: true })
  }
}
