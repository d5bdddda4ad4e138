import { join } from 'node:path'
import t from 'tap'
import { parseArgs } from '../../src/cli/parse-args.ts'
import type { DemoRequest, Request, RunRequest } from '../../src/cli/requests.ts'
import { UsageError } from '../../src/cli/usage-error.ts'
import { flagText, type Setting } from '../../src/config/setting.ts'
import { settings } from '../../src/config/settings.ts'

type Env = Readonly<Record<string, string>>

const parse = (line: string, env: Env = {}): Promise<Request> =>
  parseArgs(line === '' ? [] : line.split(' '), { env, columns: 100 })

async function parseRun(line: string, env: Env = {}): Promise<RunRequest> {
  const request = await parse(line, env)
  if (request.command !== 'run') throw new Error(`${request.command} instead of run`)
  return request
}

const EXPOSED =
  '0.0.0.0:8090 is open to others than this machine, and whoever reaches it could change everything: ' +
  'give it a token (admin.tokenFile, --admin-token-file or FAIRLEAD_ADMIN_TOKEN), or listen on 127.0.0.1'

async function linesOf(line: string, env: Env = {}): Promise<readonly string[]> {
  try {
    await parse(line, env)
  } catch (error) {
    if (error instanceof UsageError) return error.lines
    throw error
  }
  return []
}

void t.test('the first argument is where to listen, the others are backends', async (sub) => {
  sub.same(await parseRun('8080 3001 3002,a=host:3003@5'), {
    command: 'run',
    options: { listen: '8080', backends: ['3001', '3002,a=host:3003@5'] },
    logging: { level: 'info', format: undefined, sessions: true, accessLog: undefined },
    pidFile: undefined,
    admin: undefined,
  })
})

void t.test('flags reach the options, before and behind the addresses', async (sub) => {
  const { options, logging } = await parseRun(
    '--balance leastconn 8080 --retries=5 3001 --connect-timeout 250ms --no-eject --backup 3009 --backup h:1 3002 ' +
      '--check http --check-header X-A:1 --log-level warn --log-format json --no-session-log',
  )
  sub.same(options, {
    listen: '8080',
    backends: ['3001', '3002'],
    balance: 'leastconn',
    retries: '5',
    connectTimeout: '250ms',
    eject: false,
    backup: ['3009', 'h:1'],
    check: 'http',
    checkHeader: ['X-A:1'],
  })
  sub.same(logging, { level: 'warn', format: 'json', sessions: false, accessLog: undefined })
})

void t.test('a flag given twice counts as given last', async (sub) => {
  sub.equal((await parseRun('8080 3001 --retries 1 --retries 2')).options.retries, '2')
})

void t.test('a switch may be given its value', async (sub) => {
  sub.equal((await parseRun('8080 3001 --eject=off')).options.eject, false)
  sub.equal((await parseRun('8080 3001 --no-eject --eject=on')).options.eject, true)
})

void t.test('the environment says the same as flags and arguments, and flags win', async (sub) => {
  const env = {
    FAIRLEAD_LISTEN: '127.0.0.1:9000',
    FAIRLEAD_BACKENDS: '3001,3002',
    FAIRLEAD_RETRIES: '7',
    FAIRLEAD_EJECT: 'false',
    FAIRLEAD_NO_SESSION_LOG: '1',
    FAIRLEAD_LOG_LEVEL: 'error',
    FAIRLEAD_CHECK_PATH: '',
    FAIRLEAD_SERVICE_HOST: 'what Kubernetes sets for a service of our name',
  }
  sub.same(await parseRun('', env), {
    command: 'run',
    options: { listen: '127.0.0.1:9000', backends: ['3001,3002'], retries: '7', eject: 'false' },
    logging: { level: 'error', format: undefined, sessions: false, accessLog: undefined },
  })
  const { options, logging } = await parseRun(
    '8080 3003 --retries 1 --eject --session-log --log-level debug',
    env,
  )
  sub.same(options, { listen: '8080', backends: ['3003'], retries: '1', eject: true })
  sub.same(logging, { level: 'debug', format: undefined, sessions: true, accessLog: undefined })
  sub.same((await parseRun('8080', env)).options.backends, ['3001,3002'])
})

const ONLY_HTTP = 'counts only in HTTP mode: set mode to http, or give every backend as http://host:port'

