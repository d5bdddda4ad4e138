import * as fc from 'fast-check'
import t from 'tap'
import { CorruptToxic } from '../../src/faults/cutting-toxics.ts'
import { Fifo } from '../../src/faults/fifo.ts'

void t.test('a queue gives what an array gives, however it is used', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.nat(3_000).map((count) => ({ push: count })) },
    { weight: 6, arbitrary: fc.nat(3_000).map((count) => ({ shift: count })) },
    fc.constant('takeAll' as const),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const [fifo, array] = [new Fifo<number>(), [] as number[]]
      let next = 0
      for (const each of steps) {
        if (each === 'takeAll') {
          if (fifo.takeAll().join() !== array.splice(0).join()) return false
        } else if ('push' in each) {
          for (let i = 0; i < each.push; i++) {
            fifo.push(++next)
            array.push(next)
          }
        } else {
          for (let i = 0; i < each.shift; i++) if (fifo.shift() !== array.shift()) return false
        }
        if (fifo.length !== array.length || fifo.first !== array[0]) return false
      }
      return true
    }),
  )
})

void t.test('a probability next to nothing corrupts nothing, and comes to an end', (sub) => {
  let strikes = 0
  const grip = {
    random: () => 0.5,
    strike: () => {
      if (++strikes > 100) throw new Error('it does not end')
      return true
    },
  }
  const toxic = new CorruptToxic(grip as never, { probability: 1e-17 })
  const out: unknown[] = []
  toxic.out = { emit: (item) => void out.push(item), drop: () => {}, invent: () => {} }
  toxic.push(Buffer.from('all of it'))
  sub.same(out, [Buffer.from('all of it')])
  sub.equal(strikes, 0)
  sub.end()
})
