import t from 'tap'
import type { SrvRecord } from 'node:dns'
import { HostAddresses } from '../../src/discovery/host-addresses.ts'
import { makeDiscovery, sourceOf } from '../../src/discovery/make-discovery.ts'
import { NameClient } from '../../src/discovery/name-client.ts'
import { RepeatedLook } from '../../src/discovery/repeated-look.ts'
import { sharesOf } from '../../src/discovery/service-weights.ts'
import { systemClock } from '../../src/core/clock.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { DnsServer } from '../helpers/dns-server.ts'
import { dnsConfig, Followed } from './follow.ts'

void t.test('every A and AAAA record is a backend, called by its address', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['10.0.0.2', 'fd00::1', '10.0.0.1']
  using followed = new Followed(dnsConfig(server, { transport: 'tls', port: 8443 }))
  sub.equal(followed.discovery.source, 'dns app.test:8443')
  sub.equal(followed.told.length, 0, 'not from within start')
  await followed.looked()
  sub.strictSame(followed.backends, ['10.0.0.1:8443', '10.0.0.2:8443', '[fd00::1]:8443'])
  sub.strictSame(followed.told[0]?.[2], {
    id: '[fd00::1]:8443',
    address: { kind: 'tcp', host: 'fd00::1', port: 8443, name: 'app.test' },
    transport: 'tls',
    weight: 1,
    backup: false,
    maxConnections: 7,
  })
  sub.same(followed.states, [], 'that it works is no news')
})

void t.test('records in another order, or twice, are no news; those that come and go are', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['10.0.0.1', '10.0.0.2']
  using followed = new Followed(dnsConfig(server))
  await followed.looked()
  for (const answer of [
    ['10.0.0.2', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.2', '10.0.0.1'],
    ['10.0.0.2', '10.0.0.1', '10.0.0.2'],
  ]) {
    server.answer = answer
    await followed.lookAgain()
  }
  sub.equal(followed.told.length, 1)
  server.answer = ['10.0.0.3', '10.0.0.1']
  await followed.lookAgain()
  sub.equal(followed.told.length, 2)
  sub.strictSame(followed.backends, ['10.0.0.1:80', '10.0.0.3:80'])
})

void t.test('F12: the last good answer stays through every kind of failure, told once', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['10.0.0.1']
  using followed = new Followed(dnsConfig(server))
  await followed.looked()
  for (const [answer, reason] of [
    ['SERVFAIL', 'app.test: the name server failed (SERVFAIL)'],
    ['REFUSED', 'app.test: the name server refuses to tell (REFUSED)'],
    ['NXDOMAIN', 'app.test: no such name (NXDOMAIN)'],
    [[], 'app.test: there are no such records'],
  ] as const) {
    server.answer = answer
    await followed.lookAgain()
    sub.equal(followed.failure, reason)
    for (const other of ['SERVFAIL', 'NXDOMAIN'] as const) {
      server.answer = other
      await followed.lookAgain()
    }
    sub.equal(followed.failure, reason, 'a failure that goes on is no news')
    server.answer = ['10.0.0.1']
    await followed.lookAgain()
    sub.strictSame(followed.states.at(-1), { ok: true })
  }
  sub.equal(followed.states.length, 8, 'four failures, each followed by a recovery')
  sub.equal(followed.told.length, 1, 'the backends were the same all the time')
})

void t.test(
  'F12: a silent name server, and one that talks garbage, cost a look its time and no more',
  async (sub) => {
    await using server = await DnsServer.start()
    server.answer = ['10.0.0.1']
    using followed = new Followed(dnsConfig(server))
    await followed.looked()
    for (const answer of ['silence', 'garbage'] as const) {
      server.answer = answer
      const asked = server.questions
      followed.clock.advance(followed.clock.nextInMs ?? 0)
      await waitUntil(() => server.questions >= asked + 2)
      followed.clock.advance(1_999)
      sub.equal(followed.failure, undefined, 'there is time left')
      followed.clock.advance(1)
      await followed.looked()
      sub.match(
        followed.failure,
        /^app\.test: (no answer within 2000 ms|the answer of the name server cannot)/,
      )
      server.answer = ['10.0.0.1']
      await followed.lookAgain()
      sub.equal(followed.failure, undefined)
    }
    sub.equal(followed.told.length, 1)
  },
)

