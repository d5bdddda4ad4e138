import { execFileSync } from 'node:child_process'
import { test } from 'tap'
import { SPARING_FLAGS, spareOnlyCpu } from '../../src/service/spare-only-cpu.ts'

function doneFor(cpus: number): string[] {
  const done: string[] = []
  spareOnlyCpu(cpus, { set: (flag) => done.push(flag), lower: () => done.push('behind') })
  return done
}

void test('garbage is looked for in small steps where there is one CPU, and helpers come second', (t) => {
  t.same(doneFor(1), [...SPARING_FLAGS, 'behind'])
  t.same(doneFor(0.5), [...SPARING_FLAGS, 'behind'])
  t.same(doneFor(1.5), [])
  t.same(doneFor(2), [])
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8', maxBuffer: 1e7 })
  for (const flag of SPARING_FLAGS) {
    const positive = flag.replace('--no-', '--')
    t.match(known, new RegExp(`^ *${positive} `, 'm'), 'else V8 complains of it at every start')
  }
  t.end()
})

void test('V8 goes on with them, through collections of the whole heap', (t) => {
  const url = JSON.stringify(new URL('../../src/service/spare-only-cpu.js', import.meta.url).href)
  const script = `
    import { constants, PerformanceObserver } from 'node:perf_hooks'
    import { spareOnlyCpu } from ${url}
    spareOnlyCpu(1)
    let collections = 0
    new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections++
    }).observe({ entryTypes: ['gc'] })
    const kept = []
    for (let i = 0; collections < 3; i++) {
      for (let k = 0; k < 20_000; k++) kept[(i * 20_000 + k * 7) % 300_000] = { k, text: 'x' + k, list: [k, k + 1] }
      await new Promise(setImmediate)
    }
    console.log('went on')`
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  t.equal(said, 'went on\n')
  t.end()
})
