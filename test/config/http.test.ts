import t from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import { resolveOptions } from '../../src/config/resolve.ts'
import type { Config, HttpConfig, RouteConfig } from '../../src/config/schema.ts'
import type { Setting } from '../../src/config/setting.ts'
import { settings } from '../../src/config/settings.ts'
import { ConfigError, type ConfigProblem } from '../../src/core/errors.ts'
import { testCertificate } from '../../src/testing/test-certificate.ts'
import { inProject } from '../helpers/project.ts'

const web = { listen: 0, backends: ['http://a:3001', 'https://b'] }

function http(options: BalancerOptions): HttpConfig {
  const config = resolveOptions(options).listeners[0]?.http
  if (config === undefined) throw new Error('not in HTTP mode')
  return config
}

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

function isHttp(options: BalancerOptions): boolean {
  return resolveOptions(options).listeners[0]?.http !== undefined
}

void t.test('HTTP mode has finite limits by default, and trusts nobody', async (sub) => {
  sub.same(http(web), {
    requestHeadTimeoutMs: 10_000,
    requestBodyTimeoutMs: 30_000,
    responseHeadTimeoutMs: 60_000,
    keepAliveTimeoutMs: 60_000,
    maxHeadBytes: 16_384,
    maxResponseHeadBytes: 16_384,
    maxBodyBytes: 0,
    trustedProxies: [],
    forwarded: false,
    via: undefined,
    explain: false,
    upgrades: new Set(['websocket']),
    errorPages: undefined,
    routes: [],
  })
})

void t.test('every option of HTTP mode reaches the configuration', async (sub) => {
  const ca = testCertificate
  const folder = import.meta.dirname
  const options: BalancerOptions = {
    ...web,
    requestTimeout: '1s',
    bodyTimeout: 0,
    responseTimeout: '2s',
    keepAliveTimeout: 3_000,
    maxHeadSize: '32KiB',
    maxBodySize: 1_000,
    trustedProxies: ['10.0.0.0/8', '::1'],
    forwarded: true,
    via: 'edge-1',
    explain: true,
    upgrades: 'websocket,mqtt',
    errorPages: folder,
    sticky: 'cookie',
    stickyCookie: 'node',
    backendCa: ca,
    backendVerify: false,
  }
  sub.match(http(options), {
    requestHeadTimeoutMs: 1_000,
    requestBodyTimeoutMs: 0,
    responseHeadTimeoutMs: 2_000,
    keepAliveTimeoutMs: 3_000,
    maxHeadBytes: 32_768,
    maxResponseHeadBytes: 32_768,
    maxBodyBytes: 1_000,
    trustedProxies: ['10.0.0.0/8', '::1'],
    forwarded: true,
    via: 'edge-1',
    explain: true,
    errorPages: folder,
  })
  sub.same([...http(options).upgrades], ['websocket', 'mqtt'])
  sub.same([...http({ ...web, upgrades: 'none' }).upgrades], [])
  const [pool] = resolveOptions(options).pools
  sub.same(pool?.stickiness, { kind: 'cookie', name: 'node' })
  sub.same(pool?.tls, { ca: ca.trim(), verify: false })
  const [byHeader] = resolveOptions({ ...web, sticky: 'header:X-User' }).pools
  sub.same(byHeader?.stickiness, { kind: 'header', name: 'x-user' })
})

void t.test('the mode follows from how the backends are given, unless it is told', async (sub) => {
  sub.equal(isHttp(web), true)
  sub.equal(isHttp({ listen: 0, backends: ['http://a:3001,http://b:3002@5'] }), true)
  sub.equal(isHttp({ listen: 0, backends: [3001, 'tls://b:1'] }), false)
  sub.equal(isHttp({ listen: 0, backends: [] }), false)
  sub.equal(isHttp({ listen: 0, backends: [], backup: 'http://a' }), true)
  sub.equal(isHttp({ ...web, mode: 'tcp' }), false)
  sub.equal(isHttp({ listen: 0, backends: [3001, 'unix:/run/a.sock'], mode: 'http' }), true)
  sub.equal(isHttp({ listen: 0, backends: [3001, 'http://b:3002'], mode: 'http' }), true)
  sub.equal(isHttp({ listen: 0, backends: [3001, 'http://b:3002'], mode: 'tcp' }), false)
  sub.equal(isHttp({ ...web, mode: 'auto' }), true)
})

