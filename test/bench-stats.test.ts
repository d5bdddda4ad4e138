import t from 'tap'
import { Results } from './bench/results.ts'
import { stolenMs } from './bench/stolen-time.ts'
import { median, percentile, roundRatios, spread } from './bench/stats.ts'

void t.test('the median is the middle value, or the mean of the two in the middle, in any order', (test) => {
  test.equal(median([30, 1, 2]), 2)
  test.equal(median([4, 1, 3, 2]), 2.5)
  test.equal(median([7]), 7)
  test.ok(Number.isNaN(median([])))
  test.end()
})

void t.test('sorts by value, not by text, and leaves its input alone', (test) => {
  const values = [100, 9, 20]
  test.equal(median(values), 20)
  test.same(values, [100, 9, 20])
  test.end()
})

void t.test('a percentile between two values is interpolated', (test) => {
  const values = [0, 10, 20, 30, 40]
  test.equal(percentile(values, 0), 0)
  test.equal(percentile(values, 100), 40)
  test.equal(percentile(values, 99), 39.6)
  test.end()
})

void t.test('the spread has the least and the most; of nothing there is none', (test) => {
  test.same(spread([3, 1, 2]), { median: 2, min: 1, max: 3 })
  test.equal(spread([]), undefined)
  test.end()
})

void t.test(
  'ratios compare within a round, and skip rounds that lack a side or have no positive base',
  (test) => {
    test.same(roundRatios([2, undefined, 9, 8, 5], [1, 7, undefined, 4, 0]), [2, 2])
    test.same(roundRatios([2, 3], [1]), [2])
    test.end()
  },
)

void t.test(
  'results keep a failed round as a gap, and take ratios to the reference of the same view',
  (test) => {
    const results = new Results()
    const add = (contender: string, round: number, value: number): void =>
      results.add({ view: 'split', figure: 'requests', contender, round }, value)
    add('haproxy', 0, 10)
    add('haproxy', 1, 20)
    add('haproxy', 2, 40)
    add('other', 0, 20)
    add('other', 2, 40)
    results.add({ view: 'shared', figure: 'requests', contender: 'other', round: 0 }, 1)
    results.conclude('haproxy')

    const other = results.find('split', 'requests', 'other')
    test.same(other?.rounds, [20, undefined, 40])
    test.equal(other?.median, 30)
    test.same(other?.ratio, { median: 1.5, min: 1, max: 2 })
    test.equal(results.find('shared', 'requests', 'other')?.ratio, undefined)
    test.end()
  },
)

void t.test('time that the host took is read by CPU, and is 0 where the kernel does not tell', (test) => {
  const stat = 'cpu  5 0 0 0 0 0 0 9 0 0\ncpu0 2 0 0 0 0 0 0 4 0 0\ncpu1 3 0 0 0 0 0 0 5 0 0\nintr 7'
  test.same(stolenMs(stat, [1, 0]), [50, 40])
  test.same(stolenMs('cpu0 2 0 0 0\n', [0, 1]), [0, 0])
  test.end()
})
