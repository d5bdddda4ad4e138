import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { flagTable } from '../src/config/flag-table.ts'
import { root } from './helpers/project.ts'
import { blocks, lines, place, readme, run } from './helpers/readme.ts'

/** What a table says, whatever its columns' widths. */
function words(text: string): string {
  return text.replaceAll(/[\s-]+/g, ' ').trim()
}

/** As many commands at once as keep a small machine busy. */
const AT_ONCE = 4

/** Commands that come to an end by themselves; all others balance until they are told to stop. */
const ENDS = /^npx fairlead (check|schema)\b/

await writeFile(join(place, 'fairlead.yaml'), blocks('yaml')[0] as string)

void t.test('every balancer starts, and every check is passed, as it stands', async (test: Test) => {
  const left = lines()
  test.ok(left.length > 10)
  const runLines = async (): Promise<void> => {
    for (let line = left.shift(); line !== undefined; line = left.shift()) {
      const command = `exec ${line.replace(/^(\w+=\S+ )/, 'env $1')}`
      const ends = ENDS.test(line)
      const { code, stdout, stderr } = await run(command, ends ? {} : { until: 'listening on' })
      test.match(stdout, ends ? /./ : /listening on/, line)
      test.equal(stderr, '', line)
      test.equal(code, 0, line)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, runLines))
})

void t.test('every command that is named is one', async (test: Test) => {
  const names = new Set(
    [...readme.matchAll(/(?:npx |`)fairlead ([a-z]+)(?=[ `])/g)].map(([, name]) => name as string),
  )
  test.ok(names.size > 10)
  const { stdout } = await run('exec npx fairlead help all')
  for (const name of names) test.match(`${stdout}\n  fairlead help `, `fairlead ${name} `)
})

void t.test('the flag table is the one that the command line is made of', (test: Test) => {
  const between = /<!-- flags -->\n([\s\S]*)<!-- \/flags -->/.exec(readme)?.[1]
  test.equal(words(between ?? ''), words(flagTable()))
  test.end()
})

/** What a heading is linked by. */
function anchor(heading: string): string {
  return `#${heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(/\s/g, '-')}`
}

void t.test('what the README links to is there', async (test: Test) => {
  const headings = [...readme.matchAll(/^##+ (.+)$/gm)].map(([, heading]) => anchor(heading as string))
  for (const [, target = ''] of readme.matchAll(/\]\((#[^)]+)\)/g)) test.ok(headings.includes(target), target)
  for (const [, target] of readme.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)) {
    await test.resolves(readFile(join(root, target as string)), target as string)
  }
})