void t.test('one family that fails takes nothing away: A answers, AAAA fails', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['10.0.0.1', 'fd00::1']
  using followed = new Followed(dnsConfig(server))
  await followed.looked()
  server.names.set('app.test AAAA', 'SERVFAIL')
  server.answer = ['10.0.0.2']
  await followed.lookAgain()
  sub.strictSame(followed.backends, ['10.0.0.2:80', '[fd00::1]:80'], 'the other family is as it was')
  sub.same(followed.states, [], 'an answer is an answer')
  server.names.delete('app.test AAAA')
  await followed.lookAgain()
  sub.strictSame(followed.backends, ['10.0.0.2:80'], 'now it is certain that there is none')
})

void t.test('one family that answers is enough for a first answer', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['fd00::1']
  server.names.set('app.test A', 'SERVFAIL')
  using followed = new Followed(dnsConfig(server))
  await followed.looked()
  sub.strictSame(followed.backends, ['[fd00::1]:80'])
})

void t.test('an answer that is too long for UDP comes over TCP', async (sub) => {
  await using server = await DnsServer.start()
  server.truncates = true
  server.answer = Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
  using followed = new Followed(dnsConfig(server))
  await followed.looked()
  sub.equal(followed.backends.length, 300)
})

void t.test(
  'looks by its interval with jitter, sooner where records are good for less, never more than once a second',
  async (sub) => {
    await using server = await DnsServer.start()
    server.answer = ['10.0.0.1']
    using followed = new Followed(dnsConfig(server))
    for (const [ttl, nextMs] of [
      [0, 1_000],
      [1, 1_000],
      [4, 4_000],
      [3_600, 10_000],
    ] as const) {
      server.ttl = ttl
      if (followed.looks > 0) followed.clock.advance(followed.clock.nextInMs ?? 0)
      await followed.looked()
      sub.equal(followed.clock.nextInMs, nextMs, `TTL ${ttl} s`)
    }
    for (const [ttl, intervalMs, nextMs, why] of [
      [3_600, 10_000, 9_000, 'a tenth less'],
      [4, 10_000, 3_600, 'also of the time that records are good for'],
      [1, 10_000, 1_000, 'but not less than a second'],
      [1, 500, 450, 'unless it is asked for'],
    ] as const) {
      server.ttl = ttl
      const clock = new ManualClock()
      const config = dnsConfig(server, { intervalMs })
      const discovery = makeDiscovery(config, { clock, random: () => 0, maxConnections: 0 })
      discovery.start(
        () => {},
        () => {},
      )
      await discovery.firstLook
      sub.equal(clock.nextInMs, nextMs, why)
      discovery.close()
    }
  },
)

void t.test('without a first answer it asks again after 1 s, 2 s, 4 s, up to the interval', async (sub) => {
  await using server = await DnsServer.start()
  using followed = new Followed(dnsConfig(server))
  await followed.looked()
  for (const nextMs of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    sub.equal(followed.clock.nextInMs, nextMs)
    await followed.lookAgain()
  }
  server.answer = ['10.0.0.1']
  server.ttl = 60
  await followed.lookAgain()
  sub.strictSame(followed.backends, ['10.0.0.1:80'])
  server.answer = 'SERVFAIL'
  await followed.lookAgain()
  sub.equal(followed.clock.nextInMs, 10_000, 'with an answer in hand there is no hurry')
})

void t.test('more backends than allowed are no answer', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['10.0.0.1', '10.0.0.2', '10.0.0.1']
  using followed = new Followed(dnsConfig(server, { most: 2 }))
  await followed.looked()
  sub.strictSame(followed.backends, ['10.0.0.1:80', '10.0.0.2:80'])
  server.answer = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
  await followed.lookAgain()
  sub.equal(followed.failure, '3 backends are more than the 2 that are allowed')
  sub.equal(followed.told.length, 1)
})

void t.test('refreshNow looks at once, and once more after a look that is under way', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['10.0.0.1']
  using followed = new Followed(dnsConfig(server))
  for (let i = 0; i < 5; i++) followed.discovery.refreshNow()
  await waitUntil(() => followed.looks === 2 && followed.clock.pending === 1)
  followed.discovery.refreshNow()
  await waitUntil(() => followed.looks === 3)
  sub.equal(server.questions, 6, 'of two questions each')
})

void t.test('close calls off what is asked and leaves no timer; nothing is told after it', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = 'silence'
  const followed = new Followed(dnsConfig(server))
  await waitUntil(() => server.questions >= 2)
  followed.discovery.close()
  await followed.discovery.firstLook
  await followed.looked()
  sub.equal(followed.clock.pending, 0)
  followed.discovery.refreshNow()
  sub.same([followed.told, followed.states], [[], []])
})

