import type { Socket } from 'node:net'
import type { Test } from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { rawFixture } from '../../src/testing/raw-fixture.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { closed, connectTo } from '../helpers/sockets.ts'
import { turns } from '../net/conn-rig.ts'
import { closeClean, IO_KINDS } from './rig.ts'
import type { IoKind } from './rig.ts'

/** Everything that one side heard so far. */
export class Tape {
  readonly socket: Socket
  /** `error:...` where it broke. Node may take a reset for an end: where that matters, use a raw peer. */
  end: 'open' | 'end' | `error:${string}` = 'open'
  readonly #chunks: Buffer[] = []
  length = 0

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.length += chunk.length
    })
    socket.on('end', () => {
      this.end = 'end'
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.end = `error:${error.code ?? error.message}`
    })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** Every byte up to `length` has come. */
  async has(length: number): Promise<void> {
    await waitUntil(() => this.length >= length, { describe: () => `${length} bytes; ${this.length} came` })
  }
}

/** A balancer with faults before one backend, under a clock that is turned by hand. */
export class Injected implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly lb: Balancer
  readonly #accepted: Tape[] = []
  #taken = 0
  readonly #tapes: Tape[] = []
  readonly #stop: () => Promise<void>

  static async start(options: Partial<BalancerOptions> = {}): Promise<Injected> {
    const accepted: Tape[] = []
    const server = await rawFixture({}, ({ socket }) => void accepted.push(new Tape(socket)))
    const clock = new ManualClock()
    const lb = await createBalancer({
      listen: '127.0.0.1:0',
      backends: [{ address: server.port, id: 'a' }],
      check: 'off',
      faults: true,
      clock,
      random: seededRandom(1),
      ...options,
    })
    return new Injected(lb, clock, { accepted, stop: () => server.stop() })
  }

  constructor(lb: Balancer, clock: ManualClock, backend: { accepted: Tape[]; stop: () => Promise<void> }) {
    this.lb = lb
    this.clock = clock
    this.#accepted = backend.accepted
    this.#stop = backend.stop
  }

  /** A session: its client and its backend. */
  async link(): Promise<{ client: Tape; backend: Tape }> {
    const client = await this.client()
    const index = this.#taken++
    const backend = await waitUntil(() => this.#accepted[index], { describe: 'a connection at the backend' })
    this.#tapes.push(backend)
    return { client, backend }
  }

  async client(): Promise<Tape> {
    const client = new Tape(await connectTo({ kind: 'tcp', host: '127.0.0.1', port: this.lb.port }))
    this.#tapes.push(client)
    return client
  }

  /** Turns the clock, and lets sockets have their turn, until `isSo`; gives the time that passed. */
  async turnUntil(isSo: () => boolean, stepMs = 10): Promise<number> {
    const start = this.clock.now()
    for (let step = 0; !isSo(); step++) {
      if (step > 10_000) throw new Error(`not so after ${this.clock.now() - start} ms on the clock`)
      await this.clock.advanceAsync(stepMs)
      await turns(3)
    }
    return this.clock.now() - start
  }

  /** Ends both sides of a session and waits for its record. */
  async finish({ client, backend }: { client: Tape; backend: Tape }): Promise<void> {
    client.socket.end()
    backend.socket.end()
    await this.turnUntil(() => this.lb.snapshot().listeners[0]?.active === 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lb.close({ assertNoLeaks: false })
    for (const { socket } of this.#tapes) socket.destroy()
    await Promise.all(this.#tapes.map(({ socket }) => closed(socket)))
    await this.#stop()
  }
}

type Body = (sub: Test, injected: Injected, io: IoKind) => Promise<void>

/** One subtest over each way to do I/O; afterwards nothing is open but what the test says. */
export function overBoth(t: Test, name: string, body: Body, options: Partial<BalancerOptions> = {}): void {
  for (const io of IO_KINDS) {
    void t.test(`${name} (${io})`, async (sub) => {
      await using injected = await Injected.start({ ...options, io })
      await body(sub, injected, io)
      await injected.turnUntil(() => injected.lb.snapshot().listeners[0]?.active === 0)
      await closeClean(injected.lb)
      sub.equal(injected.clock.pending, 0, 'no timer is left')
    })
  }
}
