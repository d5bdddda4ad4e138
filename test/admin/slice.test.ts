import { test } from 'tap'
import { Slice } from '../../src/admin/slice.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

void test('of all long work one piece is done a turn', async (t) => {
  const clock = new ManualClock()
  let turns = 0
  let isDone = false
  const turn = (): void => {
    turns++
    if (!isDone) setImmediate(turn)
  }
  setImmediate(turn)
  const seen = await Promise.all(
    [1, 2, 3].map(async () => {
      const slice = new Slice(clock)
      const inTurns: number[] = []
      for (let i = 0; i < 20; i++) {
        await slice.rest()
        inTurns.push(turns)
        clock.advance(0.03)
      }
      return inTurns
    }),
  )
  isDone = true
  t.equal(new Set(seen.flat()).size, 60)
})

void test('after a quarter of a millisecond of work it rests for a whole one', async (t) => {
  const clock = new ManualClock()
  const slice = new Slice(clock)
  await slice.rest()
  clock.advance(0.3)
  const begunAt = performance.now()
  await slice.rest()
  // Timers have whole milliseconds, and look at the time once a turn.
  t.ok(performance.now() - begunAt > 0.5, 'a turn of the loop alone takes some hundredths')
  t.equal(slice.busyMs, 0.3)
})

void test('a slice is over soon', (t) => {
  const clock = new ManualClock()
  const slice = new Slice(clock)
  t.notOk(slice.isOver)
  clock.advance(0.1)
  t.ok(slice.isOver)
  t.end()
})
