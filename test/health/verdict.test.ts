import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { Verdict } from '../../src/health/verdict.ts'

type Result = 'success' | 'failure'

const ok: Result = 'success'
const no: Result = 'failure'

/** Every change, with the number of the result (from 1) that made it. */
function changes(verdict: Verdict, results: readonly Result[]): string[] {
  return results.flatMap((result, i) => {
    const change = verdict.record(result)
    return change === undefined ? [] : [`${i + 1}:${change}`]
  })
}

void test('takes a backend down at exactly the fall-th failure in a row (F14)', async (t) => {
  const verdict = new Verdict({ rise: 2, fall: 3, initial: 'up' })
  t.same(changes(verdict, [ok, no, no, no, no]), ['4:down'])
  t.equal(verdict.isUp, false)
})

void test('brings it up at exactly the rise-th success in a row (F14)', async (t) => {
  const verdict = new Verdict({ rise: 2, fall: 3, initial: 'up' })
  t.same(changes(verdict, [ok, no, no, no, ok, no, ok, ok, ok]), ['4:down', '8:up'])
})

void test('never takes it down for failures that successes keep interrupting', async (t) => {
  const verdict = new Verdict({ rise: 2, fall: 3, initial: 'up' })
  t.same(changes(verdict, [ok, no, ok, no, ok, no, ok, no, no, ok, no, no]), [])
})

void test('never brings it up for successes that failures keep interrupting', async (t) => {
  const verdict = new Verdict({ rise: 3, fall: 1, initial: 'down' })
  t.same(changes(verdict, [ok, ok, no, ok, ok, no, ok, no]), [])
})

void test('takes it down at once when the very first result is a failure', async (t) => {
  const verdict = new Verdict({ rise: 2, fall: 3, initial: 'up' })
  t.same(changes(verdict, [no, ok, ok, no, no, no]), ['1:down', '3:up', '6:down'])
})

void test('waits for rise successes when it starts down', async (t) => {
  const verdict = new Verdict({ rise: 2, fall: 3, initial: 'down' })
  t.same(changes(verdict, [ok, ok]), ['2:up'])
  const failing = new Verdict({ rise: 2, fall: 3, initial: 'down' })
  t.same(changes(failing, [no, ok, ok]), ['3:up'])
})

void test('is in transition between the first result against its state and the last one needed', async (t) => {
  const verdict = new Verdict({ rise: 2, fall: 3, initial: 'up' })
  const seen = [ok, no, no, no, ok, no, ok, ok].map((result) => {
    verdict.record(result)
    return verdict.isInTransition
  })
  t.same(seen, [false, true, true, false, true, false, true, false])
})

void test('agrees with a naive reading of the rule for any results and any counts', async (t) => {
  const result = fc.constantFrom<Result>(ok, no)
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom<'up' | 'down'>('up', 'down'),
      fc.array(result, { maxLength: 80 }),
      (rise, fall, initial, results) => {
        const verdict = new Verdict({ rise, fall, initial })
        const states = results.map((each) => {
          verdict.record(each)
          return verdict.isUp ? 'up' : 'down'
        })
        assert.deepEqual(states, naiveStates({ rise, fall, initial }, results))
      },
    ),
    { numRuns: 500 },
  )
  t.pass('held for every sequence')
})

void test('announces a change if and only if the state differs from before', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (results) => {
      const verdict = new Verdict({ rise: 2, fall: 3, initial: 'up' })
      return results.every((passed) => {
        const before = verdict.isUp
        const change = verdict.record(passed ? ok : no)
        const expected = verdict.isUp === before ? undefined : verdict.isUp ? 'up' : 'down'
        return change === expected
      })
    }),
  )
  t.pass('held for every sequence')
})

/** Looks back over the whole history each time instead of counting. */
function naiveStates(
  rule: { rise: number; fall: number; initial: 'up' | 'down' },
  results: readonly Result[],
): ('up' | 'down')[] {
  let state = rule.initial
  let since = 0
  return results.map((_, i) => {
    const sinceChange = results.slice(since, i + 1)
    const needed = state === 'up' ? rule.fall : rule.rise
    const against = state === 'up' ? no : ok
    const last = sinceChange.slice(-needed)
    const firstFailed = i === 0 && state === 'up' && results[0] === no
    if (firstFailed || (last.length === needed && last.every((each) => each === against))) {
      state = state === 'up' ? 'down' : 'up'
      since = i + 1
    }
    return state
  })
}
