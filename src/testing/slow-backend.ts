import type { Clock, Timer } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import type { FixtureListenOptions } from './fixture-server.ts'
import type { FixtureSession } from './fixture-session.ts'
import type { Behaviour } from './raw-fixture.ts'
import { RawFixture } from './raw-fixture.ts'

/** How fast it is. Read anew every 10 ms, so that a change holds for open connections too. */
export interface SlowRates {
  /** How fast it reads; 0 = not at all. Default as fast as bytes come. Up to 64 KiB are read ahead. */
  readBytesPerSecond?: number | undefined
  /** How fast it writes; 0 = not at all. Default as fast as it can. */
  writeBytesPerSecond?: number | undefined
}

export interface SlowOptions {
  /** What it says, at its rate, and then FIN, instead of sending back what it reads. */
  readonly says?: string | Uint8Array | undefined
  /** Times the rates; default the system's. */
  readonly clock?: Clock | undefined
}

export interface SlowBackendOptions extends FixtureListenOptions, SlowOptions {
  readonly readBytesPerSecond?: number | undefined
  readonly writeBytesPerSecond?: number | undefined
}

/** Reads, or writes, or both, at a rate. It echoes, unless it is given something to say. */
export async function slowBackend(options: SlowBackendOptions = {}): Promise<SlowBackend> {
  const fixture = new SlowBackend(options)
  await fixture.start()
  return fixture
}

export class SlowBackend extends RawFixture {
  /** May be changed at any time: `backend.rates.writeBytesPerSecond = 10`. */
  readonly rates: SlowRates

  /** Use {@link slowBackend}. */
  constructor(options: SlowBackendOptions) {
    const { readBytesPerSecond, writeBytesPerSecond } = options
    const rates: SlowRates = { readBytesPerSecond, writeBytesPerSecond }
    super(options, slow(rates, options))
    this.rates = rates
  }
}

/** What {@link slowBackend} does. `rates` may be changed at any time. */
export function slow(rates: SlowRates, options: SlowOptions = {}): Behaviour {
  return (session) => new SlowCopy(session, rates, options).start()
}

const TICK_MS = 10
/** So much may wait to be written before it stops reading. */
const MOST_PENDING_BYTES = 65_536

class SlowCopy {
  readonly #session: FixtureSession
  readonly #rates: SlowRates
  readonly #clock: Clock
  readonly #echoes: boolean
  readonly #reading = new Allowance()
  readonly #writing = new Allowance()
  #pending: Buffer
  #isEnding: boolean
  #timer: Timer | undefined

  constructor(session: FixtureSession, rates: SlowRates, { says, clock = systemClock }: SlowOptions) {
    this.#session = session
    this.#rates = rates
    this.#clock = clock
    this.#echoes = says === undefined
    this.#pending = Buffer.from(says ?? '')
    this.#isEnding = says !== undefined
  }

  start(): void {
    const { stream } = this.#session
    stream.on('close', () => this.#timer?.cancel())
    stream.on('end', () => (this.#isEnding = true))
    this.#tick()
  }

  #tick(): void {
    const { stream } = this.#session
    this.#read()
    this.#write()
    if (this.#isEnding && this.#pending.length === 0 && stream.writable) stream.end()
    if (stream.destroyed) return
    this.#timer = this.#clock.setTimer(() => this.#tick(), TICK_MS)
  }

  #read(): void {
    const { stream } = this.#session
    const allowed = this.#reading.grow(this.#rates.readBytesPerSecond)
    if (this.#echoes && this.#pending.length >= MOST_PENDING_BYTES) return
    // Asks for nothing more than there is: else it would wait for the whole of it. 0 looks for the end.
    const bytes = Math.min(allowed, stream.readableLength)
    if (bytes === 0 && stream.readableLength > 0) return
    const chunk = stream.read(bytes) as Buffer | null
    if (chunk === null) return
    this.#reading.spend(chunk.length)
    if (this.#echoes) this.#pending = Buffer.concat([this.#pending, chunk])
  }

  #write(): void {
    const bytes = Math.min(this.#writing.grow(this.#rates.writeBytesPerSecond), this.#pending.length)
    if (bytes === 0 || this.#session.stream.writableNeedDrain) return
    this.#writing.spend(bytes)
    this.#session.stream.write(this.#pending.subarray(0, bytes))
    this.#pending = this.#pending.subarray(bytes)
  }
}

/** Bytes that may pass now. Less than one byte is saved up; more than a tick's worth is not. */
class Allowance {
  #saved = 0

  grow(bytesPerSecond = Infinity): number {
    const perTick = (bytesPerSecond * TICK_MS) / 1_000
    this.#saved = perTick === Infinity ? Infinity : Math.min(this.#saved + perTick, Math.max(1, perTick))
    return Math.floor(this.#saved)
  }

  spend(bytes: number): void {
    this.#saved -= bytes
  }
}
