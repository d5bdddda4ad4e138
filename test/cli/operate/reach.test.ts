import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { packageVersion } from '../../../src/core/package-version.ts'
import { operate } from '../../admin/rig.ts'
import { run, told } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-reach-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** A server that is not ours. */
async function stranger(sub: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  sub.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return String((server.address() as AddressInfo).port)
}

void t.test('a balancer is reached by port, address, URL and unix socket', async (sub) => {
  const { base } = await operate(sub)
  const { port } = new URL(base)
  for (const admin of [port, `127.0.0.1:${port}`, `localhost:${port}`, base, `${base}/`]) {
    sub.equal((await run('', ['status', '--admin', admin])).code, 0, admin)
  }
  const path = join(folder, 'admin.sock')
  await operate(sub, { admin: { address: { kind: 'unix', path } } })
  sub.equal((await run('', ['status', `--admin=unix:${path}`])).code, 0)
  sub.equal((await run(`unix:${path}`, ['drain', 'a'])).code, 0)
  sub.equal((await run(`unix:${path}`, ['events'])).code, 0)
})

void t.test('a token lets in, from a file or the environment; without it one line says how', async (sub) => {
  const token = 'a-token-that-is-long-enough'
  const { base } = await operate(sub, { admin: { token } })
  const file = join(folder, 'token')
  writeFileSync(file, `${token}\n`)
  sub.equal((await run(base, ['status', '--admin-token-file', file])).code, 0)
  sub.equal((await run(base, ['status'], { FAIRLEAD_ADMIN_TOKEN_FILE: file })).code, 0)
  sub.equal((await run(base, ['status'], { FAIRLEAD_ADMIN_TOKEN: token })).code, 0)
  const how = /^fairlead: [^\n]+; give it by --admin-token-file FILE or FAIRLEAD_ADMIN_TOKEN\n$/
  for (const args of [['status'], ['events'], ['top'], ['reload']]) {
    const [code, text] = await told(base, args, args[0] === 'top' ? {} : { FAIRLEAD_ADMIN_TOKEN: 'wrong' })
    if (args[0] === 'top') sub.same([code, text.includes('needs a terminal')], [2, true])
    else sub.match([code, text], [1, how])
  }
})

void t.test('a token that is none is told before anybody is asked', async (sub) => {
  const empty = join(folder, 'empty')
  writeFileSync(empty, '\n')
  sub.match(await told('1', ['status', '--admin-token-file', empty]), [
    2,
    /^fairlead: --admin-token-file: .* is empty\n$/,
  ])
  sub.match(await told('1', ['status', '--admin-token-file', join(folder, 'none')]), [
    2,
    'there is no such file',
  ])
  sub.match(await told('1', ['status'], { FAIRLEAD_ADMIN_TOKEN_FILE: folder }), [
    2,
    /^fairlead: FAIRLEAD_ADMIN_TOKEN_FILE: cannot read .*EISDIR\n$/,
  ])
  sub.match(await told('1', ['status'], { FAIRLEAD_ADMIN_TOKEN: 'a\nb' }), [
    2,
    'FAIRLEAD_ADMIN_TOKEN: is no token',
  ])
})

void t.test('nobody there is one line and exit code 1', async (sub) => {
  const closed = createTcpServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  sub.same(await told(String(port), ['status']), [
    1,
    `fairlead: no answer from a balancer at 127.0.0.1:${port}: nobody listens there; it must run with --admin, and --admin here must say where\n`,
  ])
  sub.match(await told(`unix:${folder}/none.sock`, ['events', '--follow']), [1, 'there is no such socket'])
})

void t.test('a server that is not ours is known for that, whatever it says', async (sub) => {
  const answers: RequestListener[] = [
    (_, response) => response.end('<html>'),
    (_, response) => response.end('{}'),
    (_, response) => response.end('null'),
    (_, response) => response.end('{"listeners":[],"pools":[null]}'),
    (_, response) => response.writeHead(404).end('{"error":"not found"}'),
    (_, response) => response.writeHead(500).end('oops'),
    (_, response) => response.writeHead(302, { location: '/' }).end(),
  ]
  for (const answer of answers) {
    const [code, text] = await told(await stranger(sub, answer), ['status'])
    sub.equal(code, 1)
    sub.match(
      text,
      /^fairlead: no answer from a balancer at \S+: what answers there is no admin listener; [^\n]+\n$/,
    )
  }
  const cut = await stranger(sub, (_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy())
  })
  sub.match(await told(cut, ['status']), [1, 'the connection was closed before an answer'])
  const noise = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.end('SSH-2.0-OpenSSH\r\n')
  }).listen(0, '127.0.0.1')
  await once(noise, 'listening')
  sub.teardown(() => noise.close())
  const { port } = noise.address() as AddressInfo
  sub.match(await told(String(port), ['status']), [1, 'what answers there is no admin listener'])
})

