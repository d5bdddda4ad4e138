import { rename, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { NotifySocket } from '../helpers/notify-socket.ts'
import { connectTo, readBytes } from '../helpers/sockets.ts'
import { ask, whoAnswers } from './ask.ts'
import { type Command, fairlead, finish, BIN } from './command.ts'

const echo = await echoBackend()
const [a, b] = await Promise.all(['a', 'b'].map((name) => httpBackend({ name })))
if (a === undefined || b === undefined) throw new Error('two were asked for')
t.teardown(() => Promise.all([echo.stop(), a.stop(), b.stop()]))

/** A file with an HTTP and a TCP listener, and an admin listener. */
function fileOf({ web = [a?.port], more = '' }: { web?: readonly unknown[]; more?: string } = {}): string {
  return `
listeners:
  web: { listen: 127.0.0.1:0, mode: http, pool: web }
  raw: { listen: 127.0.0.1:0, pool: raw }
pools:
  web: { backends: [${web.map((port) => `http://127.0.0.1:${String(port)}`).join(', ')}] }
  raw: { backends: [${echo.port}] }
admin: 127.0.0.1:0
${more}
`
}

async function portOf(command: Command, listener: string): Promise<number> {
  const { address } = await command.entry('listener:open', (entry) => entry['listener'] === listener)
  return Number(/:(\d+)$/.exec(String(address))?.[1])
}

async function adminOf(command: Command): Promise<string> {
  return String((await command.entry('admin:open'))['address'])
}

async function echoed(client: Socket, word: string): Promise<string> {
  client.write(word)
  return (await readBytes(client, word.length)).toString()
}

/** A command to a running balancer, as from another terminal. */
function operate(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ReturnType<typeof finish> {
  return finish(process.execPath, [BIN, ...words], { env })
}

void t.test('SIGHUP: what changed follows, open sessions go on, a bad file changes nothing', async (sub) => {
  const file = join(sub.testdir({ 'fairlead.yaml': fileOf() }), 'fairlead.yaml')
  await using manager = await NotifySocket.open()
  await using command = fairlead(['run', '--config', file], { env: { NOTIFY_SOCKET: manager.path } })
  const port = await portOf(command, 'web')
  sub.match(await command.entryCount('listener:open', 2), [
    { listener: 'web', mode: 'http', pools: [{ pool: 'web', strategy: 'round-robin' }] },
    { listener: 'raw', mode: 'tcp', pools: [{ pool: 'raw', backends: [{ weight: 1 }] }] },
  ])
  const long = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: await portOf(command, 'raw') })
  sub.equal(await echoed(long, 'before'), 'before')
  sub.equal(await whoAnswers({ port }), 'a')

  await writeFile(file, fileOf({ web: [b?.port] }))
  command.signal('SIGHUP')
  sub.match(await command.entry('config:reload'), {
    level: 30,
    ok: true,
    msg: /^reloaded: .*added.*removed|^reloaded: .*removed.*added/,
  })
  sub.equal(await whoAnswers({ port }), 'b', 'the same port, another backend')
  sub.equal(await echoed(long, 'amid'), 'amid')

  await writeFile(file, fileOf({ more: 'poolz: {}' }))
  command.signal('SIGHUP')
  sub.match(await command.entry('config:reload', ({ ok }) => ok === false), {
    level: 50,
    msg: /^not reloaded, the old configuration stays: .*fairlead\.yaml:\d+: poolz: .*did you mean pools\?/,
  })
  sub.equal(await whoAnswers({ port }), 'b')
  sub.equal(await echoed(long, 'after'), 'after')
  const told = await manager.count(5)
  sub.match(told[1]?.[0], 'RELOADING=1')
  sub.match(told[2]?.[0], 'READY=1')
  sub.match(told[3]?.[0], 'RELOADING=1', 'a reload that failed is over as well')
  sub.match(told[4]?.[0], 'READY=1')

  long.end()
  await command.entry('session:close', ({ listener, bytesIn }) => listener === 'raw' && bytesIn === 15)
  command.signal('SIGTERM')
  sub.same(await command.exit(), { code: 0, signal: null })
})

void t.test('--watch reloads by itself, however the file is written', async (sub) => {
  const folder = sub.testdir({ 'fairlead.yaml': fileOf() })
  const file = join(folder, 'fairlead.yaml')
  await using command = fairlead(['run', '--config', file, '--watch'])
  const port = await portOf(command, 'web')
  await writeFile(file, fileOf({ web: [b?.port] }))
  await command.entryCount('config:reload', 1)
  sub.equal(await whoAnswers({ port }), 'b')
  await writeFile(`${file}.swp`, fileOf({ web: [a?.port] }))
  await rename(`${file}.swp`, file)
  const reports = await command.entryCount('config:reload', 2)
  sub.same(
    reports.map(({ ok }) => ok),
    [true, true],
  )
  sub.equal(await whoAnswers({ port }), 'a')
})

void t.test('an operator drains a backend, reloads, and reads what happened', async (sub) => {
  const file = join(sub.testdir({ 'f.yaml': fileOf({ web: [a?.port, b?.port] }) }), 'f.yaml')
  await using command = fairlead(['run', '--config', file])
  const env = { FAIRLEAD_ADMIN: await adminOf(command) }
  const port = await portOf(command, 'web')
  sub.match(await operate(['status'], env), { code: 0, stdout: /pool web .*2 of 2 can serve/ })
  const gone = `127.0.0.1:${String(a?.port)}`
  sub.match(await operate(['drain', gone, '--wait'], env), { code: 0, stderr: '' })
  sub.same([await whoAnswers({ port }), await whoAnswers({ port })], ['b', 'b'])
  await writeFile(file, fileOf({ web: [a?.port] }))
  sub.match(await operate(['reload'], env), { code: 0, stdout: /removed/ })
  sub.match(
    await operate(['status', '--json'], env).then(({ stdout }) => JSON.parse(stdout) as unknown),
    { pools: [{ name: 'web', backends: [{ id: gone, mode: 'drain' }] }] },
    'what an operator said survives a reload',
  )
})

void t.test(
  'one listener with an admin listener: from flags, with a token from the environment',
  async (sub) => {
    const secret = { FAIRLEAD_ADMIN_TOKEN: 'nobody-guesses-this' }
    await using command = fairlead([0, `b=http://127.0.0.1:${String(b?.port)}`, '--admin', '0.0.0.0:0'], {
      env: secret,
    })
    const port = Number((await adminOf(command)).split(':').at(-1))
    sub.equal((await ask({ port, path: '/livez' })).status, 200)
    sub.equal((await ask({ port, path: '/api/v1/status' })).status, 401)
    const env = { FAIRLEAD_ADMIN: `127.0.0.1:${port}` }
    sub.match(await operate(['status'], { ...env, ...secret }), { code: 0, stdout: /pool main/ })
    sub.match(await operate(['status'], env), { code: 1, stderr: /token/ })
    sub.match(await operate(['reload'], { ...env, ...secret }), { code: 1, stderr: /no configuration file/ })
    sub.notMatch(command.stdout, secret.FAIRLEAD_ADMIN_TOKEN)
  },
)

