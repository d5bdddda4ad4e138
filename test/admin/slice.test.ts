import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { Slice } from '../../src/admin/slice.ts'
import { systemClock } from '../../src/core/clock.ts'

void test('of all long work one piece is done a turn', async (t) => {
  const order: number[] = []
  const rests = [0, 1, 2].map(async (i) => {
    await new Slice(systemClock).rest()
    order.push(i)
  })
  for (const [i, rest] of rests.entries()) {
    await rest
    // What the same turn of the loop would still do comes before this.
    await turn()
    t.same(order, [0, 1, 2].slice(0, i + 1))
  }
})
