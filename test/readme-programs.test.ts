import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import ts from 'typescript'
import { blocks, place, root, run } from './helpers/readme.ts'

void t.test('every program works as it stands', async (test: Test) => {
  for (const [i, block] of blocks('ts').entries()) {
    const { outputText } = ts.transpileModule(block, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    })
    const file = join(place, `block-${i}.mjs`)
    await writeFile(file, outputText)
    const { code, stderr } = await run(`exec "${process.execPath}" "${file}"`)
    test.equal(code, 0, `${block}\n${stderr}`)
  }
})

void t.test('every program type-checks', (test: Test) => {
  const files = new Map(blocks('ts').map((block, i) => [join(root, `readme-block-${i}.ts`), block]))
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
