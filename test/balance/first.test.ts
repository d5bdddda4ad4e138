import t from 'tap'
import { First } from '../../src/balance/first.ts'
import type { Backend } from '../../src/core/backend.ts'
import { anyone, backendsOf, lease, release } from './backends.ts'

void t.test('fills the first, then the next, and comes back to the first that has room', (sub) => {
  const backends = backendsOf([1, 256, 1], 2)
  const strategy = new First()
  strategy.update(backends)
  let picked = ''
  for (let i = 0; i < 6; i++) {
    const backend = strategy.pick(anyone) as Backend
    lease(strategy, backend)
    picked += backend.id
  }
  sub.equal(picked, 'aabbcc')
  release(strategy, backends[2] as Backend)
  sub.equal(strategy.pick(anyone)?.id, 'c')
  release(strategy, backends[1] as Backend)
  sub.equal(strategy.pick(anyone)?.id, 'b')
  sub.end()
})

void t.test('passes over skipped ones and follows a new order', (sub) => {
  const [a, b, c] = backendsOf([1, 1, 1]) as [Backend, Backend, Backend]
  const strategy = new First()
  strategy.update([a, b, c])
  sub.equal(strategy.pick(anyone, new Set([a])), b)
  sub.equal(strategy.pick(anyone, new Set([b])), a)
  sub.equal(strategy.pick(anyone, new Set([b, a])), c)
  strategy.update([c, b, a])
  sub.equal(strategy.pick(anyone), c)
  sub.end()
})
