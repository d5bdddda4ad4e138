import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { silentBackend } from '../../src/testing/silent-backend.ts'
import type { CommandOptions } from './command.ts'
import { BIN, fairlead } from './command.ts'

/** What a command that ends by itself said. */
async function run(args: readonly string[], options: CommandOptions = {}) {
  await using command = fairlead(args, options)
  const { code, signal } = await command.exit()
  return { code, signal, stdout: command.stdout, stderr: command.stderr }
}

interface Wrong {
  readonly what: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What the line says: the place, and what would be right. */
  readonly says: readonly RegExp[]
}

const WRONG: readonly Wrong[] = [
  {
    what: 'a mistyped flag',
    args: ['0', '3001', '--balence', 'random'],
    says: [/--balence/, /did you mean --balance\?/],
  },
  {
    what: 'the same backend twice',
    args: ['0', '3001', '3002', 'localhost:3003', '127.0.0.1:3001'],
    says: [/backend 4: 127\.0\.0\.1:3001 is a backend already/, /each address once/],
  },
  { what: 'no backend', args: ['8080'], says: [/no backends/, /fairlead 8080 3001 3002 3003/] },
  { what: 'nothing at all', args: [], says: [/nothing to do/, /fairlead 8080 3001 3002 3003/, /demo/] },
  {
    what: 'a listener with TLS, which comes later',
    args: ['tls://0.0.0.0:8443', '3001'],
    says: [/does not terminate TLS yet/, /write 0\.0\.0\.0:8443/],
  },
  {
    what: 'a bad value in the environment, by its variable',
    args: ['0', '3001'],
    env: { FAIRLEAD_RETRIES: '-3' },
    says: [/FAIRLEAD_RETRIES/, /from 0 to 100, not -3/],
  },
  { what: 'a mistyped command', args: ['dmeo'], says: [/"dmeo"/, /did you mean fairlead demo\?/] },
]

for (const { what, args, env, says } of WRONG) {
  void t.test(`${what} ends in one line that says what would be right, and exit code 2`, async (sub) => {
    const { code, stdout, stderr } = await run(args, env === undefined ? {} : { env })
    sub.same([code, stdout], [2, ''])
    sub.match(stderr, /^fairlead: [^\n]+\n$/, 'one line')
    for (const pattern of says) sub.match(stderr, pattern)
  })
}

const ALL_AT_ONCE: readonly (readonly [words: readonly string[], says: RegExp])[] = [
  [['3001@257'], /^backend 1: .*whole number from 0 to 256, not "257"$/],
  [['::1:3001'], /^backend 2: .*without brackets: write \[::1\]:3001$/],
  [['app1'], /^backend 3: "app1" has no port: write app1:3001$/],
  [['http://app1/api'], /^backend 4: .*has a path, .*: write http:\/\/app1$/],
  [['0'], /^backend 5: "0" is not a port: ports are 1 to 65535$/],
  [['--zzzzzzzz'], /^--zzzzzzzz is not an option; fairlead help all lists them$/],
  [['--idle-timeout', '500'], /^--idle-timeout: "500" has no unit: write 500ms or 500s$/],
  [['--connect-timeout', 'soon'], /^--connect-timeout: "soon" is not a duration: write 250ms, .*$/],
  [['--check-interval', '1ms'], /^--check-interval: "1ms" is too short: at least 10ms$/],
  [['--check', 'udp'], /^--check: must be one of tcp, http, off, not "udp"/],
  [['--balance', 'rond-robin'], /^--balance: must be one of .*; did you mean round-robin\?$/],
  [['--log-format', 'xml'], /^--log-format: must be one of pretty, json, not "xml"/],
  [['--retries', 'many'], /^--retries: must be a whole number from 0 to 100, not "many"$/],
  [['--initial'], /^--initial: needs a value: one of up, down$/],
]

void t.test('everything that is wrong is told at once, a line each', async (sub) => {
  const { code, stderr } = await run(['0', ...ALL_AT_ONCE.flatMap(([words]) => words)])
  sub.equal(code, 2)
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^fairlead: /, ''))
  for (const [words, says] of ALL_AT_ONCE)
    sub.equal(lines.filter((line) => says.test(line)).length, 1, `${words.join(' ')}\n${stderr}`)
  sub.equal(lines.length, ALL_AT_ONCE.length, 'and nothing else')
})

