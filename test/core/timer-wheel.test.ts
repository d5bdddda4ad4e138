import * as fc from 'fast-check'
import { test } from 'tap'
import type { Clock, Timer } from '../../src/core/clock.ts'
import { TimerWheel, WheelEntry } from '../../src/core/timer-wheel.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

const RESOLUTION_MS = 10

class Entry extends WheelEntry {
  readonly expiredAt: number[] = []
  readonly #clock: Clock
  readonly #then: (entry: Entry) => void

  constructor(clock: Clock, then: (entry: Entry) => void = () => undefined) {
    super()
    this.#clock = clock
    this.#then = then
  }

  expire(): void {
    this.expiredAt.push(this.#clock.now())
    this.#then(this)
  }
}

function setUp(): { clock: ManualClock; wheel: TimerWheel; entry: Entry } {
  const clock = new ManualClock()
  return { clock, wheel: new TimerWheel({ clock, resolutionMs: RESOLUTION_MS }), entry: new Entry(clock) }
}

void test('an armed entry expires once, never early and at most two resolutions late', (t) => {
  for (const startAt of [0, 3, 9, 10, 14.5, 4_999]) {
    for (const delayMs of [0, 1, 9, 10, 11, 25, 100, 999.5]) {
      const { clock, wheel, entry } = setUp()
      const other = new Entry(clock)
      wheel.arm(other, 100_000) // The wheel turns already.
      clock.advance(startAt)
      wheel.arm(entry, delayMs)
      clock.advance(5_000)
      const [at = NaN] = entry.expiredAt
      t.equal(entry.expiredAt.length, 1)
      t.ok(
        at >= startAt + delayMs && at <= startAt + delayMs + 2 * RESOLUTION_MS,
        `armed at ${startAt} for ${delayMs} ms, expired at ${at}`,
      )
    }
  }
  t.end()
})

void test('deadlines beyond the horizon of the wheel are kept', (t) => {
  const { clock, wheel } = setUp()
  const horizon = 512 * RESOLUTION_MS
  const delays = [horizon - 20, horizon - 10, horizon, horizon + 10, 3 * horizon + 5, 3_600_000]
  const entries = delays.map((delayMs) => {
    const entry = new Entry(clock)
    wheel.arm(entry, delayMs)
    return entry
  })
  clock.advance(3_700_000)
  for (const [i, entry] of entries.entries()) {
    const delayMs = delays[i] as number
    const [at = NaN] = entry.expiredAt
    t.ok(at >= delayMs && at <= delayMs + 2 * RESOLUTION_MS, `${delayMs} ms: expired at ${at}`)
    t.equal(entry.expiredAt.length, 1)
  }
  t.end()
})

void test('a disarmed entry never expires, and disarming it again does nothing', (t) => {
  const { clock, wheel, entry } = setUp()
  wheel.disarm(entry)
  wheel.arm(entry, 50)
  t.equal(wheel.size, 1)
  clock.advance(30)
  wheel.disarm(entry)
  wheel.disarm(entry)
  t.equal(wheel.size, 0)
  clock.advance(1_000)
  t.same(entry.expiredAt, [])
  t.end()
})

void test('arming an armed entry moves it', (t) => {
  const { clock, wheel, entry } = setUp()
  wheel.arm(entry, 50)
  clock.advance(40)
  wheel.arm(entry, 100)
  t.equal(wheel.size, 1)
  clock.advance(99)
  t.same(entry.expiredAt, [], 'not at its first deadline')
  clock.advance(1 + 2 * RESOLUTION_MS)
  t.equal(entry.expiredAt.length, 1)
  wheel.arm(entry, 500)
  wheel.arm(entry, 10)
  clock.advance(30)
  t.equal(entry.expiredAt.length, 2, 'to an earlier one, too')
  t.end()
})

void test('an entry that expires may arm itself and others, and disarm others', (t) => {
  void t.test('itself, for another turn', (sub) => {
    const { clock, wheel } = setUp()
    const entry = new Entry(clock, (self) => self.expiredAt.length < 5 && wheel.arm(self, 30))
    wheel.arm(entry, 30)
    clock.advance(1_000)
    sub.equal(entry.expiredAt.length, 5)
    sub.equal(wheel.size, 0)
    sub.equal(clock.pending, 0)
    sub.end()
  })
  void t.test('itself with no delay, which takes at least a turn of the clock', (sub) => {
    const { clock, wheel } = setUp()
    const entry = new Entry(clock, (self) => self.expiredAt.length < 3 && wheel.arm(self, 0))
    wheel.arm(entry, 0)
    clock.advance(1_000)
    sub.equal(new Set(entry.expiredAt).size, 3, `at ${entry.expiredAt.join(', ')}`)
    sub.end()
  })
  void t.test('another that is due at the same time, before its turn', (sub) => {
    const { clock, wheel } = setUp()
    const second = new Entry(clock)
    const third = new Entry(clock)
    const first = new Entry(clock, () => wheel.disarm(second))
    for (const entry of [first, second, third]) wheel.arm(entry, 20)
    clock.advance(1_000)
    sub.same(
      [first, second, third].map((entry) => entry.expiredAt.length),
      [1, 0, 1],
    )
    sub.equal(wheel.size, 0)
    sub.equal(clock.pending, 0)
    sub.end()
  })
  void t.test('another that is due at the same time to a later time', (sub) => {
    const { clock, wheel } = setUp()
    const second = new Entry(clock)
    const first = new Entry(clock, () => wheel.arm(second, 100))
    for (const entry of [first, second]) wheel.arm(entry, 20)
    clock.advance(1_000)
    sub.equal(second.expiredAt.length, 1)
    sub.ok((second.expiredAt[0] as number) >= (first.expiredAt[0] as number) + 100)
    sub.end()
  })
  void t.test('another a whole turn of the wheel away', (sub) => {
    const { clock, wheel } = setUp()
    const other = new Entry(clock)
    const turn = 512 * RESOLUTION_MS
    const first = new Entry(clock, () => wheel.arm(other, turn - RESOLUTION_MS))
    wheel.arm(first, 20)
    clock.advance(2 * turn)
    sub.equal(other.expiredAt.length, 1)
    sub.ok((other.expiredAt[0] as number) - (first.expiredAt[0] as number) >= turn - RESOLUTION_MS)
    sub.end()
  })
  t.end()
})

void test('one timer serves however often the only entry expires and is armed again', (t) => {
  const { clock, wheel } = setUp()
  const entry = new Entry(clock, (self) => wheel.arm(self, 30))
  wheel.arm(entry, 30)
  for (let i = 0; i < 20; i++) {
    clock.advance(100)
    t.equal(clock.pending, 1)
  }
  wheel.disarm(entry)
  t.equal(clock.pending, 0)
  t.end()
})

void test('the clock has a timer of the wheel only while an entry is armed', (t) => {
  const { clock, wheel, entry } = setUp()
  t.equal(clock.pending, 0)
  wheel.arm(entry, 50)
  wheel.arm(new Entry(clock), 20)
  t.equal(clock.pending, 1, 'one for all')
  clock.advance(45)
  t.equal(clock.pending, 1)
  wheel.disarm(entry)
  t.equal(clock.pending, 0)
  wheel.arm(entry, 50)
  clock.advance(50 + 2 * RESOLUTION_MS)
  t.equal(entry.expiredAt.length, 1)
  t.equal(clock.pending, 0, 'none after the last has expired')
  clock.advance(10_000)
  wheel.arm(entry, 50)
  clock.advance(49)
  t.equal(entry.expiredAt.length, 1, 'the time without entries counts for nothing')
  clock.advance(1 + 2 * RESOLUTION_MS)
  t.equal(entry.expiredAt.length, 2)
  t.end()
})

/** A clock whose timers fire only when the loop gets to them: `stall` lets time pass without. */
class StallingClock implements Clock {
  readonly #inner = new ManualClock()
  #stalledMs = 0