void t.test('the flags of HTTP mode reach the options; lists may be repeated', async (sub) => {
  const { options, logging } = await parseRun(
    '8080 http://a:3001 https://b --trusted-proxies 10.0.0.0/8,::1 --trusted-proxies 192.0.2.1 --upgrades none ' +
      '--max-head-size 32KiB --explain --sticky header:x-user --no-backend-verify --access-log combined',
  )
  sub.same(options, {
    listen: '8080',
    backends: ['http://a:3001', 'https://b'],
    trustedProxies: ['10.0.0.0/8,::1', '192.0.2.1'],
    upgrades: ['none'],
    maxHeadSize: '32KiB',
    explain: true,
    sticky: 'header:x-user',
    backendVerify: false,
  })
  sub.equal(logging.accessLog, 'combined')
  const fromEnv = await parseRun('8080 3001', {
    FAIRLEAD_MODE: 'http',
    FAIRLEAD_TRUSTED_PROXIES: '::1,10.0.0.0/8',
  })
  sub.match(fromEnv.options, { mode: 'http', trustedProxies: '::1,10.0.0.0/8' })
})

void t.test('wrong usage: one line for each problem, with its place and what would be right', async (sub) => {
  const cases: [string, string[], Env?][] = [
    [
      '',
      ['nothing to do: write fairlead 8080 3001 3002 3003, or fairlead demo; fairlead help all tells more'],
    ],
    ['8080', ['no backends: write fairlead 8080 3001 3002 3003; fairlead help all tells more']],
    ['dmeo', ['"dmeo" is neither a command nor an address; did you mean fairlead demo?']],
    ['stat', ['"stat" is neither a command nor an address; did you mean fairlead status?']],
    ['nope', ['"nope" is neither a command nor an address; fairlead help all lists the commands']],
    ...['run lb.yaml', 'lb.yaml'].map((line): [string, string[]] => [
      line,
      ['"lb.yaml" is no address; to run a file, write fairlead run --config lb.yaml'],
    ]),
    ['--prot 8080 3001', ['--prot is not an option; fairlead help all lists them']],
    ['--blance random', ['--blance is not an option; did you mean --balance?']],
    ['help statsu', ['"statsu" is not a command; did you mean fairlead help status?']],
    ['help nope', ['"nope" is not a command; fairlead help all lists them']],
    ['localhost 3001', ['listen: "localhost" has no port: write localhost:3001']],
    ['run', ['no file: write fairlead run --config fairlead.yaml']],
    ['bakend --port 3', ['"bakend" is neither a command nor an address; did you mean fairlead backend?']],
    ['8080 3001 --retires 3', ['--retires is not an option; did you mean --retries?']],
    ['8080 3001 --strategy first', ['--strategy is not an option; did you mean --balance?']],
    ['8080 3001 --algoritm first', ['--algoritm is not an option; did you mean --balance?']],
    ['8080 3001 --no-ejcet', ['--no-ejcet is not an option; did you mean --no-eject?']],
    ['8080 3001 --no-eject=true', ['--no-eject: takes no value']],
    ['8080 3001 --xyzzy', ['--xyzzy is not an option; fairlead help all lists them']],
    ['8080 3001 -x', ['-x is not an option; fairlead help all lists them']],
    ['8080 3001 --retries', ['--retries: needs a value: a whole number from 0 to 100']],
    ['8080 3001 --backup', ['--backup: a backend is empty: write 3001 or host:3001']],
    ['8080 3001 --connect-timeout 500', ['--connect-timeout: "500" has no unit: write 500ms or 500s']],
    ['8080 3001 --eject=perhaps', ['--eject: must be true or false, not "perhaps"']],
    [
      '99999 300x 3002,3002 --fall 0 --log-level loud',
      [
        '--log-level: must be one of fatal, error, warn, info, debug, trace, silent, not "loud"',
        'listen: "99999" is not a port: ports are 0 to 65535',
        '--fall: must be a whole number from 1 to 1000, not 0',
        'backend 1: "300x" has no port: write 300x:3001',
        'backend 2: 127.0.0.1:3002 is a backend already: give each address once',
      ],
    ],
    [
      '8080',
      [
        'FAIRLEAD_LOG_FORMAT: must be one of pretty, json, not "xml"',
        'FAIRLEAD_RETRIES: must be a whole number from 0 to 100, not "many"',
        'FAIRLEAD_BACKENDS: "nope" has no port: write nope:3001',
      ],
      { FAIRLEAD_RETRIES: 'many', FAIRLEAD_BACKENDS: 'nope', FAIRLEAD_LOG_FORMAT: 'xml' },
    ],
    [
      '3001 3002',
      ['FAIRLEAD_NO_EJECT: must be true or false, not "perhaps"'],
      { FAIRLEAD_NO_EJECT: 'perhaps' },
    ],
    [
      '8080 3001 --via x --trusted-proxies ::1 --access-log common',
      [`--via: ${ONLY_HTTP}`, `--trusted-proxies: ${ONLY_HTTP}`].toReversed(),
    ],
    ['8080 3001 --admin 0.0.0.0:8090', [`--admin: ${EXPOSED}`]],
    ['demo', [`FAIRLEAD_ADMIN: ${EXPOSED}`], { FAIRLEAD_ADMIN: '0.0.0.0:8090' }],
    ['8080 3001 --admin', ['--admin: needs a value: a port, an address or off']],
    ['8080 3001 --admin 0 --admin-token-file /no/such', ['--admin-token-file: "/no/such" is not there']],
    [
      '8080 3001 --admin 0',
      ['FAIRLEAD_ADMIN_TOKEN: is too short to be a secret: at least 8 characters'],
      { FAIRLEAD_ADMIN_TOKEN: 'short' },
    ],
    ['8080 3001 --admin-hosts lb', ['--admin-hosts: counts only with --admin']],
    ['8080 3001 --watch', ['--watch: counts only with --config: there is no file to watch']],
    ['demo --watch', ['--watch: counts only with --config: there is no file to watch']],
    ['8080 3001 --access-log common', [`--access-log: ${ONLY_HTTP}`]],
    ['8080 3001', [`FAIRLEAD_ACCESS_LOG: ${ONLY_HTTP}`], { FAIRLEAD_ACCESS_LOG: 'json' }],
    ['demo --mode tcp --sticky cookie', [`--sticky: ${ONLY_HTTP}`]],
    [
      '8080 http://a:1 3001',
      [
        'backend 2: 127.0.0.1:3001 is given without http://, and others with it: write http://127.0.0.1:3001, or set mode to http or tcp',
      ],
    ],
    [
      '8080 http://a:1 --max-head-size 16k --upgrades --access-log xml --mode',
      [
        '--access-log: must be one of json, common, combined, not "xml"',
        '--mode: needs a value: one of tcp, http, auto',
        '--max-head-size: "16k" is not a size: write 16384, 16KiB or 1MiB',
        '--upgrades: needs a value: protocols such as websocket, or none',
      ],
    ],
    ['--config', ['--config: needs a value: a file such as fairlead.yaml']],
    [
      'run --config a.yaml 8080 --backup 3001 --rise 0',
      [
        'listen: cannot stand beside a configuration file: its listeners and pools say that',
        '--backup: belongs to a pool, in the configuration file',
        '--rise: must be a whole number from 1 to 1000, not 0',
      ],
    ],
    [
      '--config a.yaml',
      ['FAIRLEAD_LISTEN: cannot stand beside a configuration file: its listeners and pools say that'],
      { FAIRLEAD_LISTEN: '8080' },
    ],
    ['check', ['no file: write fairlead check fairlead.yaml']],
    ['check a.yaml --jsn', ['--jsn is not an option; did you mean --json?']],
    ['chekc a.yaml', ['"chekc" is neither a command nor an address; did you mean fairlead check?']],
    ['schema now', ['"now" is not expected here; see fairlead schema --help']],
    ['backend --strategy x', ['--strategy is not an option; fairlead help backend all lists them']],
    ['backend 13001', ['"13001" is not expected here; did you mean --port 13001?']],
    ['backend a', ['"a" is not expected here; see fairlead backend --help']],
    ['demo --prot 5', ['--prot is not an option; did you mean --port?']],
    ['demo now', ['"now" is not expected here; see fairlead demo --help']],
    ['demo --port 99999', ['--port: "99999" is not a port: ports are 0 to 65535']],
    ['demo', ['PROXY_PORT: "x" is not a port: ports are 0 to 65535'], { PROXY_PORT: 'x' }],
    [
      'backend --port x --delay 5 --name a\tb --ecko',
      [
        '--ecko is not an option; did you mean --echo?',
        '--port: "x" is not a port: ports are 0 to 65535',
        '--name: must be 1 to 128 visible characters without spaces, such as a',
        '--delay: "5" has no unit: write 5ms or 5s',
      ],
    ],
    [
      'backend --kind ecko --after 5s --cut x',
      [
        '--kind: "ecko" is no kind of backend; did you mean echo?',
        '--cut: "x" is not a size: write 16384, 16KiB or 1MiB',
        '--after: counts only with --kind resetting',
      ],
    ],
    ['backend --kind scripted', ['--script: is missing: say what is expected and sent']],
    [
      'backend --kind scripted --script [{"expect":1}]',
      [
        '--script: step 1 is {"expect":1}: write {"expect":"text"}, {"match":"pattern"}, {"send":"text"}, {"delayMs":100}, "expect-end", "half-close", "close", "reset"',
      ],
    ],
    ['backend --xyzzy', ['--xyzzy is not an option; fairlead help backend all lists them']],
  ]
  for (const [line, lines, env] of cases) sub.same(await linesOf(line, env), lines, line)
})

