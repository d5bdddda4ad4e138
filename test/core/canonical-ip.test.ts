import t from 'tap'
import { canonicalIp } from '../../src/core/canonical-ip.ts'

void t.test('two spellings of one address are one text', async (sub) => {
  sub.equal(canonicalIp('127.0.0.1'), '127.0.0.1')
  sub.equal(canonicalIp('2001:DB8::0:1'), '2001:db8::1')
  sub.equal(canonicalIp('0:0:0:0:0:0:0:1'), '::1')
  sub.equal(canonicalIp('::FFFF:0a00:1'), '10.0.0.1', 'as a dual-stack listener wraps it')
  sub.equal(canonicalIp('FE80::1%eth0'), 'fe80::1%eth0')
})

void t.test('what is no address has none', async (sub) => {
  for (const text of ['', 'localhost', '1.2.3', '127.0.0.01', '[::1]', '::1/64', ' ::1', '1::2::3']) {
    sub.equal(canonicalIp(text), undefined, text)
  }
})
