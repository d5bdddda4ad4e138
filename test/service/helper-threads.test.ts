import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { putHelpersBehind } from '../../src/service/helper-threads.ts'

/** Who is put behind among threads of these names, the main one left out, with ids that count up from 1,000,001. */
async function behindAmong(folder: string, names: readonly string[]): Promise<number[]> {
  const ids = names.map((_, i) => 1_000_001 + i)
  await mkdir(join(folder, String(process.pid)), { recursive: true })
  await writeFile(join(folder, String(process.pid), 'comm'), 'MainThread\n')
  for (const [i, id] of ids.entries()) {
    await mkdir(join(folder, String(id)))
    await writeFile(join(folder, String(id), 'comm'), `${names[i]}\n`)
  }
  const behind: number[] = []
  putHelpersBehind(folder, (id) => behind.push(id))
  return behind
}

void test('helper threads are those of that name', async (t) => {
  const names = ['DelayedTaskSche', 'V8Worker', 'V8Worker', 'SignalInspector', 'libuv-worker']
  t.same(await behindAmong(t.testdir(), names), [1_000_002, 1_000_003])
})

void test('where they have none, they follow the one that hands out work', async (t) => {
  const names = Array.from({ length: 10 }, () => 'node')
  t.same(await behindAmong(t.testdir(), names), [1_000_002, 1_000_003, 1_000_004, 1_000_005])
})

function refused(): never {
  throw new Error('EACCES')
}

void test('where there are no such files, or it is not allowed, all stays as it was', (t) => {
  t.doesNotThrow(() => putHelpersBehind(join(t.testdir(), 'none')))
  t.doesNotThrow(() => putHelpersBehind('/proc/self/task', refused))
  t.end()
})

void test('in a process of its own, four threads come second, and not the main one', (t) => {
  const url = JSON.stringify(new URL('../../src/service/helper-threads.js', import.meta.url).href)
  const script = `
    import { readdirSync } from 'node:fs'
    import { getPriority } from 'node:os'
    import { putHelpersBehind } from ${url}
    const others = readdirSync('/proc/self/task').map(Number).filter((id) => id !== process.pid)
    const before = getPriority()
    putHelpersBehind()
    const lowered = others.filter((id) => getPriority(id) > before)
    console.log(JSON.stringify([lowered.length, getPriority() === before]))`
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  t.same(JSON.parse(said), process.platform === 'linux' ? [4, true] : [0, true])
  t.end()
})
