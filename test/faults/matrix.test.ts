import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { inProject } from '../helpers/project.ts'
import { FAULTS } from './matrix.ts'

/** `t.test('F7: ...` and `overBothIos(t, 'F7: ...`, however they are wrapped. */
const NAMED = /(?:\.test\(|overBothIos\(\s*\w+,)\s*['"`](F\d+): /g

/** In this process, in HTTP mode, and with the real command. */
const SUITES = ['faults', 'http', 'e2e'].map((name) => inProject(`test/${name}`))

void t.test('every fault of the matrix is named by a subtest, or says why not', async (sub) => {
  const named = new Set<string>()
  for (const suite of SUITES) {
    for (const file of await readdir(suite)) {
      if (!file.endsWith('.test.ts')) continue
      const source = await readFile(join(suite, file), 'utf8')
      for (const [, id] of source.matchAll(NAMED)) named.add(id as string)
    }
  }
  for (const { id, fault, later } of FAULTS) {
    if (later === undefined) sub.ok(named.has(id), `${id}: ${fault}`)
    else sub.notOk(named.has(id), `${id}: ${later}; once it is tested here, the reason goes`)
  }
  const known = new Set<string>(FAULTS.map(({ id }) => id))
  sub.strictSame(
    [...named].filter((id) => !known.has(id)),
    [],
    'no subtest names a fault that the table lacks',
  )
})