void t.test('what cannot be used by the one who is told is a failure, tried again', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['10.0.0.1']
  const clock = new ManualClock()
  const states: unknown[] = []
  let usable = false
  let uses = 0
  const discovery = makeDiscovery(dnsConfig(server), { clock, random: () => 0.5, maxConnections: 0 })
  discovery.start(
    () => {
      uses++
      if (!usable) throw new Error('no room')
    },
    (state) => states.push(state),
  )
  await discovery.firstLook
  usable = true
  clock.advance(clock.nextInMs ?? 0)
  await waitUntil(() => states.length === 2)
  sub.strictSame(states, [{ ok: false, reason: 'no room' }, { ok: true }])
  sub.equal(uses, 2)
  discovery.close()
})

void t.test('names of this machine alone are found where no name server is set', async (sub) => {
  const config = dnsConfig({ address: '' } as DnsServer, { name: 'localhost', nameServers: [] })
  const discovery = makeDiscovery(config, { clock: systemClock, random: () => 0.5, maxConnections: 0 })
  const found = await new Promise<string[]>((resolve) =>
    discovery.start(
      (specs) => resolve(specs.map(({ id }) => id)),
      () => {},
    ),
  )
  discovery.close()
  sub.ok(found.includes('127.0.0.1:80') || found.includes('[::1]:80'), found.join())
})

void t.test(
  'names that the system alone knows are asked for one after the other, and none is left out',
  async (sub) => {
    let [under, most] = [0, 0]
    const client = new NameClient({
      nameServers: [],
      timeoutMs: 5_000,
      clock: systemClock,
      lookup: async (name) => {
        most = Math.max(most, ++under)
        await new Promise((resolve) => setImmediate(resolve))
        under--
        return [`10.0.0.${name.length}`]
      },
    })
    const look = client.begin(new AbortController().signal)
    const hosts = [1, 2, 3, 4].map((length) => new HostAddresses('-'.repeat(length)))
    await Promise.all(hosts.map((host) => host.look(look)))
    look.end()
    sub.same(
      hosts.flatMap(({ ips }) => ips),
      ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'],
    )
    sub.equal(most, 1)
  },
)

void t.test('a system look-up that hangs is given up, and not begun twice', async (sub) => {
  let lookups = 0
  const clock = new ManualClock()
  const lateAnswers: ((ips: string[]) => void)[] = []
  const lookup = (): Promise<readonly string[]> => {
    lookups++
    return new Promise((resolve) => lateAnswers.push(resolve))
  }
  const client = new NameClient({ nameServers: [], timeoutMs: 1_000, clock, lookup })
  const host = new HostAddresses('')
  const lookAt = async (): Promise<unknown> => {
    const look = client.begin(new AbortController().signal)
    try {
      return await host.look(look).catch((error: Error) => error.message)
    } finally {
      look.end()
    }
  }
  const first = lookAt()
  await waitUntil(() => lookups === 1)
  clock.advance(1_000)
  sub.match(await first, /^: /, 'what the name servers said counts')
  let isOver = false
  void lookAt().then(() => (isOver = true)) // it never rejects
  await waitUntil(() => {
    clock.advance(100)
    return isOver
  })
  sub.equal(lookups, 1)
  lateAnswers.pop()?.(['10.0.0.1'])
  const third = lookAt()
  await waitUntil(() => lookups === 2)
  lateAnswers.pop()?.(['10.0.0.1', '::1'])
  await third
  sub.strictSame(host.ips, ['10.0.0.1', '::1'])
})

void t.test(
  'SRV: targets, ports, weights; the lowest priority serves, the others are backups',
  async (sub) => {
    await using server = await DnsServer.start()
    server.names.set('_web._tcp.test', [
      { target: 'c.test', port: 8003, priority: 20, weight: 5 },
      { target: 'b.test', port: 8002, priority: 10, weight: 20 },
      { target: 'a.test', port: 8001, priority: 10, weight: 60 },
    ])
    server.names.set('a.test', ['10.0.0.1'])
    server.names.set('b.test', ['10.0.0.3', 'fd00::2', '10.0.0.2', '10.0.0.4'])
    server.names.set('c.test', ['10.0.0.9'])
    server.ttl = 5
    using followed = new Followed(dnsConfig(server, { records: 'srv', name: '_web._tcp.test', port: 0 }))
    await followed.looked()
    sub.equal(followed.discovery.source, 'srv _web._tcp.test')
    sub.strictSame(followed.backends, [
      '10.0.0.1:8001*60',
      '10.0.0.2:8002*5',
      '10.0.0.3:8002*5',
      '10.0.0.4:8002*5',
      '[fd00::2]:8002*5',
      '(10.0.0.9:8003*5)',
    ])
    sub.strictSame(followed.told[0]?.[1]?.address, {
      kind: 'tcp',
      host: '10.0.0.2',
      port: 8002,
      name: 'b.test',
    })
    sub.equal(followed.clock.nextInMs, 5_000, 'the addresses of the targets are good for 5 s')
    const records = server.names.get('_web._tcp.test') as readonly never[]
    server.names.set('_web._tcp.test', records.toReversed())
    await followed.lookAgain()
    sub.equal(followed.told.length, 1, 'another order is no news')
  },
)

