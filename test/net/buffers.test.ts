import { test } from 'tap'
import { giveBuffer, grownBuffer, isSmallRead, shrunkBuffer, takeBuffer } from '../../src/net/buffers.ts'

const KIB = 1024
const MIB = 1024 * KIB

void test('buffers are never handed out twice', (t) => {
  const taken = Array.from({ length: 2_000 }, () => takeBuffer())
  t.equal(new Set(taken.map(({ buffer }) => buffer)).size, taken.length, 'each has memory of its own')
  for (const buffer of taken) giveBuffer(buffer)
  const again = Array.from({ length: 3_000 }, () => takeBuffer())
  t.equal(new Set(again.map(({ buffer }) => buffer)).size, again.length)
  t.ok(
    again.some((buffer) => taken.includes(buffer)),
    'given ones are used again',
  )
  for (const buffer of again) giveBuffer(buffer)
  t.end()
})

void test('the free list is bounded: what is over it is left to the garbage collector', (t) => {
  const large = Array.from({ length: 64 }, () => takeBuffer(3))
  const given = new Set(large)
  for (const buffer of large) giveBuffer(buffer)
  let used = 0
  for (let i = 0; i < large.length; i++) if (given.has(takeBuffer(3))) used++
  t.equal(used, (4 * MIB) / (256 * KIB), 'at most 4 MiB of a size wait')
  t.end()
})

void test('a flow that fills its buffer gets larger ones, the largest only after much was moved', (t) => {
  const sizes: number[] = []
  let buffer = takeBuffer()
  for (let i = 0; i < 5; i++) {
    sizes.push(buffer.length)
    buffer = grownBuffer(buffer, MIB)
  }
  t.same(sizes, [4 * KIB, 16 * KIB, 64 * KIB, 64 * KIB, 64 * KIB])
  buffer = grownBuffer(buffer, 16 * MIB)
  t.equal(buffer.length, 256 * KIB)
  t.equal(grownBuffer(buffer, 1_000 * MIB), buffer, 'there is none larger')
  buffer = shrunkBuffer(buffer)
  t.equal(buffer.length, 4 * KIB)
  t.equal(shrunkBuffer(buffer), buffer)
  giveBuffer(buffer)
  t.end()
})

void test('a read is small that fits into the smallest buffer', (t) => {
  t.equal(isSmallRead(1), true)
  t.equal(isSmallRead(4 * KIB), true)
  t.equal(isSmallRead(4 * KIB + 1), false)
  t.end()
})
