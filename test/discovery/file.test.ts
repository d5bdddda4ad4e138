import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { FileDiscoveryConfig } from '../../src/config/schema.ts'
import { parseBackendFile } from '../../src/discovery/parse-backend-file.ts'
import { watchFile } from '../../src/discovery/watch-file.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { Followed } from './follow.ts'

function fileConfig(path: string, more: Partial<FileDiscoveryConfig> = {}): FileDiscoveryConfig {
  return { kind: 'file', path, intervalMs: 60_000, most: 1_000, ...more }
}

/** Waits for the system to tell of a change, lets it settle, and waits until the file is read. */
async function noticed(followed: Followed): Promise<void> {
  await waitUntil(() => followed.clock.nextInMs === 100, { describe: 'a change in the folder' })
  followed.clock.advance(100)
  await followed.looked()
}

void t.test('reads a list as the configuration writes it, in YAML and in JSON', async (sub) => {
  const yaml = [
    '# two texts, a number, an object',
    '- 3001',
    '- b=127.0.0.1:3002@5',
    '- 3003,3004',
    '- { address: "https://app.test", id: d, weight: 0, backup: true, maxConnections: 9 }',
  ].join('\n')
  const specs = await parseBackendFile(yaml, { name: 'x.yaml', maxConnections: 7 })
  sub.strictSame(
    specs.map(({ id, weight, backup, maxConnections }) => [id, weight, backup, maxConnections]),
    [
      ['127.0.0.1:3001', 1, false, 7],
      ['b', 5, false, 7],
      ['127.0.0.1:3003', 1, false, 7],
      ['127.0.0.1:3004', 1, false, 7],
      ['d', 0, true, 9],
    ],
  )
  const json =
    '[3001, "b=127.0.0.1:3002@5", "3003,3004",\n {"address": "https://app.test", "id": "d", "weight": 0,\n "backup": true, "maxConnections": 9}]'
  sub.strictSame(await parseBackendFile(json, { name: 'x.json', maxConnections: 7 }), specs)
  sub.strictSame(await parseBackendFile('[]', { name: 'x.json', maxConnections: 0 }), [], 'none at all')
})

void t.test(
  'tells what is wrong, and in which line; one wrong entry and the file is no answer',
  async (sub) => {
    for (const [text, problem] of [
      ['', 'x.yaml:1: must be a list of backends such as [3001, "host:3002"], not null'],
      ['a: 1', 'x.yaml:1: must be a list of backends such as [3001, "host:3002"], not {"a":1}'],
      ['- 3001\n- [\n', /^x\.yaml:\d: .*\]/],
      ['[3001,\n 3002', /^x\.yaml:2: /],
      ['- 3001\n- 70000', 'x.yaml:2: [1] "70000" is not a port: ports are 1 to 65535'],
      [
        '- 3001\n-\n  address: 1\n  weight: 300',
        'x.yaml:4: [1].weight must be a whole number from 0 to 256, not 300',
      ],
      ['- { wieght: 3,\n    address: 1 }', /^x\.yaml:1: \[0\]\.wieght is not .*did you mean weight\?$/],
      ['- { id: x }', /^x\.yaml:1: \[0\]\.address is missing/],
      ['- a=3001\n- a=3002', 'x.yaml:2: [1] the name "a" is taken: name each backend differently'],
      ['- &a 3001\n- *a\n- *b', 'x.yaml: Unresolved alias (the anchor must be set before the alias): b'],
      [
        String.raw`["unix:/tmp/a\u001b]0;PWNED\u0007x.sock"]`,
        String.raw`x.yaml:1: [0] "/tmp/a\u001b]0;PWNED\u0007x.sock" holds a control character`,
      ],
      ['["unix:\u009b2Jx"]', String.raw`x.yaml:1: [0] "\u009b2Jx" holds a control character`],
      ['0\n'.repeat(7).replaceAll('0', '- 0'), /x\.yaml:5: .*; and 2 more$/],
    ] as const) {
      const found = await problemOf(text)
      if (typeof problem === 'string') sub.equal(found, problem)
      else sub.match(found, problem)
    }
    sub.equal(
      (await parseBackendFile('- 1\n- a=1\n- 127.0.0.1:1', { name: '', maxConnections: 0 })).length,
      1,
    )
  },
)