void t.test(
  'a file may be named by flag or environment, and flags of settings are read beside it',
  async (sub) => {
    const named = {
      command: 'run-file',
      file: 'a.yaml',
      overrides: { checkInterval: 5_000, logLevel: 'warn' },
      watch: false,
    }
    const env = { FAIRLEAD_CONFIG: 'a.yaml', FAIRLEAD_LOG_LEVEL: 'warn' }
    const flags = new Map([
      ['checkInterval', '--check-interval'],
      ['logLevel', '--log-level'],
    ])
    sub.same(await parse('run --config a.yaml --check-interval 5s --log-level warn'), { ...named, flags })
    flags.delete('logLevel')
    sub.same(await parse('--check-interval 5s', env), { ...named, flags })
    sub.match(await parse('run --config a.yaml --watch'), { watch: true })
    sub.match(await parse('8080 3001', env), { command: 'run', options: { listen: '8080' } })
    sub.same(await parse('check a.yaml --json'), {
      command: 'check',
      file: 'a.yaml',
      json: true,
      print: false,
    })
    sub.same(await parse('schema'), { command: 'schema' })
  },
)

void t.test('demo takes its port and everything else that a balancer takes', async (sub) => {
  sub.same(await parse('demo'), {
    command: 'demo',
    port: 8080,
    options: { mode: 'http', check: 'http', explain: true },
    logging: { level: 'info', format: undefined, sessions: true, accessLog: undefined },
    pidFile: undefined,
    admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 8090 }, token: undefined, hosts: [] },
    isAdminGiven: false,
  })
  sub.match(await parse('demo', { DASHBOARD_PORT: '9090' }), {
    admin: { address: { port: 9090 } },
    isAdminGiven: true,
  })
  sub.match(await parse('demo --admin 9091'), { admin: { address: { port: 9091 } }, isAdminGiven: true })
  sub.match(await parse('demo --admin off'), { admin: undefined })
  sub.match(await parse('demo --balance random --check tcp', { PROXY_PORT: '9000' }), {
    port: 9000,
    options: { check: 'tcp', balance: 'random' },
  })
  const asTcp = await parse('demo --mode tcp')
  sub.same(asTcp.command === 'demo' && asTcp.options, { mode: 'tcp', check: 'http' })
  sub.match(await parse('demo --no-explain'), { options: { mode: 'http', explain: false } })
  sub.match(await parse('demo --port 9001', { PROXY_PORT: '9000' }), { port: 9001 })
})