void t.test('a mixture names those that do not fit, and the way out', async (sub) => {
  const backends = ['http://a:3001', 3002, { address: 'b:3003' }, 'tls://c:443', 'unix:/run/d.sock']
  sub.same(problemsOf({ listen: 0, backends }), [
    {
      path: 'backends[1]',
      message:
        '127.0.0.1:3002 is given without http://, and others with it: write http://127.0.0.1:3002, or set mode to http or tcp',
    },
    {
      path: 'backends[2]',
      message:
        'b:3003 is given without http://, and others with it: write http://b:3003, or set mode to http or tcp',
    },
    {
      path: 'backends[3]',
      message: 'c:443 is given without http://, and others with it: set mode to http or tcp',
    },
    {
      path: 'backends[4]',
      message: 'unix:/run/d.sock is given without http://, and others with it: set mode to http or tcp',
    },
  ])
})

void t.test('what counts only in HTTP mode is refused where it would be ignored', async (sub) => {
  const all: readonly Setting[] = settings
  const httpOnly = all.filter((setting) => setting.httpOnly === true && setting.commandOnly !== true)
  sub.equal(httpOnly.length, 14)
  for (const { key } of httpOnly) {
    const value = SAMPLES[key]
    sub.not(value, undefined, `a sample of ${key}`)
    const path = key
    const message = 'counts only in HTTP mode: set mode to http, or give every backend as http://host:port'
    const asTcp = problemsOf({ listen: 0, backends: [3001], sticky: undefined, ...STICKY[key], [key]: value })
    sub.has(
      asTcp,
      [...Object.keys(STICKY[key] ?? {}), path].map((place) => ({ path: place, message })),
      key,
    )
    sub.same(problemsOf({ ...web, ...STICKY[key], [key]: value }), [], key)
  }
  sub.same(
    problemsOf({ listen: 0, backends: [3001], pools: {}, routes: [] }).map(({ path }) => path),
    ['pools', 'routes'],
  )
  sub.same(
    problemsOf({ ...web, mode: 'tcp', via: 'x' }).map(({ path }) => path),
    ['via'],
  )
})

const SAMPLES: Readonly<Record<string, unknown>> = {
  requestTimeout: '1s',
  bodyTimeout: '1s',
  responseTimeout: '1s',
  keepAliveTimeout: '1s',
  maxHeadSize: '2KiB',
  maxBodySize: '2KiB',
  trustedProxies: '::1',
  forwarded: true,
  via: 'x',
  explain: true,
  upgrades: 'none',
  errorPages: import.meta.dirname,
  sticky: 'cookie',
  stickyCookie: 'x',
}

const STICKY: Readonly<Record<string, object>> = { stickyCookie: { sticky: 'cookie' } }

void t.test('every problem of HTTP mode is told at once', async (sub) => {
  const options = {
    ...web,
    mode: 'https',
    requestTimeout: 5,
    bodyTimeout: 'x',
    maxHeadSize: '16k',
    trustedProxies: ['10.0.0.0/8', 'proxy.local'],
    via: 'a b',
    upgrades: 'h2c',
    errorPages: '/nowhere/at/all',
    sticky: 'ip',
    backendCa: '/nowhere/ca.pem',
    backendVerify: 'perhaps',
  }
  sub.same(problemsOf(options), [
    { path: 'mode', message: 'must be one of tcp, http, auto, not "https"; did you mean http?' },
    { path: 'bodyTimeout', message: '"x" is not a duration: write 250ms, 2s, 1m30s or 1h' },
    { path: 'maxHeadSize', message: '"16k" is not a size: write 16384, 16KiB or 1MiB' },
    {
      path: 'trustedProxies',
      message: '"proxy.local" is no address: write 192.0.2.1, 10.0.0.0/8 or fd00::/8',
    },
    { path: 'via', message: '"a b" cannot stand in Via: write a name such as edge-1' },
    {
      path: 'upgrades',
      message: 'h2c would let clients past everything here: HTTP/2 in clear text is not passed on',
    },
    { path: 'errorPages', message: '"/nowhere/at/all" is not there' },
    { path: 'sticky', message: 'must be off, cookie or header:NAME, not "ip"' },
    { path: 'backendCa', message: '"/nowhere/ca.pem" is not there' },
    { path: 'backendVerify', message: 'must be true or false, not "perhaps"' },
  ])
})