void t.test('what a hostile server says never reaches the terminal as it is', async (sub) => {
  const evil = '\x1b]0;owned\x07\x9b31m\u202e'
  const refusing = await stranger(sub, (_, response) => {
    response.writeHead(403).end(JSON.stringify({ error: { code: evil, message: evil } }))
  })
  const { base } = await operate(sub)
  const real = JSON.parse((await run(base, ['status', '--json'])).printed) as {
    listeners: object[]
    pools: { name: string; backends: object[] }[]
  }
  const pool = { ...real.pools[0], name: evil, strategy: evil }
  const backends = (real.pools[0]?.backends ?? []).map((backend) => ({ ...backend, id: evil, address: evil }))
  const listeners = real.listeners.map((listener) => ({ ...listener, name: evil, address: evil }))
  const hostile = { ...real, listeners, pools: [{ ...pool, backends }] }
  const event = { id: 1, at: 0, name: 'backend:up', data: { id: evil, pool: evil, reason: evil } }
  const answering = await stranger(sub, ({ url = '' }, response) => {
    if (!url.includes('/events')) return response.end(JSON.stringify(hostile))
    const stream = [
      `id: ${evil}`,
      'event: event',
      `data: ${JSON.stringify(event)}`,
      '',
      'event: snapshot',
      'data: {}',
      '',
      '',
    ]
    return response.end(stream.join('\n'))
  })
  for (const [port, args] of [
    [refusing, ['status']],
    [refusing, ['events']],
    [answering, ['status']],
    [answering, ['status', '--json']],
    [answering, ['drain', 'nobody']],
    [answering, ['events']],
    [answering, ['events', '--json']],
  ] as const) {
    const [, text] = await told(port, args)
    sub.match(text, /x1b\]0;owned|u001b\]0;owned/, args.join(' '))
    // oxlint-disable-next-line no-control-regex -- what must not be there
    sub.notMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/, args.join(' '))
  }
})

const WRONG: readonly (readonly [args: readonly string[], says: string])[] = [
  [['status', 'extra'], '"extra" is not expected here; see fairlead status --help'],
  [['status', '--jsn'], '--jsn is not an option; did you mean --json?'],
  [['status', '--zzzzzzzz'], '--zzzzzzzz is not an option; fairlead status --help lists them'],
  [['status', '-x'], '-x is not an option; fairlead status --help lists them'],
  [['status', '--watch=no'], '--watch: takes no value'],
  [['status', '--admin'], '--admin: needs <address>'],
  [['status', '--admin', '99999'], '--admin: "99999" is not a port: ports are 1 to 65535'],
  [
    ['status', '--admin', 'https://lb:8090'],
    '--admin: an admin listener speaks no TLS: write http://lb:8090',
  ],
  [['drain'], 'say which: fairlead drain <backend..>'],
  [['drain', 'a', '--timeout', '5s'], '--timeout counts only with --wait'],
  [['drain', 'a', '--wait', '--timeout', '5'], '--timeout: "5" has no unit: write 5ms or 5s'],
  [['remove', 'a', '--timeout', '5s'], '--timeout counts only with --wait'],
  [['weight', 'a'], 'say which: fairlead weight <backend> <0-256>'],
  [['events', '--since', 'noon'], '--since: must be a whole number, not "noon"'],
  [['statsu'], '"statsu" is neither a command nor an address; did you mean fairlead status?'],
]

void t.test('each mistake is one line that says what would be right, and exit code 2', async (sub) => {
  for (const [args, says] of WRONG) sub.same(await told('1', args), [2, `fairlead: ${says}\n`])
  const both = await run('nowhere', ['drain', '--wiat'])
  sub.equal(both.complaints.split('\n').length, 4, 'and all of them are told at once')
})

void t.test('each command tells the version, as those that balance do', async (sub) => {
  for (const flag of ['--version', '-V']) {
    sub.same(await told('1', ['status', flag]), [0, `${packageVersion()}\n`])
    sub.same(await told('1', ['drain', flag]), [0, `${packageVersion()}\n`])
  }
})

void t.test('help of a command, asked for in either way', async (sub) => {
  const [code, text] = await told('1', ['help', 'drain'])
  sub.equal(code, 0)
  sub.match(text, /^No new clients.*\n\nUsage:\n {2}fairlead drain <backend\.\.> \[options\]\n/)
  sub.same(await told('1', ['drain', '-h']), [0, text])
})