  now(): number {
    return this.#inner.now() + this.#stalledMs
  }

  wallTime(): number {
    return this.now()
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.#inner.setTimer(callback, delayMs)
  }

  run(ms: number): void {
    this.#inner.advance(ms)
  }

  stall(ms: number): void {
    this.#stalledMs += ms
  }
}

void test('a stall of the loop counts for two resolutions at most (F22)', (t) => {
  const clock = new StallingClock()
  const wheel = new TimerWheel({ clock, resolutionMs: RESOLUTION_MS })
  const entry = new Entry(clock)
  wheel.arm(entry, 1_000)
  clock.run(500)
  const before = wheel.now
  clock.stall(60_000)
  clock.run(RESOLUTION_MS)
  t.equal(wheel.now - before, 2 * RESOLUTION_MS)
  t.same(entry.expiredAt, [], 'a minute of stall takes nothing away from its time')
  clock.run(1_000 - 500 - 2 * RESOLUTION_MS - 1)
  t.same(entry.expiredAt, [])
  clock.run(2 * RESOLUTION_MS + 1)
  t.equal(entry.expiredAt.length, 1)
  t.end()
})

void test('an entry that is armed amid a stall is not early either', (t) => {
  for (const stallMs of [RESOLUTION_MS / 2, RESOLUTION_MS, 1.9 * RESOLUTION_MS, 500]) {
    const clock = new StallingClock()
    const wheel = new TimerWheel({ clock, resolutionMs: RESOLUTION_MS })
    wheel.arm(new Entry(clock), 100_000)
    clock.run(105)
    clock.stall(stallMs)
    const entry = new Entry(clock)
    const armedAt = clock.now()
    wheel.arm(entry, 50)
    clock.run(200)
    const [at = NaN] = entry.expiredAt
    t.ok(at - armedAt >= 50, `after a stall of ${stallMs} ms it expired after ${at - armedAt} ms`)
    t.ok(at - armedAt <= 50 + 2 * RESOLUTION_MS)
  }
  t.end()
})

type Step =
  | { readonly do: 'arm'; readonly entry: number; readonly delayMs: number }
  | { readonly do: 'disarm'; readonly entry: number }
  | { readonly do: 'run'; readonly ms: number }
  | { readonly do: 'stall'; readonly ms: number }

const ENTRIES = 6
const entryIndex = fc.nat(ENTRIES - 1)
const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('arm' as const),
      entry: entryIndex,
      delayMs: fc.oneof(fc.nat(200), fc.nat(15_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disarm' as const), entry: entryIndex }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('run' as const), ms: fc.oneof(fc.nat(60), fc.nat(9_000)) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stall' as const), ms: fc.nat(3_000) }) },
)