void t.test('files that are no certificates or no folder are found before anything listens', async (sub) => {
  const me = inProject('package.json')
  sub.same(problemsOf({ ...web, backendCa: me }), [
    { path: 'backendCa', message: `${shown(me)} holds no certificate: it must be in PEM form` },
  ])
  sub.same(problemsOf({ ...web, backendCa: import.meta.dirname }), [
    { path: 'backendCa', message: `${shown(import.meta.dirname)} cannot be read: EISDIR` },
  ])
  sub.same(problemsOf({ ...web, errorPages: me }), [
    { path: 'errorPages', message: `${shown(me)} is not a folder` },
  ])
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  sub.same(problemsOf({ ...web, backendCa: broken }), [
    { path: 'backendCa', message: 'the text holds a certificate that cannot be read' },
  ])
  sub.same(problemsOf({ ...web, backendCa: '-----BEGIN EC PRIVATE KEY-----\n' }), [
    { path: 'backendCa', message: 'the text holds no certificate: it must be in PEM form' },
  ])
})

/** As messages show texts: cut where they are long. */
function shown(path: string): string {
  const text = JSON.stringify(path)
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`
}

void t.test('the cookie needs a name only where there is a cookie', async (sub) => {
  sub.same(problemsOf({ ...web, stickyCookie: 'x' }), [
    { path: 'stickyCookie', message: 'counts only with a cookie: set sticky to cookie as well' },
  ])
  sub.same(problemsOf({ ...web, sticky: 'cookie', stickyCookie: 'a=b' }), [
    { path: 'stickyCookie', message: '"a=b" holds more than letters, digits and !#$%&\'*+.^_`|~-' },
  ])
})

const routed: BalancerOptions = {
  ...web,
  retries: 1,
  check: 'http',
  checkPath: '/ready',
  sticky: 'cookie',
  pools: {
    api: { backends: ['http://api1', 'http://api2'], balance: 'leastconn', retries: 7, check: 'tcp' },
    files: { backends: ['http://files'], backup: 'http://spare', sticky: 'header:x-user' },
  },
}

void t.test('pools have what they leave out from the options beside them', async (sub) => {
  const { pools, listeners } = resolveOptions({
    ...routed,
    routes: [
      { path: '/api', pool: 'api' },
      { path: '/files', pool: 'files' },
    ],
  })
  sub.same(
    pools.map(({ name, strategy, retries, check, stickiness }) => [
      name,
      strategy,
      retries,
      check.kind,
      check.http.path,
      stickiness,
    ]),
    [
      ['main', 'round-robin', 1, 'http', '/ready', { kind: 'cookie', name: 'fairlead' }],
      ['api', 'least-connections', 7, 'tcp', '/ready', { kind: 'cookie', name: 'fairlead' }],
      ['files', 'round-robin', 1, 'http', '/ready', { kind: 'header', name: 'x-user' }],
    ],
  )
  sub.same(
    pools[2]?.backends.map(({ id, backup }) => [id, backup]),
    [
      ['files:80', false],
      ['spare:80', true],
    ],
  )
  sub.equal(listeners[0]?.pool, 'main')
})

function paths(routes: readonly RouteConfig[]): string[] {
  return routes.map(({ host = 'any', path, pool }) => `${host} ${path} ${pool}`)
}

