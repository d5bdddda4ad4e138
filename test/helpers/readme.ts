import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { plainly } from './plainly.ts'
import { root } from './project.ts'

export const readme = await readFile(join(root, 'README.md'), 'utf8')

/** A folder in which `npx fairlead` and `import 'fairlead'` mean this checkout. */
export const place = await mkdtemp(join(tmpdir(), 'fairlead-readme-'))
t.teardown(() => rm(place, { recursive: true, force: true }))
await mkdir(join(place, 'bin'))
await mkdir(join(place, 'node_modules'))
await symlink(root, join(place, 'node_modules', 'fairlead'))
await writeFile(
  join(place, 'bin', 'npx'),
  `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(root, 'bin', 'fairlead.js')}" "$@"\n`,
  { mode: 0o755 },
)

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a script in a network of its own, where every port is free. `until`: once its output holds this, it is told
 * to stop, as somebody who has seen enough presses Ctrl-C.
 */
export function run(script: string, { until }: { until?: string } = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const inNamespace = `ip link set lo up && ${script}`
    const words = ['--user', '--map-root-user', '--net', 'bash', '-c', inNamespace]
    const child = spawn(...plainly('unshare', words), {
      cwd: place,
      detached: true,
      env: { ...process.env, PATH: `${join(place, 'bin')}:${process.env['PATH'] ?? ''}` },
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

export function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => (text as string).trim())
}

/** Blocks that need the network; everything else in the README is run as it stands. */
const NEEDS_NETWORK = new Set(['npm ci && npm start'])

function scripts(): string[] {
  return blocks('sh').filter((text) => !NEEDS_NETWORK.has(text))
}

/** Scripts whose lines belong together: the quick start, and those that ask what it started. */
export function sessions(): string[] {
  return scripts().filter((text) => isSession(text))
}

/** All other commands; each stands for itself. */
export function lines(): string[] {
  return scripts()
    .filter((text) => !isSession(text))
    .flatMap((text) => text.split('\n'))
}

function isSession(script: string): boolean {
  return script.includes('curl ')
}
