import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readConfigFile } from '../../src/config/source.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-config-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function written(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

void t.test('pools and listeners have what they leave out from defaults', async (sub) => {
  const path = written(
    'defaults.yaml',
    [
      'defaults: { retries: 1, idleTimeout: 10m }',
      'listeners:',
      '  web: { listen: 8080, mode: http, pool: web }',
      '  db: { listen: 127.0.0.1:5432, pool: db, idleTimeout: 5s }',
      'pools:',
      '  web: { backends: [http://a:3001], retries: 7 }',
      '  db: { backends: [3002] }',
    ].join('\n'),
  )
  const { listeners, pools } = await readConfigFile(path)
  sub.same(
    listeners.map(({ name, idleTimeoutMs, http }) => [name, idleTimeoutMs, http !== undefined]),
    [
      ['web', 600_000, true],
      ['db', 5_000, false],
    ],
  )
  sub.same(
    pools.map(({ name, retries }) => [name, retries]),
    [
      ['web', 7],
      ['db', 1],
    ],
  )
})

void t.test('problems have their line, in the order of the file', async (sub) => {
  const path = written(
    'bad.yaml',
    [
      'listeners:',
      '  web: { listen: 8080, pool: wbe }',
      'pools:',
      '  web: { backends: [3001], rise: 0 }',
    ].join('\n'),
  )
  await sub.rejects(readConfigFile(path), {
    message:
      `${path}:2: listeners.web.pool: "wbe" is not a pool; did you mean web?\n` +
      `${path}:4: pools.web.rise: must be a whole number from 1 to 1000, not 0`,
  })
})

void t.test('a module that throws whatever is told in one line', async (sub) => {
  for (const [i, [thrown, told]] of [
    ['new Error("bad day\\nand its second line")', 'Error: bad day'],
    ['null', 'it threw null'],
    ['"a text"', 'it threw "a text"'],
  ].entries()) {
    const path = written(`throws-${i}.mjs`, `throw ${thrown}`)
    await sub.rejects(readConfigFile(path), { message: `${path}: cannot be loaded: ${told}` })
  }
})
