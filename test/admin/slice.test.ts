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
  // How long it lasts is Node's affair: a timer of 1 ms that is set late in a turn is over after the turn.
  const timers = t.capture(globalThis, 'setTimeout', globalThis.setTimeout)
  await slice.rest()
  t.same(
    timers().map(({ args }) => args[1]),
    [1],
  )
  t.equal(slice.busyMs, 0.3)
  await slice.rest()
  t.same(timers(), [], 'and goes on turn by turn')
})

void test('a slice is over soon', (t) => {
  const clock = new ManualClock()
  const slice = new Slice(clock)
  t.notOk(slice.isOver)
  clock.advance(0.1)
  t.ok(slice.isOver)
  t.end()
})
