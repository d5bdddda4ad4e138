import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { parseListen } from '../../src/config/parse-listen.ts'
import { formatAddress } from '../../src/core/address.ts'
import type { InheritedSocket } from '../../src/net/inherited-sockets.ts'
import { dealSockets, InheritedSockets } from '../../src/net/inherited-sockets.ts'
import { readListenFds } from '../../src/net/listen-fds.ts'
import { listeningAddresses, parseTcpTable, parseUnixTable } from '../../src/net/listening-addresses.ts'

const US = 42

void test('the environment of socket activation', async (t) => {
  void t.test('numbers the sockets from 3, with their names where they have some', async (sub) => {
    const env = { LISTEN_FDS: '3', LISTEN_PID: '42', LISTEN_FDNAMES: 'web:db' }
    sub.same(readListenFds(env, US), {
      fds: [
        { fd: 3, name: 'web' },
        { fd: 4, name: 'db' },
        { fd: 5, name: '' },
      ],
      problem: undefined,
    })
    sub.same(readListenFds({ LISTEN_FDS: '1', LISTEN_PID: '42' }, US).fds, [{ fd: 3, name: '' }])
  })

  void t.test('that is absent means nothing', async (sub) => {
    for (const env of [{}, { LISTEN_FDS: '' }, { LISTEN_FDS: '0' }, { LISTEN_PID: '42' }]) {
      sub.same(readListenFds(env, US), { fds: [], problem: undefined })
    }
  })

  void t.test('that is meant for another process, or is nonsense, gives none and says why', async (sub) => {
    for (const [env, problem] of [
      [{ LISTEN_FDS: '1', LISTEN_PID: '41' }, 'LISTEN_FDS=1 is meant for process 41, not for 42'],
      [{ LISTEN_FDS: '1' }, 'LISTEN_FDS=1 is meant for process (none named), not for 42'],
      [{ LISTEN_FDS: '-1', LISTEN_PID: '42' }, 'LISTEN_FDS=-1 is no count of sockets'],
      [{ LISTEN_FDS: '9999', LISTEN_PID: '42' }, 'LISTEN_FDS=9999 is no count of sockets'],
      [{ LISTEN_FDS: '1e1', LISTEN_PID: '42' }, 'LISTEN_FDS=1e1 is no count of sockets'],
    ] as const) {
      sub.same(readListenFds(env, US), { fds: [], problem })
    }
  })

  void t.test('is gone once it is read, so that no child takes it for its own', async (sub) => {
    const env = { LISTEN_FDS: '1', LISTEN_PID: '41', LISTEN_FDNAMES: 'web', HOME: '/' }
    sub.match(InheritedSockets.fromEnvironment(env, US).problem, /process 41/)
    sub.same(env, { HOME: '/' })
  })
})

void test("the kernel's tables", async (t) => {
  void t.test('tell where a TCP socket listens, in either byte order', async (sub) => {
    const rows = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 562 1 0 100 0 0 10 0',
      '   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 563 1 0 100 0 0 10 0',
      '   2: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 564 1 0 20 4 30 10 -1',
      'no row at all',
    ].join('\n')
    sub.same(
      parseTcpTable(rows, 'LE').map(({ inode, address }) => [inode, formatAddress(address)]),
      [
        ['562', '127.0.0.1:8080'],
        ['563', '0.0.0.0:80'],
      ],
    )
    sub.match(parseTcpTable(rows.replace('0100007F', '7F000001'), 'BE')[0], {
      address: { host: '127.0.0.1', port: 8080 },
    })
  })

  void t.test('tell where an IPv6 socket listens', async (sub) => {
    const rows = [
      '   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0 0 10 0',
      '   1: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 8 1 0 100 0 0 10 0',
    ].join('\n')
    sub.same(
      parseTcpTable(rows, 'LE').map(({ address }) => formatAddress(address)),
      ['[::]:8080', '[2001:db8::1]:80'],
    )
  })

  void t.test('tell where a unix socket listens; connected ones and datagrams are none', async (sub) => {
    const rows = [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      '000000008ec7f38a: 00000002 00000000 00010000 0001 01  1131 /run/with space/lb.sock',
      '000000008ec7f38b: 00000003 00000000 00000000 0001 03  1132 /run/other.sock',
      '000000008ec7f38c: 00000002 00000000 00000000 0002 01  1133 /run/datagram.sock',
      '000000008ec7f38d: 00000002 00000000 00010000 0001 01  1134',
    ].join('\n')
    sub.same(parseUnixTable(rows), [
      { inode: '1131', address: { kind: 'unix', path: '/run/with space/lb.sock' } },
    ])
  })

  void t.test('of this machine know the sockets of this process', async (sub) => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-'))
    sub.teardown(() => rm(folder, { recursive: true }))
    const places = [{ host: '127.0.0.1', port: 0 }, { host: '::1', port: 0 }, { path: join(folder, 's') }]
    const found: string[] = []
    const expected: string[] = []
    for (const place of places) {
      const server = createServer().listen(place)
      await once(server, 'listening')
      sub.teardown(() => server.close())
      const bound = server.address() as AddressInfo | string
      expected.push(
        typeof bound === 'string'
          ? `unix:${bound}`
          : formatAddress({ kind: 'tcp', host: bound.address, port: bound.port }),
      )
    }
    const plain = openSync('/dev/null', 'r')
    sub.teardown(() => closeSync(plain))
    const every = Array.from({ length: 200 }, (_, fd) => fd)
    for (const address of listeningAddresses(every).values()) found.push(formatAddress(address))
    for (const address of expected) sub.ok(found.includes(address), `${address} among ${found.join(', ')}`)
    sub.same(listeningAddresses([plain]).size, 0)
    sub.same(listeningAddresses([99_999]).size, 0)
  })
})

