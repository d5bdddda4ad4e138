import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import ts from 'typescript'
import { inProject, root } from './helpers/project.ts'
import { blocks, place, run } from './helpers/readme.ts'

const examples = inProject('fixtures/examples/node-test')

/** Tests, which readers put into files of their own; they lie in `fixtures/examples`, and are run there. */
function isTest(block: string): boolean {
  return block.includes("from 'node:test'")
}

void t.test('every test is one of the examples', async (test: Test) => {
  const files = await Promise.all(
    (await readdir(examples)).map((name) => readFile(join(examples, name), 'utf8')),
  )
  test.strictSame(blocks('ts').filter(isTest).toSorted(), files.map((text) => text.trim()).toSorted())
})

void t.test('every program works as it stands', async (test: Test) => {
  const programs = blocks('ts').filter((block) => !isTest(block))
  test.ok(programs.length > 3)
  for (const [i, block] of programs.entries()) {
    const { outputText } = ts.transpileModule(block, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    })
    const file = join(place, `block-${i}.mjs`)
    await writeFile(file, outputText)
    const { code, stderr } = await run(`exec "${process.execPath}" "${file}"`)
    test.equal(code, 0, `${block}\n${stderr}`)
  }
})

void t.test('every program type-checks, and so does a configuration', (test: Test) => {
  const configurations = blocks('js').filter((block) => block.includes('defineConfig'))
  test.equal(configurations.length, 1)
  const files = new Map(
    [...blocks('ts'), ...configurations].map((block, i) => [join(root, `readme-block-${i}.ts`), block]),
  )
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    skipLibCheck: true,
  }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, version) => {
    const text = files.get(name)
    return text === undefined ? read(name, version) : ts.createSourceFile(name, text, version, true)
  }
  const exists = host.fileExists.bind(host)
  host.fileExists = (name) => files.has(name) || exists(name)
  const problems = ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))
  test.strictSame(
    problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    [],
  )
  test.end()
})
