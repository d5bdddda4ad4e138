import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { putHelpersBehind } from '../../src/service/helper-threads.ts'

void test('all threads but the main one are put behind it, those of the pool once they are there', (t) => {
  const threads = t.testdir({ [process.pid]: {}, 1000001: {}, 1000002: {} })
  const behind: [number, number][] = []
  let poolStands: (() => void) | undefined
  putHelpersBehind({
    threads,
    lower: (id: number, priority?: number) => behind.push([id, priority ?? Number.NaN]),
    withAllThreads: (then) => (poolStands = then),
  })
  t.same(behind.splice(0), [
    [1_000_001, 10],
    [1_000_002, 10],
  ])
  mkdirSync(join(threads, '1000003'))
  poolStands?.()
  t.same(behind.at(-1), [1_000_003, 10])
  t.end()
})

function atOnce(then: () => void): void {
  then()
}

function refused(): never {
  throw new Error('EACCES')
}

void test('where there are no such files, or it is not allowed, all stays as it was', (t) => {
  t.doesNotThrow(() => putHelpersBehind({ threads: join(t.testdir(), 'none'), withAllThreads: atOnce }))
  t.doesNotThrow(() => putHelpersBehind({ lower: refused, withAllThreads: atOnce }))
  t.end()
})

const onLinux = { skip: process.platform === 'linux' ? false : 'threads have no priorities of their own' }

void test(
  'in a process of its own, four threads of V8 and four of libuv come second, and not the main one',
  onLinux,
  (t) => {
    const url = JSON.stringify(new URL('../../src/service/helper-threads.js', import.meta.url).href)
    const inProcess = `
    import { readdirSync } from 'node:fs'
    import { getPriority } from 'node:os'
    import { setTimeout as delay } from 'node:timers/promises'
    import { putHelpersBehind } from ${url}
    const before = getPriority()
    putHelpersBehind()
    let others, ordinary
    do {
      await delay(5)
      others = readdirSync('/proc/self/task').map(Number).filter((id) => id !== process.pid)
      ordinary = others.filter((id) => getPriority(id) === before)
    } while (others.length < 8 || ordinary.length > 0)
    console.log(getPriority() === before)`
    const script = ['--input-type=module', '-e', inProcess]
    const said = execFileSync(process.execPath, script, { encoding: 'utf8', timeout: 20_000 })
    t.equal(said, 'true\n')
    t.end()
  },
)
