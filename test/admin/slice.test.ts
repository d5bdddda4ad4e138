import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import type { Test } from 'tap'
import { Slice } from '../../src/admin/slice.ts'
import { SliceQueue } from '../../src/admin/slice-queue.ts'
import { TurnEnd } from '../../src/net/turn-end.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

void test('of all long work one piece is done a turn', async (t) => {
  const clock = new ManualClock()
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
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

void test('a slice is over soon, and knows how long all of them took', async (t) => {
  const clock = new ManualClock()
  const slice = new Slice(clock)
  t.notOk(slice.isOver)
  clock.advance(0.1)
  t.ok(slice.isOver)
  const rested = slice.rest()
  clock.advance(5)
  await rested
  t.notOk(slice.isOver, 'the next has just begun')
  clock.advance(0.25)
  slice.stop()
  t.equal(slice.busyMs, 0.35)
})

void test('long work in the gaps of the traffic', (t) => {
  void t.test('waits until nothing was read for a tenth of a millisecond', async (sub) => {
    const { clock, turnEnd, queue, begun } = rig(sub)
    turnEnd.reads++
    queue.push(begun('work'))
    await turn()
    clock.advance(0.09)
    await turn()
    turnEnd.reads++
    clock.advance(0.05)
    await turn()
    clock.advance(0.09)
    await turn()
    sub.same(begun.names, [])
    clock.advance(0.02)
    await turn()
    sub.same(begun.names, ['work'])
  })

  void t.test(
    'where none comes, has its turn after a millisecond, and the next after another',
    async (sub) => {
      const { clock, turnEnd, queue, begun } = rig(sub)
      queue.push(begun('first'))
      for (let i = 0; i < 19; i++) {
        turnEnd.reads++
        clock.advance(0.05)
        await turn()
      }
      sub.same(begun.names, [])
      turnEnd.reads++
      clock.advance(0.06)
      await turn()
      sub.same(begun.names, ['first'])
      queue.push(begun('second'))
      turnEnd.reads++
      clock.advance(0.9)
      await turn()
      sub.same(begun.names, ['first'])
      turnEnd.reads++
      clock.advance(0.11)
      await turn()
      sub.same(begun.names, ['first', 'second'])
    },
  )

  void t.test('the more of it waits, the less long: but never more than every quarter', async (sub) => {
    const { clock, turnEnd, queue, begun } = rig(sub)
    for (let i = 0; i < 100; i++) queue.push(begun(String(i)))
    for (let i = 0; i < 32; i++) {
      turnEnd.reads++
      clock.advance(0.0625)
      await turn()
    }
    sub.same(begun.names, ['0', '1', '2', '3', '4', '5', '6', '7'], 'in two milliseconds')
  })

  void t.test('in one gap as much as it is long, a piece a turn', async (sub) => {
    const { clock, turnEnd, queue, begun } = rig(sub)
    turnEnd.reads++
    for (const name of ['a', 'b', 'c', 'd']) queue.push(begun(name))
    await turn()
    clock.advance(0.1)
    await turn()
    await turn()
    sub.same(begun.names, ['a', 'b'])
    turnEnd.reads++
    await turn()
    await turn()
    sub.same(begun.names, ['a', 'b'])
  })

  void t.test('comes behind what the turn has to send', async (sub) => {
    const { clock, turnEnd, queue, begun } = rig(sub)
    await turn()
    clock.advance(1)
    const send = begun('send')
    const sendAllRead = begun('send when all is read')
    queue.push(begun('work'))
    turnEnd.await({ onTurnEnd: send })
    turnEnd.awaitAllRead({ onTurnEnd: sendAllRead })
    await turn()
    sub.same(begun.names, ['send when all is read', 'send', 'work'])
  })
  t.end()
})

/** A queue of its own, the traffic that it looks at, and time by hand. */
function rig(t: Test) {
  const clock = new ManualClock()
  // What still waits would look for a gap for ever.
  t.teardown(() => clock.advance(10))
  const turnEnd = new TurnEnd()
  const names: string[] = []
  const begun = Object.assign((name: string) => () => void names.push(name), { names })
  return { clock, turnEnd, queue: new SliceQueue({ clock, turnEnd }), begun }
}