async function adminOf(line: string, env: Env = {}): Promise<unknown> {
  return (await parseRun(`8080 3001 ${line}`.trim(), env)).admin
}

void t.test('the admin listener: a port of loopback, or more with a token', async (sub) => {
  const loopback = { kind: 'tcp', host: '127.0.0.1', port: 8090 }
  sub.equal(await adminOf(''), undefined)
  sub.equal(await adminOf('--admin off', { FAIRLEAD_ADMIN: '8090' }), undefined)
  sub.same(await adminOf('--admin 8090'), { address: loopback, token: undefined, hosts: [] })
  sub.same(await adminOf('--admin unix:/run/a.sock'), {
    address: { kind: 'unix', path: '/run/a.sock' },
    token: undefined,
    hosts: [],
  })
  const env = { FAIRLEAD_ADMIN: '0.0.0.0:8090', FAIRLEAD_ADMIN_TOKEN: 'long-enough-token' }
  sub.same(await adminOf('--admin-hosts lb.example.org,lb', env), {
    address: { ...loopback, host: '0.0.0.0' },
    token: 'long-enough-token',
    hosts: ['lb.example.org', 'lb'],
  })
  const file = join(t.testdir({ token: 'from-a-file-it-is\n' }), 'token')
  sub.match(await adminOf(`--admin 8090 --admin-token-file ${file}`), { token: 'from-a-file-it-is' })
  sub.match(await adminOf('--admin 8090', { FAIRLEAD_ADMIN_TOKEN_FILE: file }), {
    token: 'from-a-file-it-is',
  })
  sub.equal(
    await adminOf('', { FAIRLEAD_ADMIN_TOKEN: 'long-enough-token' }),
    undefined,
    'a token alone opens nothing',
  )
})