void t.test('routes stand from the most to the least specific; the rest goes to backends', async (sub) => {
  const { routes } = http({
    ...routed,
    routes: [
      { path: '/api', pool: 'api' },
      { host: '*.example.org', pool: 'files' },
      { host: '*.app.example.org', pool: 'api' },
      { host: 'App.Example.org', pool: 'files' },
      { host: 'app.example.org', path: '/api/', pool: 'api' },
      { host: '[::1]', pool: 'api' },
      { path: '/api/v2', pool: 'files' },
    ],
  })
  sub.same(paths(routes), [
    'app.example.org /api api',
    'app.example.org / files',
    '::1 / api',
    '*.app.example.org / api',
    '*.example.org / files',
    'any /api/v2 files',
    'any /api api',
    'any / main',
  ])
})

void t.test('without backends of its own there is no pool for the rest', async (sub) => {
  const { backends: _, ...rest } = routed
  const routes = [
    { path: '/api', pool: 'api' },
    { path: '/files', pool: 'files' },
  ]
  for (const options of [rest, { ...rest, backends: [] }]) {
    const config: Config = resolveOptions({ ...options, routes })
    sub.same(
      config.pools.map(({ name }) => name),
      ['api', 'files'],
    )
    sub.same(paths(http({ ...options, routes }).routes), ['any /files files', 'any /api api'])
  }
})

void t.test('routes may all lead to backends, to change headers', async (sub) => {
  const options: BalancerOptions = {
    ...web,
    routes: [
      {
        path: '/old',
        pool: 'main',
        stripPrefix: true,
        setRequestHeaders: { 'X-Zone': ' a ' },
        removeRequestHeaders: 'X-Debug',
        setResponseHeaders: { 'Cache-Control': 'no-store' },
        removeResponseHeaders: ['Server', 'X-Powered-By'],
      },
    ],
  }
  sub.same(paths(http(options).routes), ['any /old main', 'any / main'])
  sub.match(http(options).routes[0], {
    stripPrefix: true,
    request: { set: { 'X-Zone': 'a' }, remove: ['X-Debug'] },
    response: { set: { 'Cache-Control': 'no-store' }, remove: ['Server', 'X-Powered-By'] },
  })
})

void t.test('a single one in backends is a pool to name, none is not', async (sub) => {
  const pools = { api: { backends: ['http://b'] } }
  const told = (backends: string[]): unknown =>
    problemsOf({ listen: 0, backends, pools, routes: [{ pool: 5 }] })[0]?.message
  sub.equal(told(['http://a']), '5 is not a pool: there are main, api')
  sub.equal(told([]), '5 is not a pool: there are api')
})

void t.test('routes that lead nowhere, and pools that nothing leads to, are problems', async (sub) => {
  sub.same(
    problemsOf({
      ...routed,
      routes: [
        { path: '/api', pool: 'api' },
        { pool: 'api' },
        { path: '/', pool: 'api' },
        { host: 'A.example', path: '/x', pool: 'api' },
        { host: 'a.example', path: '/x/', pool: 'main' },
      ],
    }),
    [
      { path: 'routes[2]', message: 'takes the same requests as routes[1]: it would never be used' },
      { path: 'routes[4]', message: 'takes the same requests as routes[3]: it would never be used' },
      { path: 'pools.files', message: 'no route leads here: no request would ever come' },
    ],
  )
})

void t.test('a route for everything leaves nothing for backends', async (sub) => {
  const { pools } = { pools: { api: { backends: ['http://api'] } } }
  sub.same(problemsOf({ ...web, pools, routes: [{ pool: 'api' }] }), [
    { path: 'backends', message: 'no route leads here: no request would ever come' },
  ])
  sub.same(problemsOf({ ...web, pools }), [
    { path: 'pools.api', message: 'no route leads here: no request would ever come' },
  ])
  sub.same(problemsOf({ ...web, pools, routes: [{ path: '/api', pool: 'apii' }] }), [
    { path: 'routes[0].pool', message: '"apii" is not a pool; did you mean api?' },
  ])
})