void t.test(
  'sees a file that is written again in place, broken, put right, deleted, and put back',
  async (sub) => {
    const path = join(sub.testdir({ 'b.yaml': '[3001]' }), 'b.yaml')
    using followed = new Followed(fileConfig(path))
    await followed.looked()
    sub.equal(followed.discovery.source, `file ${path}`)
    sub.strictSame(followed.backends, ['127.0.0.1:3001'])

    writeFileSync(path, '[3001, 3002]')
    await noticed(followed)
    sub.strictSame(followed.backends, ['127.0.0.1:3001', '127.0.0.1:3002'])

    writeFileSync(path, '[3001,\n "300')
    await noticed(followed)
    sub.match(followed.failure, /^b\.yaml:2: /)
    sub.strictSame(
      followed.backends,
      ['127.0.0.1:3001', '127.0.0.1:3002'],
      'a half-written file changes nothing',
    )

    writeFileSync(path, '[3001,\n 3003]')
    await noticed(followed)
    sub.equal(followed.failure, undefined)
    sub.strictSame(followed.backends, ['127.0.0.1:3001', '127.0.0.1:3003'])

    unlinkSync(path)
    await noticed(followed)
    sub.equal(followed.failure, 'b.yaml is not there')

    const { length } = followed.told
    writeFileSync(path, '- 3001\n- 3003')
    await noticed(followed)
    sub.strictSame(followed.states.at(-1), { ok: true })
    sub.equal(followed.told.length, length, 'the same again')

    writeFileSync(path, '[]')
    await noticed(followed)
    sub.strictSame(followed.backends, [], 'an empty list is meant')
  },
)

void t.test("sees an editor's rename over the file", async (sub) => {
  const folder = sub.testdir({ 'b.json': '[3001]' })
  using followed = new Followed(fileConfig(join(folder, 'b.json')))
  await followed.looked()
  for (const port of [3002, 3003]) {
    writeFileSync(join(folder, '.b.json.swp'), `[${port}]`)
    renameSync(join(folder, '.b.json.swp'), join(folder, 'b.json'))
    await noticed(followed)
    sub.strictSame(followed.backends, [`127.0.0.1:${port}`])
  }
})