void t.test('the other commands say as well what is wrong with theirs', async (sub) => {
  const demo = await run(['demo', '--prot', '1'], { env: { PROXY_PORT: 'eighty' } })
  sub.same([demo.code, demo.stdout], [2, ''])
  sub.match(demo.stderr, /^fairlead: --prot is not an option; did you mean --port\?$/m)
  sub.match(demo.stderr, /^fairlead: PROXY_PORT: "eighty" is not a port: .*$/m)
  const backend = await run(['backend', '--delay', '5', '--name', 'two words'], { env: { SERVER_PORT: 'x' } })
  sub.same([backend.code, backend.stdout], [2, ''])
  sub.match(backend.stderr, /^fairlead: SERVER_PORT: "x" is not a port: .*$/m)
  sub.match(backend.stderr, /^fairlead: --delay: "5" has no unit: write 5ms or 5s$/m)
  sub.match(backend.stderr, /^fairlead: --name: .*without spaces.*$/m)
})

void t.test('F20: an address in use ends in one line and exit code 1', async (sub) => {
  await using holder = await silentBackend()
  const where = `127.0.0.1:${holder.port}`
  for (const args of [
    [where, '3001'],
    ['backend', '--port', where.split(':')[1] as string],
  ]) {
    const { code, stdout, stderr } = await run(args)
    sub.equal(code, 1)
    sub.equal(stdout, '')
    sub.equal(stderr, `fairlead: address ${where} is already in use by another process\n`)
  }
})

void t.test('an address that is not of this machine ends in one line and exit code 1', async (sub) => {
  // TEST-NET-1 (RFC 5737).
  const { code, stderr } = await run(['192.0.2.1:0', '3001'])
  sub.equal(code, 1)
  sub.equal(stderr, 'fairlead: 192.0.2.1:0 is not an address of this machine\n')
})

void t.test('--version prints the version, --help what there is, both with exit code 0', async (sub) => {
  const version = await run(['--version'])
  sub.same([version.code, version.stderr], [0, ''])
  sub.match(version.stdout, /^\d+\.\d+\.\d+\S*\n$/)
  for (const args of [
    ['help', 'all'],
    ['0', '3001', '-h', 'all'],
  ]) {
    const { code, stdout, stderr } = await run(args)
    sub.same([code, stderr], [0, ''])
    for (const told of ['--balance', '--check-path', '--shutdown-timeout', 'FAIRLEAD_CHECK_PATH', 'Examples'])
      sub.match(stdout, told)
    sub.notOk(/.{111}/.test(stdout), 'no line is wider than a wide terminal')
  }
  sub.match((await run(['demo', '--help'])).stdout, /PROXY_PORT/)
  sub.match((await run(['backend', '--help'])).stdout, /SERVER_NAME/)
})

void t.test(
  'an answer that cannot be written is a failure; one that nobody reads on is none',
  async (sub) => {
    const left = await run(['schema'], { shell: 'exec > >(exec head -1 >&2)' })
    sub.same([left.code, left.stderr], [0, '{\n'])
    if (!existsSync('/dev/full')) {
      // Other systems have no such device; CI runs on Linux.
      sub.equal(process.env['CI'], undefined)
      return
    }
    const full = openSync('/dev/full', 'w')
    sub.teardown(() => closeSync(full))
    for (const args of [['schema'], ['help', 'drain']]) {
      const { code, stderr } = await run(args, { stdout: full })
      sub.equal(code, 1, args.join(' '))
      sub.match(stderr, /^fairlead: the answer cannot be written: ENOSPC.*\n$/)
    }
  },
)

void t.test('works when started by a symbolic link, from another folder', async (sub) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-'))
  sub.teardown(() => rm(folder, { recursive: true }))
  const link = join(folder, 'fairlead')
  await symlink(BIN, link)
  const { code, stdout } = await run(['--help'], { bin: link, cwd: folder })
  sub.equal(code, 0)
  sub.match(stdout, /\n {2}fairlead <listen>/)
})