void t.test('FAIRLEAD_ADMIN that is in use ends the start in one line', async (sub) => {
  const taken = `127.0.0.1:${echo.port}`
  await using command = fairlead([0, 3001], { env: { FAIRLEAD_ADMIN: taken } })
  sub.same(await command.exit(), { code: 1, signal: null })
  sub.equal(
    command.stderr,
    `fairlead: the admin listener: address ${taken} is already in use by another process\n`,
  )
})

void t.test('SIGHUP while it still starts ends nothing: the file is read again once it runs', async (sub) => {
  const text = `process.kill(process.pid, 'SIGHUP')
export default { listeners: { web: { listen: '127.0.0.1:0', pool: 'web' } }, pools: { web: { backends: [${echo.port}] } } }
`
  const file = join(sub.testdir({ 'fairlead.mjs': text }), 'fairlead.mjs')
  await using command = fairlead(['run', '--config', file])
  sub.match(await command.entry('config:reload'), { ok: true, changes: [] })
})

void t.test('a long answer goes whole into a pipe, which takes 64 KiB at a time', async (sub) => {
  const backends = Array.from({ length: 500 }, (_, i) => `b${i}=127.0.0.2:${i + 1}`)
  await using command = fairlead([0, ...backends, '--check', 'off', '--admin', '127.0.0.1:0'])
  const env = { FAIRLEAD_ADMIN: await adminOf(command) }
  // Whoever reads begins when the writer has all but the end behind it, or waits for us.
  const line = '"$0" "$1" status --json | { read -r -N 1 first; printf %s "$first"; cat; }'
  const { stdout, code } = await finish('bash', ['-c', line, process.execPath, BIN], { env })
  sub.equal(code, 0)
  const status = JSON.parse(stdout) as { pools: { backends: unknown[] }[] }
  sub.equal(status.pools[0]?.backends.length, 500)
})

/** A file with 2,000 backends. */
function longPool(entry: (i: number) => string): string {
  return JSON.stringify({
    listeners: { web: { listen: 8080, pool: 'web' } },
    pools: { web: { backends: Array.from({ length: 2_000 }, (_, i) => entry(i)) } },
  })
}

void t.test('so do what check prints, and what it complains of', async (sub) => {
  const folder = sub.testdir({
    'good.json': longPool((i) => `b${i}=127.0.0.2:${i + 1}`),
    'bad.json': longPool(() => 'no address'),
  })
  const line =
    '"$0" "$1" check "$2" --print --json 2>&1 | { read -r -N 1 first; sleep 0.5; printf %s "$first"; cat; }'
  const checked = async (name: string): Promise<string> =>
    (await finish('bash', ['-c', line, process.execPath, BIN, join(folder, name)])).stdout
  const good = JSON.parse(await checked('good.json')) as { pools: { web: { backends: unknown[] } } }
  sub.equal(good.pools.web.backends.length, 2_000)
  const bad = JSON.parse(await checked('bad.json')) as { problems: unknown[] }
  sub.equal(bad.problems.length, 2_000)
  const words = await finish('bash', [
    '-c',
    line.replace(' --json', ''),
    process.execPath,
    BIN,
    join(folder, 'bad.json'),
  ])
  sub.match(words.stdout, /bad\.json has 2000 problems\n$/)
})
