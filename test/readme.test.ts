import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import ts from 'typescript'
import { flagTable } from '../src/config/flag-table.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = await readFile(join(root, 'README.md'), 'utf8')

/** Blocks that need the network; everything else in the README is run as it stands. */
const NEEDS_NETWORK = new Set(['npm ci && npm start'])

const place = await mkdtemp(join(tmpdir(), 'fairlead-readme-'))
t.teardown(() => rm(place, { recursive: true, force: true }))
await mkdir(join(place, 'bin'))
await mkdir(join(place, 'node_modules'))
await symlink(root, join(place, 'node_modules', 'fairlead'))
await writeFile(
  join(place, 'bin', 'npx'),
  `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(root, 'bin', 'fairlead.js')}" "$@"\n`,
  { mode: 0o755 },
)

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a script in a network of its own, where every port is free. `until`: once its output holds this, it is told
 * to stop, as somebody who has seen enough presses Ctrl-C.
 */
function run(script: string, { until }: { until?: string } = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const inNamespace = `ip link set lo up && ${script}`
    const child = spawn('unshare', ['--user', '--map-root-user', '--net', 'bash', '-c', inNamespace], {
      cwd: place,
      detached: true,
      env: { ...process.env, PATH: `${join(place, 'bin')}:${process.env['PATH'] ?? ''}`, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    let isTold = false
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      // Once: a second one would not let it finish.
      if (!isTold && until !== undefined && stdout.includes(until)) {
        isTold = true
        signal(child.pid, 'SIGTERM')
      }
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      signal(child.pid, 'SIGKILL') // what it left in the background
      resolve({ code, stdout, stderr })
    })
  })
}

function signal(group: number | undefined, name: NodeJS.Signals): void {
  try {
    process.kill(-(group as number), name)
  } catch {
    // Nobody is left in the group.
  }
}

function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => (text as string).trim())
}

/** What a table says, whatever its columns' widths. */
function words(text: string): string {
  return text.replaceAll(/[\s-]+/g, ' ').trim()
}

void t.test('every shell command works as it stands', async (test: Test) => {
  for (const block of blocks('sh').filter((text) => !NEEDS_NETWORK.has(text))) {
    if (block.includes('&\n')) {
      const { code, stdout, stderr } = await run(block)
      test.equal(code, 0, `${block}\n${stderr}`)
      test.match(stdout, /hello from [abc]/, 'a backend answers through the balancer')
      continue
    }
    for (const line of block.split('\n')) {
      const { code, stdout, stderr } = await run(`exec ${line.replace(/^(\w+=\S+ )/, 'env $1')}`, {
        until: 'listening on',
      })
      test.match(stdout, /listening on/, line)
      test.equal(stderr, '', line)
      test.equal(code, 0, line)
    }
  }
})

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

void t.test('the flag table is the one that the command line is made of', (test: Test) => {
  const between = /<!-- flags -->\n([\s\S]*)<!-- \/flags -->/.exec(readme)?.[1]
  test.equal(words(between ?? ''), words(flagTable()))
  test.end()
})

void t.test('what the README links to is there', async (test: Test) => {
  for (const [, target] of readme.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)) {
    await test.resolves(readFile(join(root, target as string)), target as string)
  }
})
