import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { plainly } from './helpers/plainly.ts'
import { inProject, root } from './helpers/project.ts'

const examples = inProject('fixtures/examples')

/** A folder in which `fairlead` is a package that was installed, and so is tap. */
const place = await mkdtemp(join(tmpdir(), 'fairlead-examples-'))
t.teardown(() => rm(place, { recursive: true, force: true }))
await mkdir(join(place, 'node_modules'))
await symlink(root, join(place, 'node_modules', 'fairlead'))
await symlink(join(root, 'node_modules', 'tap'), join(place, 'node_modules', 'tap'))

/** As JavaScript for the oldest Node that we support, which knows neither types nor `await using`. */
async function compiled(folder: string): Promise<string[]> {
  const names = (await readdir(join(examples, folder))).filter((name) => name.endsWith('.test.ts'))
  return Promise.all(
    names.map(async (name) => {
      const { outputText } = ts.transpileModule(await readFile(join(examples, folder, name), 'utf8'), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      })
      const file = join(place, name.replace('.test.ts', `.${folder}.mjs`))
      await writeFile(file, outputText)
      return file
    }),
  )
}

function run(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(...plainly(process.execPath, args))
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

void t.test('the examples for node:test pass, against the built package', async (sub) => {
  const files = await compiled('node-test')
  sub.equal(files.length, 5)
  for (const file of files) {
    const { code, output } = await run([file])
    sub.equal(code, 0, output)
  }
})

void t.test('the examples for tap pass', async (sub) => {
  const files = await compiled('tap')
  sub.equal(files.length, 1)
  for (const file of files) {
    const { code, output } = await run([file])
    sub.equal(code, 0, output)
    sub.match(output, /^ok 1 - requests go on/m)
  }
})
