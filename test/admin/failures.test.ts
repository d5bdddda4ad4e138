import { test } from 'tap'
import { Failures } from '../../src/admin/guards/failures.ts'
import { networkOf } from '../../src/admin/guards/network-of.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

void test('an address stands for itself, one of IPv6 for its /64', (t) => {
  const networks = {
    '': '',
    '192.0.2.1': '192.0.2.1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:db8:1:2::6': '2001:db8:1:2::/64',
    '2001:db8::6': '2001:db8:0:0::/64',
    '2001:db8:0:0:1::': '2001:db8:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '::1': '0:0:0:0::/64',
    '::': '0:0:0:0::/64',
  }
  for (const [address, network] of Object.entries(networks)) t.equal(networkOf(address), network, address)
  t.end()
})

void test('who has a whole network to guess from is one who guesses', (t) => {
  const clock = new ManualClock()
  const failures = new Failures({ clock, burst: 10, everyMs: 6_000 })
  for (let i = 1; i <= 10; i++) {
    t.equal(failures.waitMs(`2001:db8::${i}`), 0)
    failures.add(`2001:db8::${i}`)
  }
  t.equal(failures.waitMs('2001:db8::ffff'), 6_000)
  t.equal(failures.waitMs('2001:db8:0:1::1'), 0, 'its neighbours are heard')
  t.equal(failures.waitMs('192.0.2.1'), 0)
  clock.advance(6_000)
  t.equal(failures.waitMs('2001:db8::ffff'), 0)
  t.end()
})

function neighbour(i: number): string {
  return `2001:db8:${i.toString(16)}::1`
}

void test('of many networks the one heard of longest ago is forgotten', (t) => {
  const failures = new Failures({ clock: new ManualClock(), burst: 1, everyMs: 1_000 })
  for (let i = 0; i < 1_000; i++) failures.add(neighbour(i))
  t.equal(failures.waitMs(neighbour(0)), 1_000)
  failures.add(neighbour(1_000))
  t.equal(failures.waitMs(neighbour(0)), 0)
  t.equal(failures.waitMs(neighbour(1)), 1_000)
  t.end()
})
