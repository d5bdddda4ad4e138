import t from 'tap'
import { CustomStrategy } from '../../src/balance/custom-strategy.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import type { StrategyFactory } from '../../src/core/strategy.ts'

const update = (): void => undefined
const pick = (): undefined => undefined

const NO_STRATEGIES: readonly (readonly [made: unknown, what: string])[] = [
  [undefined, 'nothing'],
  [null, 'nothing'],
  ['first', 'a string'],
  [Promise.resolve({ update, pick }), 'a promise'],
  [{ pick }, 'one without update'],
  [{ update, pick: 'first' }, 'one without pick'],
  [{ update, pick, changed: true }, 'one whose changed is no function'],
  [{ update, pick, odds: {} }, 'one whose odds is no function'],
]

for (const [made, what] of NO_STRATEGIES)
  void t.test(`${what} that a function given as balance returns is refused at once`, async (sub) => {
    const balance = (() => made) as unknown as StrategyFactory
    await sub.rejects(createBalancer({ listen: '127.0.0.1:0', backends: [1], balance }), {
      code: 'FAIRLEAD_CONFIG',
      message: `balance: the function for pool main must return an object with the methods update and pick, not ${what}`,
    })
  })

void t.test('a strategy needs no more than update and pick', (sub) => {
  sub.doesNotThrow(() => new CustomStrategy({ update, pick }, { pool: 'main', onFailure: () => undefined }))
  sub.end()
})