void t.test(
  'SRV: a target that fails keeps its addresses, one that was never known is told; the rest serves',
  async (sub) => {
    await using server = await DnsServer.start()
    const records = [
      { target: 'a.test', port: 1, weight: 1 },
      { target: 'b.test', port: 2, weight: 1 },
    ]
    server.answer = records
    server.names.set('a.test', ['10.0.0.1'])
    server.names.set('b.test', 'SERVFAIL')
    using followed = new Followed(dnsConfig(server, { records: 'srv' }))
    await followed.looked()
    sub.strictSame(followed.backends, ['10.0.0.1:1'])
    sub.equal(followed.failure, 'b.test: the name server failed (SERVFAIL)')
    server.names.set('b.test', ['10.0.0.2'])
    await followed.lookAgain()
    sub.equal(followed.failure, undefined)
    server.names.set('a.test', 'NXDOMAIN')
    await followed.lookAgain()
    sub.equal(followed.failure, 'a.test: no such name (NXDOMAIN)')
    sub.strictSame(followed.backends, ['10.0.0.1:1', '10.0.0.2:2'])
    server.answer = records.slice(1)
    await followed.lookAgain()
    sub.strictSame(followed.backends, ['10.0.0.2:2'], 'a record that is gone is gone')
  },
)

void t.test('SRV: a record with port 0 is no backend, and is told', async (sub) => {
  await using server = await DnsServer.start()
  const records = [
    { target: 'a.test', port: 0 },
    { target: 'a.test', port: 1 },
    { target: 'b.test', port: 0 },
  ]
  server.answer = records
  server.names.set('a.test', ['10.0.0.1'])
  server.names.set('b.test', ['10.0.0.2'])
  using followed = new Followed(dnsConfig(server, { records: 'srv' }))
  await followed.looked()
  sub.strictSame(followed.backends, ['10.0.0.1:1'])
  sub.equal(followed.failure, 'a.test: its record says port 0; b.test: its record says port 0')
  server.answer = records.slice(1, 2)
  await followed.lookAgain()
  sub.equal(followed.failure, undefined)
  server.answer = records.slice(2)
  await followed.lookAgain()
  sub.equal(followed.failure, 'b.test: its record says port 0')
  sub.strictSame(followed.backends, ['10.0.0.1:1'], 'the last good answer stays')
})

void t.test('SRV: nothing found is no answer', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = 'NXDOMAIN'
  using followed = new Followed(dnsConfig(server, { records: 'srv' }))
  await followed.looked()
  sub.equal(followed.failure, 'app.test: no such name (NXDOMAIN)')
  for (const [answer, reason] of [
    [[{ target: '.', port: 0 }], 'app.test: the service is said not to be there (target ".")'],
    [[{ target: 'gone.test', port: 1 }], 'gone.test: no such name (NXDOMAIN)'],
  ] as const) {
    server.answer = answer
    server.names.set('gone.test', 'NXDOMAIN')
    await followed.lookAgain()
    using other = new Followed(dnsConfig(server, { records: 'srv' }))
    await other.looked()
    sub.equal(other.failure, reason)
  }
  sub.same(followed.told, [])
})

void t.test('SRV: ports of one target in another order are no news', async (sub) => {
  await using server = await DnsServer.start()
  const records = [2, 1, 3].map((port) => ({ target: 'a.test', port, weight: 1 }))
  server.answer = records
  server.names.set('a.test', ['10.0.0.1'])
  using followed = new Followed(dnsConfig(server, { records: 'srv', most: 3 }))
  await followed.looked()
  sub.strictSame(followed.backends, ['10.0.0.1:1', '10.0.0.1:2', '10.0.0.1:3'], 'no more than allowed')
  server.answer = records.toReversed()
  await followed.lookAgain()
  sub.equal(followed.told.length, 1)
})

