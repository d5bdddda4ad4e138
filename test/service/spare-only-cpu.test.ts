import { execFileSync } from 'node:child_process'
import { test } from 'tap'
import { SPARING_FLAGS, spareOnlyCpu } from '../../src/service/spare-only-cpu.ts'

function flagsFor(cpus: number): string[] {
  const flags: string[] = []
  spareOnlyCpu(cpus, (flag) => flags.push(flag))
  return flags
}

void test('garbage is looked for in small steps where there is one CPU', (t) => {
  t.same(flagsFor(1), SPARING_FLAGS)
  t.same(flagsFor(0.5), SPARING_FLAGS)
  t.same(flagsFor(1.5), [])
  t.same(flagsFor(2), [])
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8', maxBuffer: 1e7 })
  for (const flag of SPARING_FLAGS) {
    const positive = flag.replace('--no-', '--')
    t.match(known, new RegExp(`^ *${positive} `, 'm'), 'else V8 complains of it at every start')
  }
  t.end()
})
