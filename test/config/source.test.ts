import { utimesSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { readConfigFile } from '../../src/config/source.ts'
import { written } from './written.ts'

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

void t.test('a module is read anew whenever it was written, as CommonJS as well', async (sub) => {
  for (const name of ['again.mjs', 'again.cjs']) {
    const config = (port: number): string =>
      `${name.endsWith('.cjs') ? 'module.exports =' : 'export default'} {
        listeners: { web: { listen: 8080, pool: 'web' } }, pools: { web: { backends: [${port}] } } }`
    const path = written(name, config(3001))
    const portOf = async (): Promise<unknown> => (await readConfigFile(path)).pools[0]?.backends[0]?.id
    sub.equal(await portOf(), '127.0.0.1:3001')
    writeFileSync(path, config(3002))
    utimesSync(path, new Date(), new Date(Date.now() + 2_000))
    sub.equal(await portOf(), '127.0.0.1:3002', name)
  }
})

void t.test('what has a name of the user’s is no path, whatever it is called', async (sub) => {
  const path = written(
    'headers.yaml',
    [
      'listeners:',
      '  web: { listen: 8080, routes: [{ pool: web, setRequestHeaders: { file: report } }] }',
      'pools:',
      '  web: { backends: [http://a:3001], check: http, checkHeader: { errorPages: abc } }',
    ].join('\n'),
  )
  const { listeners, pools } = await readConfigFile(path)
  sub.equal(listeners[0]?.http?.routes[0]?.request.set['file'], 'report')
  sub.equal(pools[0]?.check.http.headers['errorPages'], 'abc')
})

void t.test('a thousand backends may say again what one says', async (sub) => {
  const backends = Array.from({ length: 1_000 }, (_, i) => `      - { <<: *b, address: 'h:${i + 1}' }`)
  const path = written(
    'aliases.yaml',
    [
      'listeners: { web: { listen: 8080, pool: web } }',
      'pools:',
      '  web:',
      '    backends:',
      '      - &b { address: g:1, weight: 7 }',
      ...backends,
    ].join('\n'),
  )
  const { pools } = await readConfigFile(path)
  sub.equal(pools[0]?.backends.length, 1_001)
  sub.ok(pools[0]?.backends.every(({ weight }) => weight === 7))
})

void t.test('what leads back to what it stands in is told with its place', async (sub) => {
  for (const [i, [lines, place]] of (
    [
      [['pools:', '  p:', '    backends: [3001]', '    balance: &x [*x]'], 'pools.p.balance[0]'],
      [
        ['pools:', '  p:', '    check: http', '    checkHeader: &x { a: [{ b: *x }] }'],
        'pools.p.checkHeader.a[0].b',
      ],
      [['pools:', '  p: &x', '    backends: [3001]', '    balance: *x'], 'pools.p.balance'],
    ] as const
  ).entries()) {
    const path = written(`circle-${i}.yaml`, lines.join('\n'))
    await sub.rejects(readConfigFile(path), {
      code: 'FAIRLEAD_CONFIG',
      message: `${path}:4: ${place}: leads back to what it stands in, without end`,
    })
  }
  const path = written(
    'circle.mjs',
    'const p = { backends: [3001] }; p.p = p; export default { pools: { p } }',
  )
  await sub.rejects(readConfigFile(path), {
    code: 'FAIRLEAD_CONFIG',
    message: `${path}: pools.p.p: leads back to what it stands in, without end`,
  })
})

function both(a: string, b: string): string {
  return written(
    'ports.yaml',
    `listeners: { a: { listen: '${a}:8080', pool: p }, b: { listen: '${b}:8080', pool: p } }
pools: { p: { backends: [3001] } }`,
  )
}

void t.test('IPv4 and IPv6 have a port each', async (sub) => {
  for (const other of ['[::1]', '[2001:db8::1]']) {
    sub.equal((await readConfigFile(both('0.0.0.0', other))).listeners.length, 2)
  }
  for (const [a, b] of [
    ['0.0.0.0', '10.0.0.1'],
    ['0.0.0.0', '[::]'],
    ['[::]', '127.0.0.1'],
    ['[::1]', '[::]'],
    ['127.0.0.1', '127.0.0.1'],
  ] as const) {
    await sub.rejects(readConfigFile(both(a, b)), { message: /is taken by/ }, `${a} ${b}`)
  }
})