/** The wheel beside the simplest thing that could be right. */
class Course {
  readonly #clock = new StallingClock()
  readonly #wheel = new TimerWheel({ clock: this.#clock, resolutionMs: RESOLUTION_MS })
  /** When each armed entry may expire at the earliest, in time as the clock tells it. */
  readonly #due = new Map<Entry, number>()
  /** Time that passed in stalls since it was armed: the wheel may take as much longer. */
  readonly #stalledMs = new Map<Entry, number>()
  readonly #entries = Array.from(
    { length: ENTRIES },
    () => new Entry(this.#clock, (entry) => this.#expired(entry)),
  )

  take(step: Step): void {
    if (step.do === 'run') this.#clock.run(step.ms)
    else if (step.do === 'stall') this.#stall(step.ms)
    else if (step.do === 'arm') this.#arm(this.#entries[step.entry] as Entry, step.delayMs)
    else this.#disarm(this.#entries[step.entry] as Entry)
    this.#check()
  }

  finish(): void {
    this.#clock.run(40_000)
    this.#check()
    if (this.#due.size > 0) throw new Error(`${this.#due.size} never expired`)
  }

  #arm(entry: Entry, delayMs: number): void {
    this.#wheel.arm(entry, delayMs)
    this.#due.set(entry, this.#clock.now() + delayMs)
    this.#stalledMs.set(entry, 0)
  }

  #disarm(entry: Entry): void {
    this.#wheel.disarm(entry)
    this.#due.delete(entry)
  }

  #stall(ms: number): void {
    this.#clock.stall(ms)
    for (const entry of this.#due.keys()) this.#stalledMs.set(entry, (this.#stalledMs.get(entry) ?? 0) + ms)
  }

  #expired(entry: Entry): void {
    const due = this.#due.get(entry)
    if (due === undefined) throw new Error('one expired that was not armed')
    const lateMs = this.#clock.now() - due
    const mostMs = 2 * RESOLUTION_MS + (this.#stalledMs.get(entry) ?? 0)
    // Sums of fractions are a little off.
    if (lateMs < -1e-6 || lateMs > mostMs + 1e-6)
      throw new Error(`${lateMs} ms late, at most ${mostMs} would be right`)
    this.#due.delete(entry)
  }

  #check(): void {
    if (this.#wheel.size !== this.#due.size)
      throw new Error(`${this.#wheel.size} are armed, not ${this.#due.size}`)
  }
}

void test('any course of arming, disarming, running and stalling agrees with a plain list of deadlines', (t) => {
  fc.assert(
    fc.property(fc.array(arbitraryStep, { maxLength: 80 }), (steps) => {
      const course = new Course()
      for (const step of steps) course.take(step)
      course.finish()
    }),
    { numRuns: 300 },
  )
  t.end()
})

void test('a slot head refuses to expire', (t) => {
  const { wheel, entry } = setUp()
  wheel.arm(entry, 10)
  t.throws(() => entry.previous?.expire(), /no deadline/)
  t.end()
})