void t.test('SRV: 200 targets are asked for in turns, and all are found', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['10.0.0.1']
  server.names.set(
    'app.test',
    Array.from({ length: 200 }, (_, i) => ({ target: `t${i}.test`, port: 1_000 + i })),
  )
  using followed = new Followed(dnsConfig(server, { records: 'srv' }))
  server.truncates = true
  await followed.looked()
  sub.equal(followed.backends.length, 200)
})

void t.test(
  'SRV: an answer that is too long is refused before anybody is asked for its targets',
  async (sub) => {
    await using server = await DnsServer.start()
    server.answer = ['10.0.0.1']
    server.names.set(
      'app.test',
      Array.from({ length: 50 }, (_, i) => ({ target: `t${i}.test`, port: 1_000 + i })),
    )
    using followed = new Followed(dnsConfig(server, { records: 'srv', most: 49 }))
    await followed.looked()
    sub.equal(followed.failure, '50 backends are more than the 49 that are allowed')
    sub.equal(server.questions, 1)
  },
)

void t.test('SRV: a look that is called off asks for no more targets', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = 'silence'
  server.truncates = true
  server.names.set(
    'app.test',
    Array.from({ length: 200 }, (_, i) => ({ target: `t${i}.test`, port: 1_000 + i })),
  )
  const clock = new ManualClock()
  const config = dnsConfig(server, { records: 'srv' })
  const aborting = new AbortController()
  const looking = sourceOf(config, { clock, maxConnections: 0, random: () => 0.5 }).look(aborting.signal)
  looking.catch(() => undefined) // it is looked at below
  await waitUntil(() => server.questions > 32)
  aborting.abort()
  await sub.rejects(looking)
  sub.ok(server.asked.size <= 33, `${server.asked.size} names were asked for`)
})

void t.test('a family that the system did not tell of stays, where its name servers failed', async (sub) => {
  const ips = [['10.0.0.1'], ['fd00::1']]
  const client = new NameClient({
    nameServers: [],
    timeoutMs: 5_000,
    clock: systemClock,
    lookup: () => Promise.resolve(ips.shift() ?? []),
  })
  // No label is as long as that: it is asked of no server, and so nobody says that it is not there.
  const host = new HostAddresses('x'.repeat(64))
  const look = client.begin(new AbortController().signal)
  await host.look(look)
  sub.same(host.ips, ['10.0.0.1'])
  await host.look(look)
  look.end()
  sub.same(host.ips, ['10.0.0.1', 'fd00::1'])
})

void t.test('SRV weights as RFC 2782 means them', (sub) => {
  const of = (...weights: number[]): string[] => weightsOf(...weights.map((weight) => ({ weight })))
  sub.same(of(), [])
  sub.strictSame(of(0, 0, 0), ['1', '1', '1'], 'all 0: all alike')
  sub.strictSame(of(10, 20, 256), ['10', '20', '256'], 'as they are')
  sub.strictSame(of(0, 1, 1), ['1', '256', '256'], '0: a small chance')
  sub.strictSame(of(65_535, 32_768, 1), ['256', '128', '1'], 'scaled, and never to 0')
  sub.strictSame(of(0.5, 0.5, 1), ['128', '128', '256'], 'shares of a target')
  sub.strictSame(
    weightsOf({ priority: 5, weight: 9 }, { priority: 1, weight: 0 }, { priority: 9, weight: 1_000 }),
    ['(2)', '1', '(256)'],
    'backups among themselves',
  )
  sub.end()
})

function weightsOf(...records: Partial<SrvRecord>[]): string[] {
  const found = records.map((record) => ({ ip: '', port: 1, name: '', priority: 0, weight: 0, ...record }))
  return sharesOf(found).map(({ weight, backup }) => (backup ? `(${weight})` : `${weight}`))
}

void t.test('its end ends the look that is under way', async (sub) => {
  let given: AbortSignal | undefined
  const look = (signal: AbortSignal): Promise<never> => {
    given = signal
    return new Promise(() => {})
  }
  const options = { clock: new ManualClock(), random: () => 0.5, intervalMs: 1_000, most: 1 }
  const discovery = new RepeatedLook({ name: 'silent', look }, options)
  discovery.start(
    () => undefined,
    () => undefined,
  )
  sub.equal(given?.aborted, false)
  discovery.close()
  sub.equal(given?.aborted, true)
})
