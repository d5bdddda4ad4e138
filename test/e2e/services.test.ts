import t from 'tap'
import { bannerBackend } from '../../src/testing/banner-backend.ts'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import type { Entry } from './command.ts'
import { fairlead, finish } from './command.ts'
import { pathOf, startPostgres, startRedis, without } from './services.ts'

const CLIENTS = 8

void t.test('PostgreSQL under pgbench', { skip: without('initdb', 'pgbench') }, async (sub) => {
  await using postgres = await startPostgres()
  // A backend that is gone and that nobody notices: each session that meets it goes on to the other.
  await using gone = await refusingPort()
  const backends = [`gone=${gone.port}`, `primary=127.0.0.1:${postgres.port}`]
  await using command = fairlead(['127.0.0.1:0', ...backends, '--check', 'off', '--no-eject'])
  const port = String(await command.port())
  const pgbench = async (...args: string[]) => {
    const { code, stdout, stderr } = await finish(
      pathOf('pgbench'),
      ['-h', '127.0.0.1', '-p', port, '-U', 'postgres', ...args, 'postgres'],
      { env: { LC_ALL: 'C' } },
    )
    sub.equal(code, 0, stderr)
    return stdout
  }

  await pgbench('-i', '-s', '1', '-q')
  const reads = await pgbench('-n', '-S', '-c', String(CLIENTS), '-j', '2', '-t', '200')
  sub.match(reads, 'number of transactions actually processed: 1600/1600')
  sub.match(reads, /number of failed transactions: 0 /)
  const writes = await pgbench('-n', '-c', '4', '-t', '50')
  sub.match(writes, 'number of transactions actually processed: 200/200')
  const connections = await pgbench('-n', '-S', '-C', '-c', String(CLIENTS), '-t', '15')
  sub.match(connections, 'number of transactions actually processed: 120/120')
  sub.match(connections, /number of failed transactions: 0 /)

  command.signal('SIGTERM')
  sub.match(await command.exit(), { code: 0 })
  const sessions = command.entries('session:close')
  sub.ok(sessions.length > 120, 'a session for each connection')
  sub.same(sessions.filter(endedBadly), [])
  sub.ok(
    sessions.every(({ backend }) => backend === 'primary'),
    'all were served by the one that lives',
  )
  const failedOver = sessions.filter(({ tried }) => (tried as unknown[]).length === 1)
  sub.ok(failedOver.length >= 60, 'half of them had met the other one first')
})

void t.test(
  'Redis under redis-benchmark',
  { skip: without('redis-server', 'redis-benchmark', 'redis-cli') },
  async (sub) => {
    await using one = await startRedis()
    await using two = await startRedis()
    await using command = fairlead(['127.0.0.1:0', `one=${one.port}`, `two=${two.port}`])
    const port = await command.port()
    const benchmark = async (...args: string[]) => {
      const place = ['-h', '127.0.0.1', '-p', String(port)]
      const { code, stdout, stderr } = await finish(pathOf('redis-benchmark'), [...place, '-q', ...args])
      sub.equal(code, 0)
      sub.notMatch(stdout + stderr, /error/i)
      return stdout
    }
    sub.match(await benchmark('-n', '20000', '-c', '50', '-t', 'set,get'), /GET: [\d.]+ requests per second/)
    sub.match(await benchmark('-n', '20000', '-c', '50', '-P', '16', '-t', 'get'), /GET: [\d.]+ requests per/)

    const shares = await Promise.all([one, two].map(({ port: backend }) => redisStats(backend)))
    // Each run opens its 50 for one command, and one or two more to ask for the configuration.
    for (const { connections } of shares) sub.ok(connections >= 75, `${connections} connections`)
    const commands = shares.reduce((sum, share) => sum + share.commands, 0)
    sub.ok(commands >= 60_000, `${commands} commands arrived`)
    sub.ok(Math.min(...shares.map((share) => share.commands)) > 0.2 * commands, 'and both did their part')

    command.signal('SIGTERM')
    sub.match(await command.exit(), { code: 0 })
    sub.same(command.entries('session:close').filter(endedBadly), [])
  },
)

async function redisStats(port: number): Promise<{ connections: number; commands: number }> {
  const { stdout } = await finish(pathOf('redis-cli'), ['-p', String(port), 'info', 'stats'])
  const stat = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(stdout)?.[1])
  return { connections: stat('total_connections_received'), commands: stat('total_commands_processed') }
}

void t.test('a web server under wrk', { skip: without('wrk') }, async (sub) => {
  await using one = await httpBackend({ name: 'one' })
  await using two = await httpBackend({ name: 'two' })
  await using command = fairlead(['127.0.0.1:0', one.port, two.port, '--check', 'http'])
  const port = await command.port()
  const wrk = async (...args: string[]) => {
    const url = `http://127.0.0.1:${port}/`
    const { code, stdout } = await finish(pathOf('wrk'), ['-t', '1', '-d', '2s', ...args, url])
    sub.equal(code, 0)
    sub.match(stdout, /\d+ requests in /)
    // It prints these lines only where there is something to tell.
    sub.notMatch(stdout, 'Socket errors', stdout)
    sub.notMatch(stdout, 'Non-2xx', stdout)
    return Number(/(\d+) requests in /.exec(stdout)?.[1])
  }
  const kept = await wrk('-c', '32')
  const renewed = await wrk('-c', '16', '-H', 'Connection: close')
  sub.ok(kept > 100 && renewed > 50, `${kept} and ${renewed} requests`)
  const received = one.requestCount + two.requestCount
  sub.ok(received >= kept + renewed, 'all of them came through')
  sub.ok(Math.min(one.requestCount, two.requestCount) > 0.2 * received, 'to both')

  command.signal('SIGTERM')
  sub.match(await command.exit(), { code: 0 })
  const sessions = command.entries('session:close')
  sub.ok(sessions.length >= renewed)
  sub.same(
    sessions.filter(({ code }) => String(code).startsWith('S')),
    [],
    'no backend broke off',
  )
})

void t.test('nc by hand: half-close, a banner, a file', { skip: without('nc') }, async (sub) => {
  await using echo = await echoBackend()
  await using command = fairlead(['127.0.0.1:0', echo.port])
  sub.match(await nc(await command.port(), 'x'), { code: 0, stdout: 'x' })
  const text = deterministicBytes(3, 300_000).toString('hex')
  const file = await nc(await command.port(), text)
  sub.equal(file.code, 0)
  sub.ok(file.stdout === text, 'every byte, in order')
  const [first, second] = await command.entryCount('session:close', 2)
  sub.match(first, { code: '--', bytesIn: 1, bytesOut: 1 })
  sub.match(second, { code: '--', bytesIn: text.length, bytesOut: text.length })

  await using banner = await bannerBackend({ banner: '220 ready\r\n' })
  await using greeting = fairlead(['127.0.0.1:0', banner.port])
  sub.match(await nc(await greeting.port(), 'EHLO x\r\n'), { code: 0, stdout: /^220 ready\r\n/ })
})

/** Sends all of `input`, then FIN, and reads to the end. */
function nc(port: number, input: string): ReturnType<typeof finish> {
  return finish(pathOf('nc'), ['-N', '127.0.0.1', String(port)], { input })
}

/** Whatever is neither a plain end nor a client that left when it had what it wanted. */
function endedBadly({ code }: Entry): boolean {
  return code !== '--' && code !== 'CD'
}