void t.test("sees Kubernetes' swap of the link beside it", async (sub) => {
  const folder = sub.testdir({ '..1': { 'b.yaml': '[3001]' } })
  symlinkSync('..1', join(folder, '..data'))
  symlinkSync(join('..data', 'b.yaml'), join(folder, 'b.yaml'))
  using followed = new Followed(fileConfig(join(folder, 'b.yaml')))
  await followed.looked()
  for (const turn of [2, 3]) {
    mkdirSync(join(folder, `..${turn}`))
    writeFileSync(join(folder, `..${turn}`, 'b.yaml'), `[300${turn}]`)
    symlinkSync(`..${turn}`, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    rmSync(join(folder, `..${turn - 1}`), { recursive: true })
    await noticed(followed)
    sub.strictSame(followed.backends, [`127.0.0.1:300${turn}`])
  }
  sub.same(followed.states, [], 'it was there all the time')
})

void t.test(
  'sees by the clock what nobody tells, and a folder that comes later or is replaced',
  async (sub) => {
    const root = sub.testdir({ far: { 'b.yaml': '[3001]' }, near: {} })
    const [near, far] = [join(root, 'near'), join(root, 'far', 'b.yaml')]
    symlinkSync(far, join(near, 'b.yaml'))
    using followed = new Followed(fileConfig(join(near, 'b.yaml'), { intervalMs: 4_000 }))
    await followed.looked()
    writeFileSync(far, '[3002]')
    await followed.lookAgain()
    sub.strictSame(followed.backends, ['127.0.0.1:3002'], 'written behind a link to another folder')

    rmSync(near, { recursive: true })
    mkdirSync(near)
    writeFileSync(join(near, 'b.yaml'), '[3003]')
    await waitUntil(() => {
      if (followed.backends[0] === '127.0.0.1:3003') return true
      followed.clock.advance(100)
      return false
    })
    followed.clock.advance(10_000)
    const looks = followed.looks
    writeFileSync(join(near, 'b.yaml'), '[3004]')
    await waitUntil(() => followed.looks > looks || followed.clock.nextInMs === 100)
    await waitUntil(() => {
      if (followed.backends[0] === '127.0.0.1:3004') return true
      followed.clock.advance(100)
      return false
    })
  },
)

void t.test(
  'a folder is watched anew where it was replaced, and only then told without a change',
  async (sub) => {
    const root = sub.testdir({ near: {} })
    const near = join(root, 'near')
    const clock = new ManualClock()
    let changes = 0
    const close = watchFile(join(near, 'b.yaml'), { clock, onChange: () => changes++ })
    sub.teardown(close)
    const told = async (): Promise<void> => {
      await waitUntil(() => clock.nextInMs === 100, { describe: 'a change in the folder' })
      clock.advance(100)
    }
    clock.advance(22_000)
    sub.equal(changes, 0, 'it stays what it is')
    renameSync(near, join(root, 'old'))
    mkdirSync(near)
    await told()
    sub.equal(changes, 1, 'of the rename')
    clock.advance(clock.nextInMs ?? 0)
    await told()
    sub.equal(changes, 2, 'of the other one')
    writeFileSync(join(near, 'b.yaml'), '')
    await told()
    sub.equal(changes, 3, 'in the other one')
  },
)

void t.test('a folder that is not there yet is waited for', async (sub) => {
  const root = sub.testdir({})
  using followed = new Followed(fileConfig(join(root, 'later', 'b.yaml')))
  await followed.looked()
  sub.equal(followed.failure, 'b.yaml is not there')
  mkdirSync(join(root, 'later'))
  writeFileSync(join(root, 'later', 'b.yaml'), '[3001]')
  await followed.lookAgain()
  sub.strictSame(followed.backends, ['127.0.0.1:3001'])
})

void t.test('a folder that cannot be looked at for a while is one that is not there', async (sub) => {
  const root = sub.testdir({ real: { 'b.yaml': '[3001]' } })
  symlinkSync('real', join(root, 'link'))
  using followed = new Followed(fileConfig(join(root, 'link', 'b.yaml')))
  const passes = (isSo: () => boolean): Promise<unknown> =>
    waitUntil(() => {
      if (isSo()) return true
      followed.clock.advance(1_000)
      return false
    })
  await followed.looked()
  unlinkSync(join(root, 'link'))
  symlinkSync('link', join(root, 'link')) // ELOOP, also for root, whom no mode keeps out
  await passes(() => followed.failure !== undefined)
  sub.match(followed.failure, /ELOOP/)
  sub.strictSame(followed.backends, ['127.0.0.1:3001'])
  unlinkSync(join(root, 'link'))
  symlinkSync('real', join(root, 'link'))
  writeFileSync(join(root, 'real', 'b.yaml'), '[3002]')
  await passes(() => followed.backends[0] === '127.0.0.1:3002')
})

void t.test('what is no file, or too long, is not read', async (sub) => {
  const folder = sub.testdir({ 'long.yaml': ' '.repeat(5_000_000), dir: {} })
  execFileSync('mkfifo', [join(folder, 'pipe')])
  for (const [name, reason] of [
    ['dir', 'dir cannot be read: it is no file'],
    ['pipe', 'pipe cannot be read: it is no file'],
    ['long.yaml', 'long.yaml cannot be read: it has 5000000 bytes; 4194304 are allowed'],
  ] as const) {
    using followed = new Followed(fileConfig(join(folder, name)))
    await followed.looked()
    sub.equal(followed.failure, reason)
  }
})

void t.test('close leaves no timer and no watch', async (sub) => {
  const path = join(sub.testdir({ 'b.yaml': '[3001]' }), 'b.yaml')
  const followed = new Followed(fileConfig(path))
  await followed.looked()
  writeFileSync(path, '[3002]')
  await waitUntil(() => followed.clock.nextInMs === 100)
  followed.discovery.close()
  sub.equal(followed.clock.pending, 0)
  sub.strictSame(followed.backends, ['127.0.0.1:3001'])
})

function problemOf(text: string): Promise<unknown> {
  return parseBackendFile(text, { name: 'x.yaml', maxConnections: 0 }).catch((error: Error) => error.message)
}