void t.test('backend is configured by flags or by the environment', async (sub) => {
  sub.same(await parse('backend'), {
    command: 'backend',
    kind: 'http',
    port: 3001,
    host: '127.0.0.1',
    name: 'backend',
    healthy: true,
    chunked: false,
    close: false,
  })
  sub.match(await parse('backend', { SERVER_PORT: '3007', SERVER_NAME: 'g' }), { port: 3007, name: 'g' })
  sub.match(
    await parse('backend --port 0 --name a --delay 50ms --unhealthy --size 1KiB --host ::1', {
      SERVER_PORT: '3007',
      SERVER_NAME: 'g',
    }),
    { port: 0, name: 'a', delayMs: 50, healthy: false, bodyBytes: 1_024, kind: 'http', host: '::1' },
  )
  sub.match(await parse('backend --echo'), { kind: 'echo' })
  sub.match(await parse('backend --kind slow --read-rate 10 --says hi\\r\\n'), {
    kind: 'slow',
    readBytesPerSecond: 10,
    says: 'hi\r\n',
  })
  const script = '[{"expect":"a"},{"match":"b+"},{"send":"c"},{"delayMs":5},"reset"]'
  const scripted = await parse(`backend --kind scripted --script ${script}`)
  sub.same(scripted.command === 'backend' && scripted.script, [
    { expect: 'a' },
    { expect: /b+/ },
    { send: 'c' },
    { delayMs: 5 },
    'reset',
  ])
})

void t.test('help in every way of asking, and the version', async (sub) => {
  for (const line of [
    '--help',
    '-h',
    'help',
    'help all',
    '8080 3001 --help',
    '--help all',
    '--help --retires',
  ]) {
    sub.match(await parse(line), { command: 'help', text: /^fairlead balances TCP connections/ }, line)
  }
  sub.match(await parse('help demo'), { command: 'help', text: /fairlead demo \[options\]/ })
  sub.match(await parse('help demo all'), { command: 'help', text: /--check-header/ })
  sub.match(await parse('help run all'), { command: 'help', text: /--check-header/ })
  sub.match(await parse('demo --help all'), { command: 'help', text: /--check-header/ })
  sub.match(await parse('backend -h'), { command: 'help', text: /--unhealthy/ })
  for (const line of ['-V', '8080 3001 --version', 'demo --version']) {
    sub.same(await parse(line), { command: 'version' }, line)
  }
})

void t.test('the help of the demo tells what holds there', async (sub) => {
  const { options } = (await parse('demo')) as DemoRequest
  sub.same(options, { mode: 'http', check: 'http', explain: true })
  sub.match(await parse('help demo'), { text: /--check tcp\|http\|off .*\n? *.*\[http\]/ })
  const { text } = (await parse('help demo all')) as { readonly text: string }
  for (const line of [
    /--mode .*\n.*\[http\]/,
    /--no-explain /,
    /--admin .*\n.*\[8090; also\s+DASHBOARD_PORT\]/,
  ]) {
    sub.match(text, line)
  }
  sub.notMatch(text, '--watch')
})

void t.test('the help names every flag with its default, and fits the terminal', async (sub) => {
  for (const columns of [40, 80, 200]) {
    const request = await parseArgs(['help', 'all'], { env: {}, columns })
    const text = request.command === 'help' ? request.text : ''
    for (const setting of settings as readonly Setting[]) sub.match(text, `  ${flagText(setting)} `)
    const widest = Math.max(...text.split('\n').map((line) => line.length))
    sub.ok(widest <= Math.min(Math.max(columns, 92), 110), `${widest} in ${columns} columns`)
  }
})
