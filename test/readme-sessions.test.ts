import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { blocks, place, run, sessions } from './helpers/readme.ts'

void t.test('every session at a shell works as it stands', async (test: Test) => {
  // What comes after the quick start asks what was started there.
  const [quickStart = '', ...later] = sessions()
  test.ok(later.length > 1)
  for (const script of [quickStart, ...later.map((text) => `${quickStart}\n${text}`)]) {
    const { code, stdout, stderr } = await run(`set -e\n${script}`)
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