void t.test('pools and routes that cannot be read say where', async (sub) => {
  sub.same(
    problemsOf({
      ...web,
      pools: {
        main: { backends: ['http://x'] },
        'a b': { backends: ['http://y'] },
        api: { backends: 'http://z', retires: 1, retries: -1, checkPath: '/x', listen: 1 },
        other: [],
      },
      routes: [
        'api',
        { hots: 'x', pool: 'api' },
        { host: 'a:80', path: 'api', stripPrefix: 'perhaps' },
        { host: '*', path: '/a/../b', pool: 5 },
        { path: '/a?b', pool: 'api', setRequestHeaders: { 'Content-Length': '1' } },
        { path: '/s', pool: 'api', setResponseHeaders: { 'X-A': 'b\nc' }, removeResponseHeaders: 'a b' },
        { path: '/t', pool: 'api', setResponseHeaders: ['X-A'], removeRequestHeaders: [5] },
        { path: '/u', pool: 'api', setRequestHeaders: { 'X-A': 5 }, removeRequestHeaders: 'Host' },
      ],
    }),
    [
      { path: 'pools', message: '"main" is the pool of the option backends: choose another name' },
      {
        path: 'pools',
        message: '"a b" cannot name a pool: use letters, digits and . _ -, at most 64',
      },
      { path: 'pools.api.retires', message: 'is not an option of a pool; did you mean retries?' },
      { path: 'pools.api.listen', message: 'is not an option of a pool' },
      { path: 'pools.api.retries', message: 'must be a whole number from 0 to 100, not -1' },
      {
        path: 'pools.api.backends',
        message: 'is "http://z": give an array such as [3001, \'host:3002\']',
      },
      { path: 'pools.other', message: 'must be an object with backends, not []' },
      { path: 'routes[0]', message: 'must be an object with a pool, not "api"' },
      { path: 'routes[1].hots', message: 'is not an option of a route; did you mean host?' },
      {
        path: 'routes[2].host',
        message: 'must be a host such as app.example.org or *.example.org, without a port, not "a:80"',
      },
      { path: 'routes[2].path', message: 'must be a path such as /api, without a query, not "api"' },
      { path: 'routes[2].pool', message: 'is missing: give one of main, api' },
      { path: 'routes[2].stripPrefix', message: 'must be true or false, not "perhaps"' },
      {
        path: 'routes[3].host',
        message: 'must be a host such as app.example.org or *.example.org, without a port, not "*"',
      },
      {
        path: 'routes[3].path',
        message: '"/a/../b" holds an empty segment, . or ..: write the path that it means',
      },
      { path: 'routes[3].pool', message: '5 is not a pool: there are main, api' },
      { path: 'routes[4].path', message: 'must be a path such as /api, without a query, not "/a?b"' },
      {
        path: 'routes[4].setRequestHeaders',
        message:
          "Content-Length belongs to the message's framing or connection, which is not yours to change",
      },
      {
        path: 'routes[5].setResponseHeaders',
        message: 'the value of X-A holds characters that no header may hold',
      },
      { path: 'routes[5].removeResponseHeaders', message: '"a b" is no header name' },
      { path: 'routes[6].removeRequestHeaders', message: "must be names such as ['X-Debug'], not [5]" },
      {
        path: 'routes[6].setResponseHeaders',
        message: "must be an object such as { 'X-Zone': 'a' }, not a list",
      },
      { path: 'routes[7].setRequestHeaders', message: 'X-A must be a text, not a number' },
      { path: 'routes[7].removeRequestHeaders', message: 'Host can be set, but not removed' },
      {
        path: 'pools.api.checkPath',
        message: 'counts only for HTTP checks: set check to http as well',
      },
    ],
  )
  sub.same(problemsOf({ ...web, pools: [], routes: {} }), [
    { path: 'pools', message: 'must be an object such as { api: { backends: [3001] } }, not []' },
    { path: 'routes', message: "must be an array such as [{ path: '/api', pool: 'api' }], not {}" },
  ])
})

void t.test('a name that every object has is no pool', async (sub) => {
  const pools = JSON.parse('{ "__proto__": { "backends": ["http://x"] } }') as BalancerOptions['pools']
  sub.same(problemsOf({ ...web, pools }), [
    { path: 'pools', message: '"__proto__" cannot name a pool: use letters, digits and . _ -, at most 64' },
  ])
  sub.same(problemsOf({ ...web, routes: [{ path: '/x', pool: 'constructor' }] }), [
    { path: 'routes[0].pool', message: '"constructor" is not a pool: there are main' },
  ])
})
