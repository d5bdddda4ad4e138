import { execFileSync } from 'node:child_process'
import { test } from 'tap'
import { ONE_MARKER, spareOnlyCpu } from '../../src/service/spare-only-cpu.ts'

function flagsFor(cpus: number): string[] {
  const flags: string[] = []
  spareOnlyCpu(cpus, (flag) => flags.push(flag))
  return flags
}

void test('garbage is collected by one helper where there is one CPU', (t) => {
  t.same(flagsFor(1), [ONE_MARKER])
  t.same(flagsFor(2), [])
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8', maxBuffer: 1e7 })
  const [name = ''] = ONE_MARKER.split('=')
  t.match(known, new RegExp(`^ *${name} `, 'm'), 'else V8 complains of it at every start')
  t.end()
})