function socket(fd: number, name: string, address?: string): InheritedSocket {
  return { fd, name, address: address === undefined ? undefined : parseListen(address) }
}

function listener(name: string, address: string): { name: string; address: ReturnType<typeof parseListen> } {
  return { name, address: parseListen(address) }
}

/** `web=3 db=4; 5` */
function deal(
  sockets: readonly InheritedSocket[],
  listeners: readonly ReturnType<typeof listener>[],
): string {
  const { dealt, unused } = dealSockets(sockets, listeners)
  const pairs = listeners.flatMap(({ name }) => {
    const got = dealt.get(name)
    return got === undefined ? [] : [`${name}=${got.fd}`]
  })
  return `${pairs.join(' ')}; ${unused.map(({ fd }) => fd).join(' ')}`
}

void test('inherited sockets go to', async (t) => {
  void t.test('the listener of their name, wherever it wanted to listen', async (sub) => {
    sub.equal(
      deal(
        [socket(3, 'db', '5432'), socket(4, 'web', '80')],
        [listener('web', '8080'), listener('db', '5432')],
      ),
      'web=4 db=3; ',
    )
    sub.equal(
      deal([socket(3, 'web')], [listener('web', '8080')]),
      'web=3; ',
      'although nobody knows where it listens',
    )
  })

  void t.test('the listener of their address, where no name fits', async (sub) => {
    for (const [inherited, wanted] of [
      ['[::]:80', '80'],
      ['0.0.0.0:80', '80'],
      ['127.0.0.1:80', '127.0.0.1:80'],
      ['[::1]:80', '[0:0:0:0:0:0:0:1]:80'],
      ['127.0.0.1:80', 'localhost:80'],
      ['unix:/run/lb.sock', 'unix:/run/lb.sock'],
    ] as const) {
      sub.equal(
        deal([socket(3, 'fairlead.socket', inherited)], [listener('main', wanted)]),
        'main=3; ',
        wanted,
      )
    }
  })

  void t.test(
    'nobody, where neither fits: a listener is never made wider than it was told to be',
    async (sub) => {
      for (const [inherited, wanted] of [
        ['[::]:80', '127.0.0.1:80'],
        ['127.0.0.1:80', '80'],
        ['[::]:80', '81'],
        ['unix:/run/lb.sock', 'unix:/run/other.sock'],
        ['unix:/run/lb.sock', '80'],
        ['80', 'unix:/run/lb.sock'],
      ] as const) {
        sub.equal(
          deal([socket(3, '', inherited)], [listener('main', wanted)]),
          '; 3',
          `${inherited} ${wanted}`,
        )
      }
      sub.equal(deal([socket(3, '')], [listener('main', '80')]), '; 3', 'no address is known')
    },
  )

  void t.test('one listener each: of several with one name, that of the address first', async (sub) => {
    const sockets = [socket(3, 'web', '127.0.0.1:80'), socket(4, 'web', '[::1]:80')]
    sub.equal(deal(sockets, [listener('web', '[::1]:80')]), 'web=4; 3')
    sub.equal(deal(sockets, [listener('web', '[::1]:80'), listener('v4', '127.0.0.1:80')]), 'web=4 v4=3; ')
    sub.equal(deal(sockets, [listener('web', '9999')]), 'web=3; 4')
  })

  void t.test('their listener once; those that nobody wants are closed', async (sub) => {
    const closed: number[] = []
    const inherited = new InheritedSockets([socket(3, 'web'), socket(4, 'spare')])
    inherited.deal([listener('web', '80')], (fd) => closed.push(fd))
    sub.same(closed, [4])
    sub.match(inherited.unused, [{ fd: 4, name: 'spare' }])
    sub.match(inherited.take('web'), { fd: 3 })
    sub.equal(inherited.take('web'), undefined)
    sub.equal(inherited.take('db'), undefined)
  })
})
