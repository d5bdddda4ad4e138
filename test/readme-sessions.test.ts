import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { blocks, place, run, sessions } from './helpers/readme.ts'

/** What the reader has running since the quick start, for what comes after it. */
const BACKENDS = ['a', 'b', 'c'].map(
  (name, i) => `npx fairlead backend --port ${3001 + i} --name ${name} >/dev/null &`,
)

void t.test('every session at a shell works as it stands', async (test: Test) => {
  test.ok(sessions().length > 2)
  for (const script of sessions()) {
    const before = script.includes('fairlead backend') ? [] : BACKENDS
    const { code, stdout, stderr } = await run(['set -e', ...before, script].join('\n'))
    test.equal(code, 0, `${script}\n${stderr}`)
    test.notMatch(stdout, '"error":', 'nothing that was asked is refused')
    test.match(stdout, /hello from [abc]/, 'a backend answers through the balancer')
  }
})

void t.test('every configuration is good', async (test: Test) => {
  for (const [i, text] of configurations().entries()) {
    await writeFile(join(place, `config-${i}.yaml`), text)
    const { code, stdout, stderr } = await run(`exec npx fairlead check config-${i}.yaml`)
    test.match(stdout, `config-${i}.yaml is good`, `${text}\n${stderr}`)
    test.equal(code, 0)
  }
  const modules = blocks('js').filter((text) => text.includes('defineConfig'))
  test.equal(modules.length, 1)
  await writeFile(join(place, 'config.mjs'), modules[0] as string)
  test.match(await run('exec npx fairlead check config.mjs'), { code: 0, stderr: '' })
})

/** Whole configuration files. */
function configurations(): string[] {
  return blocks('yaml').filter((text) => /^pools:/m.test(text))
}
