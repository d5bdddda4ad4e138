import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { flagTable } from '../src/config/flag-table.ts'
import { blocks, readme, root, run } from './helpers/readme.ts'

/** Blocks that need the network; everything else in the README is run as it stands. */
const NEEDS_NETWORK = new Set(['npm ci && npm start'])

/** What a table says, whatever its columns' widths. */
function words(text: string): string {
  return text.replaceAll(/[\s-]+/g, ' ').trim()
}

/** As many commands at once as keep a small machine busy. */
const AT_ONCE = 4

void t.test('every shell command works as it stands', async (test: Test) => {
  const scripts = blocks('sh').filter((text) => !NEEDS_NETWORK.has(text))
  const sessions = scripts.filter((text) => text.includes('&\n'))
  const lines = scripts.filter((text) => !text.includes('&\n')).flatMap((text) => text.split('\n'))
  test.ok(sessions.length > 0 && lines.length > 10, 'the README has both kinds')
  for (const script of sessions) {
    const { code, stdout, stderr } = await run(script)
    test.equal(code, 0, `${script}\n${stderr}`)
    test.match(stdout, /hello from [abc]/, 'a backend answers through the balancer')
  }
  const left = [...lines]
  const runLines = async (): Promise<void> => {
    for (let line = left.shift(); line !== undefined; line = left.shift()) {
      const command = `exec ${line.replace(/^(\w+=\S+ )/, 'env $1')}`
      const { code, stdout, stderr } = await run(command, { until: 'listening on' })
      test.match(stdout, /listening on/, line)
      test.equal(stderr, '', line)
      test.equal(code, 0, line)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, runLines))
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
