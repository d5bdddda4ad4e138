import t from 'tap'
import { parseBackend, resolveOptions } from '../../src/config/resolve.ts'
import type { BalancerOptions } from '../../src/config/options.ts'
import { ConfigError, type ConfigProblem } from '../../src/core/errors.ts'

/** What a caller in plain JavaScript may pass. */
function problemsOf(options: unknown): readonly ConfigProblem[] {
  try {
    resolveOptions(options as BalancerOptions)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const balance = () => ({ update() {}, pick: () => undefined })
const check = async () => ({ ok: true, code: 'L7OK', text: 'fine' }) as const

const minimal = { listen: 8080, backends: [3001] }

/** What JSON cannot write. */
const circle: unknown[] = []
circle.push(circle)
const trap = {
  get part(): string {
    throw new Error('touched')
  },
}

void t.test('a value that cannot be written down is refused as any other', async (sub) => {
  for (const [value, shown] of [
    [circle, 'a list'],
    [trap, 'an object'],
    [{ deep: { circle } }, 'an object'],
    [{ toJSON: () => undefined }, 'an object'],
    [10n, '10n'],
    [[10n], '["10n"]'],
    [Symbol('x'), 'Symbol(x)'],
  ]) {
    for (const name of ['balance', 'retries', 'eject', 'checkPath', 'idleTimeout', 'seed', 'io']) {
      const [problem] = problemsOf({ ...minimal, [name]: value })
      sub.equal(problem?.path, name)
      sub.ok(problem?.message.includes(shown as string), name)
    }
    const [problem] = problemsOf({ ...minimal, backends: [{ address: 3001, weight: value }] })
    sub.equal(problem?.path, 'backends[0].weight')
  }
})

void t.test('defaults are those of the semantics', async (sub) => {
  sub.same(resolveOptions(minimal), {
    listeners: [
      {
        name: 'main',
        address: { kind: 'tcp', host: '::', port: 8080 },
        pool: 'main',
        maxConnections: undefined,
        idleTimeoutMs: 3_600_000,
        halfClosedTimeoutMs: 60_000,
        http: undefined,
      },
    ],
    pools: [
      {
        name: 'main',
        backends: [
          {
            id: '127.0.0.1:3001',
            address: { kind: 'tcp', host: '127.0.0.1', port: 3001 },
            transport: 'plain',
            weight: 1,
            backup: false,
            maxConnections: 0,
          },
        ],
        strategy: 'round-robin',
        strategyFactory: undefined,
        backendMaxConnections: 0,
        connectTimeoutMs: 5_000,
        retries: 3,
        queueTimeoutMs: 5_000,
        maxQueue: 1_000,
        check: {
          kind: 'tcp',
          probe: undefined,
          intervalMs: 2_000,
          timeoutMs: 1_000,
          rise: 2,
          fall: 3,
          fastIntervalMs: 500,
          downIntervalMs: 2_000,
          initial: 'up',
          port: undefined,
          http: {
            path: '/health',
            expect: [{ from: 200, to: 399 }],
            host: undefined,
            headers: {},
            bodyContains: undefined,
          },
        },
        eject: true,
        whenAllDown: 'fail',
        onDown: 'keep',
        slowStartMs: 0,
        stickiness: { kind: 'off' },
        tls: { ca: undefined, verify: true },
      },
    ],
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 30_000,
    admin: undefined,
    log: { level: 'info', format: undefined, sessions: true, accessLog: undefined },
    pidFile: undefined,
    io: 'auto',
    faults: false,
  })
})

void t.test('every option reaches the configuration', async (sub) => {
  const config = resolveOptions({
    listen: 'unix:/run/lb.sock',
    backends: ['a=3001@5,b=3002', { address: 'tls://db:5432', id: 'db', weight: 0, maxConnections: 7 }],
    backup: ['spare=3009'],
    balance: 'leastconn',
    backendMaxConnections: 100,
    maxQueue: 0,
    queueTimeout: '250ms',
    whenAllDown: 'try',
    connectTimeout: 700,
    retries: 0,
    eject: false,
    maxConnections: 50,
    idleTimeout: '1m30s',
    halfClosedTimeout: 0,
    onDown: 'close',
    check: 'http',
    checkInterval: '1h',
    fastInterval: '5s',
    downInterval: '2m',
    checkTimeout: 250,
    rise: 1,
    fall: 1,
    initial: 'down',
    slowStart: '10s',
    checkPort: 9000,
    checkPath: '/ready?full',
    checkExpect: [200, '301-302'],
    checkHost: 'app.example.org',
    checkHeader: { 'X-Check': 'yes' },
    checkBody: 'all good',
    shutdownTimeout: 0,
    shutdownDelay: '5s',
    io: 'sockets',
  })
  const [listener] = config.listeners
  const [pool] = config.pools
  sub.match(listener, { maxConnections: 50, idleTimeoutMs: 90_000, halfClosedTimeoutMs: 0 })
  sub.same(
    pool?.backends.map(({ id, weight, backup, maxConnections, transport }) => [
      id,
      weight,
      backup,
      maxConnections,
      transport,
    ]),
    [
      ['a', 5, false, 100, 'plain'],
      ['b', 1, false, 100, 'plain'],
      ['db', 0, false, 7, 'tls'],
      ['spare', 1, true, 100, 'plain'],
    ],
  )
  sub.match(pool, {
    strategy: 'least-connections',
    connectTimeoutMs: 700,
    retries: 0,
    queueTimeoutMs: 250,
    maxQueue: 0,
    eject: false,
    whenAllDown: 'try',
    onDown: 'close',
    slowStartMs: 10_000,
  })
  sub.same(pool?.check, {
    kind: 'http',
    probe: undefined,
    intervalMs: 3_600_000,
    timeoutMs: 250,
    rise: 1,
    fall: 1,
    fastIntervalMs: 5_000,
    downIntervalMs: 120_000,
    initial: 'down',
    port: 9000,
    http: {
      path: '/ready?full',
      expect: [
        { from: 200, to: 200 },
        { from: 301, to: 302 },
      ],
      host: 'app.example.org',
      headers: { 'X-Check': 'yes' },
      bodyContains: 'all good',
    },
  })
  sub.equal(config.shutdownTimeoutMs, 0)
  sub.equal(config.shutdownDelayMs, 5_000)
})

void t.test("a strategy and a probe of the user's own are kept as functions", async (sub) => {
  const [pool] = resolveOptions({ ...minimal, balance, check }).pools
  sub.match(pool, { strategy: 'custom', check: { kind: 'custom' } })
  sub.equal(pool?.strategyFactory, balance)
  sub.equal(pool?.check.probe, check)
})

void t.test('a fast interval is never slower than the interval', async (sub) => {
  const [pool] = resolveOptions({ ...minimal, checkInterval: 100 }).pools
  sub.equal(pool?.check.fastIntervalMs, 100)
})

void t.test('options that are undefined count as not given', async (sub) => {
  sub.same(
    resolveOptions({ ...minimal, retries: undefined, backup: undefined, check: undefined }),
    resolveOptions(minimal),
  )
})

void t.test('no backends at all is allowed: some come later', async (sub) => {
  sub.same(resolveOptions({ listen: 0, backends: [] }).pools[0]?.backends, [])
})

void t.test('the default name of a unix socket holds only what a name may hold', async (sub) => {
  const [pool] = resolveOptions({ listen: 0, backends: ['unix:/run/my app.sock'] }).pools
  sub.equal(pool?.backends[0]?.id, 'unix:/run/my_app.sock')
})

void t.test('every problem is reported at once, each with its place', async (sub) => {
  sub.same(
    problemsOf({
      listen: 'tls://x:1',
      backends: [
        '300x',
        { adress: 3002 },
        { address: '3003,3004' },
        null,
        { address: 3005, weight: 300, id: 'a b' },
      ],
      backup: 'nope',
      retires: 3,
      retries: -1,
      connectTimeout: '5',
      idleTimeout: Infinity,
      checkTimeout: 0,
      slowStart: 2 ** 31,
      balance: 'round-robbin',
      eject: 'maybe',
      checkPath: 'health',
      checkExpect: [],
      checkHeader: { Host: 'a\r\nb' },
      checkHost: 'snow☃',
      check: 'http',
      signal: {},
      clock: 1,
      random: 0.5,
    }),
    [
      { path: 'retires', message: 'is not an option; did you mean retries?' },
      { path: 'signal', message: 'must be an AbortSignal, not {}' },
      { path: 'clock', message: 'must have now, wallTime and setTimer; got 1' },
      { path: 'random', message: 'must be a function that gives numbers in [0, 1), not 0.5' },
      {
        path: 'listen',
        message:
          '"tls://x:1": fairlead does not terminate TLS yet; it passes TLS through untouched: write x:1',
      },
      {
        path: 'balance',
        message:
          'must be one of round-robin, least-connections, power-of-two, random, source-hash, first, not "round-robbin"; did you mean round-robin?',
      },
      { path: 'connectTimeout', message: '"5" has no unit: write 5ms or 5s' },
      { path: 'retries', message: 'must be a whole number from 0 to 100, not -1' },
      { path: 'eject', message: 'must be true or false, not "maybe"' },
      {
        path: 'idleTimeout',
        message: 'Infinity is not a duration: give milliseconds, or a text such as "2s"',
      },
      { path: 'checkTimeout', message: '0 is too short: at least 1ms' },
      { path: 'slowStart', message: '2147483648 is too long: at most 596h31m23s647ms' },
      { path: 'checkPath', message: 'must be a path such as /health, not "health"' },
      { path: 'checkExpect', message: 'must be status codes such as 200, 200-399 or 200,204, not []' },
      { path: 'checkHost', message: '"snow☃": no HTTP field can carry "☃"' },
      { path: 'checkHeader', message: 'must be "Name: value", not a value with a control character' },
      { path: 'backends[0]', message: '"300x" has no port: write 300x:3001' },
      { path: 'backends[1].adress', message: 'is not an option of a backend; did you mean address?' },
      { path: 'backends[1].address', message: "is missing: give 3001 or 'host:3001'" },
      {
        path: 'backends[2].address',
        message: '"3003,3004" holds several addresses: give each backend its own object',
      },
      { path: 'backends[3]', message: 'must be a port, an address or an object with an address, not null' },
      {
        path: 'backends[4].id',
        message: '"a b" cannot name a backend: use letters, digits and . _ : - / [ ], at most 128',
      },
      { path: 'backends[4].weight', message: 'must be a whole number from 0 to 256, not 300' },
      { path: 'backup', message: '"nope" has no port: write nope:3001' },
    ],
  )
})

void t.test('what is missing is named', async (sub) => {
  sub.same(problemsOf({}), [
    { path: 'listen', message: "is missing: give 8080 or '127.0.0.1:8080'" },
    { path: 'backends', message: "is missing: give an array such as [3001, 'host:3002']" },
  ])
  sub.same(problemsOf(undefined), [{ path: 'options', message: 'must be an object, not undefined' }])
  sub.same(problemsOf({ listen: {}, backends: '3001' }), [
    { path: 'listen', message: 'must be a port or an address, not {}' },
    { path: 'backends', message: 'is "3001": give an array such as [3001, \'host:3002\']' },
  ])
})

void t.test('one address or one name twice is a problem', async (sub) => {
  sub.same(problemsOf({ listen: 0, backends: [3001, 'a=3002,a=3003'], backup: ['x=127.0.0.1:3001'] }), [
    { path: 'backends[1]', message: 'the name "a" is taken: name each backend differently' },
    {
      path: 'backup[0]',
      message: '127.0.0.1:3001 is a backend already: give each address once',
    },
  ])
})

void t.test('a path of an address that is one already is taken as it stands', async (sub) => {
  const address = { kind: 'unix', path: '/run/app@1' } as const
  sub.match(parseBackend({ address }), { address, weight: 1 })
})

void t.test('name and weight are given once', async (sub) => {
  sub.same(problemsOf({ listen: 0, backends: [{ address: 'a=3001@5', id: 'b', weight: 2 }] }), [
    { path: 'backends[0].id', message: 'stands here and in the address ("a"): name it once' },
    { path: 'backends[0].weight', message: 'stands here and in the address (@5): give it once' },
  ])
})

void t.test('settings of HTTP checks are refused where a TCP check would ignore them', async (sub) => {
  sub.same(problemsOf({ ...minimal, checkPath: '/ready' }), [
    { path: 'checkPath', message: 'counts only for HTTP checks: set check to http as well' },
  ])
  sub.same(problemsOf({ ...minimal, check: 'off', checkPath: '/ready' }), [])
})

void t.test('one backend for addBackend', async (sub) => {
  sub.match(parseBackend('a=host:3001@5', { maxConnections: 9 }), { id: 'a', weight: 5, maxConnections: 9 })
  sub.match(parseBackend({ address: 3001, backup: true }), { id: '127.0.0.1:3001', backup: true })
  sub.throws(() => parseBackend('3001,3002'), { message: 'backend: "3001,3002" holds 2 backends: give one' })
  sub.throws(() => parseBackend('x'), { message: 'backend: "x" has no port: write x:3001' })
})

void t.test('a balancer that would connect to itself is refused, whatever the name', async (sub) => {
  sub.same(selfProblems(8080, 8080), itself('127.0.0.1:8080'))
  sub.same(selfProblems('127.0.0.1:8080', 8080), itself('127.0.0.1:8080'))
  sub.same(selfProblems(8080, 'localhost:8080'), itself('localhost:8080'))
  sub.same(selfProblems(8080, '[::1]:8080'), itself('[::1]:8080'))
  sub.same(selfProblems('unix:/tmp/a.sock', 'unix:/tmp/a.sock'), itself('unix:/tmp/a.sock'))
  sub.same(selfProblems('127.0.0.1:8080', 'localhost:8080'), itself('localhost:8080'))
  sub.same(selfProblems('localhost:8080', 8080), itself('127.0.0.1:8080'))
  sub.same(selfProblems('localhost:8080', '[::1]:8080'), itself('[::1]:8080'))
  sub.equal(selfProblems('127.0.0.1:8080', '[::1]:8080'), 'none')
  sub.equal(selfProblems(8080, '10.0.0.1:8080'), 'none')
  sub.equal(selfProblems('10.0.0.1:8080', 8080), 'none')
  sub.equal(selfProblems(0, 8080), 'none')
})

function selfProblems(listen: number | string, backend: number | string): unknown {
  try {
    resolveOptions({ listen, backends: [backend] })
    return 'none'
  } catch (error) {
    return (error as ConfigError).problems
  }
}

function itself(address: string): unknown {
  return [
    { path: 'backends[0]', message: `${address} is where this balancer listens: it would connect to itself` },
  ]
}
