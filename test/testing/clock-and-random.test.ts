import t from 'tap'
import { wait } from '../../src/core/clock.ts'
import { TimerWheel, WheelEntry } from '../../src/core/timer-wheel.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'

void t.test('ManualClock', async (sub) => {
  void sub.test('stands still until it is turned, and wall time moves with it', async (leaf) => {
    const clock = new ManualClock({ wallTime: 1_000_000 })
    leaf.equal(clock.now(), 0)
    clock.advance(250)
    leaf.equal(clock.now(), 250)
    leaf.equal(clock.wallTime(), 1_000_250)
  })

  void sub.test('fires timers in the order of their due times, each at its own time', async (leaf) => {
    const clock = new ManualClock()
    const fired: string[] = []
    const at = (name: string) => (): void => void fired.push(`${name}@${clock.now()}`)
    clock.setTimer(at('late'), 30)
    clock.setTimer(at('early'), 10)
    clock.setTimer(at('early too'), 10)
    clock.setTimer(at('never reached'), 41)
    clock.advance(40)
    leaf.same(fired, ['early@10', 'early too@10', 'late@30'])
    leaf.equal(clock.now(), 40)
    leaf.equal(clock.pending, 1)
    leaf.equal(clock.nextInMs, 1)
  })

  void sub.test('fires timers that callbacks set, when they fall within the same turn', async (leaf) => {
    const clock = new ManualClock()
    const fired: number[] = []
    const tick = (): void => {
      fired.push(clock.now())
      clock.setTimer(tick, 100)
    }
    clock.setTimer(tick, 100)
    clock.advance(350)
    leaf.same(fired, [100, 200, 300])
    leaf.equal(clock.nextInMs, 50)
  })

  void sub.test('does not fire what was cancelled, even by a timer of the same moment', async (leaf) => {
    const clock = new ManualClock()
    clock.setTimer(() => second.cancel(), 5)
    const second = clock.setTimer(() => leaf.fail('was cancelled'), 5)
    clock.advance(10)
    leaf.equal(clock.pending, 0)
    leaf.equal(clock.nextInMs, undefined)
    second.cancel()
  })

  void sub.test('waits for the next turn with a timer of no delay', async (leaf) => {
    const clock = new ManualClock()
    let fired = 0
    clock.setTimer(() => fired++, 0)
    clock.setTimer(() => fired++, -5)
    clock.setTimer(() => fired++, NaN)
    leaf.equal(fired, 0)
    clock.advance(0)
    leaf.equal(fired, 3)
  })

  void sub.test('says so when it is turned back, twice at once, or for ever', async (leaf) => {
    const clock = new ManualClock()
    leaf.throws(() => clock.advance(-1), RangeError)
    leaf.throws(() => clock.advance(NaN), RangeError)
    clock.setTimer(() => clock.advance(1), 1)
    leaf.throws(() => clock.advance(1), /already being turned/)
    const again = (): void => void clock.setTimer(again, 0)
    again()
    leaf.throws(() => clock.advance(1), /sets itself again/)
  })

  void sub.test('passes on what a callback throws and can be turned again', async (leaf) => {
    const clock = new ManualClock()
    clock.setTimer(() => {
      throw new Error('from the callback')
    }, 10)
    leaf.throws(() => clock.advance(20), /from the callback/)
    leaf.equal(clock.now(), 10)
    clock.advance(10)
    leaf.equal(clock.now(), 20)
  })

  void sub.test('advanceAsync lets promises and the event loop settle between timers', async (leaf) => {
    const clock = new ManualClock()
    const seen: number[] = []
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await wait(clock, 100)
        await new Promise((resolve) => setImmediate(resolve))
        seen.push(clock.now())
      }
    }
    const done = loop()
    await clock.advanceAsync(300)
    await done
    leaf.same(seen, [100, 200, 300])
  })

  void sub.test('drives a timer wheel', async (leaf) => {
    const clock = new ManualClock()
    const wheel = new TimerWheel({ clock, resolutionMs: 10 })
    class Deadline extends WheelEntry {
      at = 0
      expire(): void {
        this.at = clock.now()
      }
    }
    const entry = new Deadline()
    wheel.arm(entry, 100)
    clock.advance(99)
    leaf.equal(entry.at, 0)
    clock.advance(21)
    leaf.ok(entry.at >= 100, `expired at ${entry.at}`)
    leaf.equal(clock.pending, 0, 'the wheel leaves no timer behind')
  })
})

void t.test('seededRandom', async (sub) => {
  void sub.test('gives the known sequence of mulberry32', async (leaf) => {
    const random = seededRandom(1)
    leaf.same(
      [random(), random(), random()].map((x) => x * 2 ** 32),
      [2693262067, 11749833, 2265367787],
    )
  })

  void sub.test('gives the same numbers for the same seed and others for another', async (leaf) => {
    leaf.same(take(7), take(7))
    leaf.notSame(take(7), take(8))
  })

  void sub.test('fills [0, 1) evenly', async (leaf) => {
    const random = seededRandom(42)
    const buckets = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 100_000; i++) {
      const bucket = Math.floor(random() * 10)
      buckets[bucket] = (buckets[bucket] ?? NaN) + 1
    }
    leaf.equal(buckets.length, 10)
    for (const count of buckets) leaf.ok(Math.abs(count - 10_000) < 400, `${count} of 10,000`)
  })
})

function take(seed: number): number[] {
  return Array.from({ length: 20 }, seededRandom(seed))
}
