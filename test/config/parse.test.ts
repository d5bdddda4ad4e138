import * as fc from 'fast-check'
import t from 'tap'
import { formatAddress } from '../../src/core/address.ts'
import { formatDuration } from '../../src/config/format-duration.ts'
import { InvalidValueError } from '../../src/config/invalid-value.ts'
import { nearestName } from '../../src/config/nearest-name.ts'
import { parseBackendText, splitBackends } from '../../src/config/parse-backend.ts'
import { parseDuration } from '../../src/config/parse-duration.ts'
import { parseListen } from '../../src/config/parse-listen.ts'
import { parseNetworks } from '../../src/config/parse-networks.ts'
import { formatSize, parseSize } from '../../src/config/parse-size.ts'
import { formatStatusRanges, parseStatusRanges } from '../../src/config/parse-status-ranges.ts'
import { parsePseudonym, parseSticky, parseTokens } from '../../src/config/parse-tokens.ts'
import { readToken } from '../../src/config/read-admin.ts'
import { readCertificates, readFolder } from '../../src/config/read-files.ts'

void t.test('durations are read in every unit and combination', async (sub) => {
  const cases: [string, number][] = [
    ['0', 0],
    ['250ms', 250],
    ['2s', 2_000],
    ['1.5s', 1_500],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['1h2m3s4ms', 3_723_004],
    ['1m5ms', 60_005],
    [' 2s ', 2_000],
  ]
  for (const [text, ms] of cases) sub.equal(parseDuration(text), ms, text)
})

void t.test('durations that cannot be read say what to write', async (sub) => {
  const cases: [string, string][] = [
    ['500', '"500" has no unit: write 500ms or 500s'],
    ['1.5', '"1.5" has no unit: write 1.5ms or 1.5s'],
    ['5sec', '"5sec" is not a duration: write 250ms, 2s, 1m30s or 1h'],
    ['30s1m', '"30s1m" is not a duration: write 250ms, 2s, 1m30s or 1h'],
    ['-2s', '"-2s" is not a duration: write 250ms, 2s, 1m30s or 1h'],
    ['', '"" is not a duration: write 250ms, 2s, 1m30s or 1h'],
    ['ms', '"ms" is not a duration: write 250ms, 2s, 1m30s or 1h'],
    ['0.4ms', '"0.4ms" is less than a millisecond: write 1ms or more'],
    ['0.0001s', '"0.0001s" is less than a millisecond: write 1ms or more'],
  ]
  for (const [text, message] of cases) sub.throws(() => parseDuration(text), { message }, text)
})

void t.test('a written duration reads back as itself', async () => {
  fc.assert(fc.property(fc.nat(2_147_483_647), (ms) => parseDuration(formatDuration(ms)) === ms))
})

void t.test('addresses to listen on', async (sub) => {
  const cases: [number | string, string][] = [
    [8080, '[::]:8080'],
    [0, '[::]:0'],
    ['8080', '[::]:8080'],
    [':8080', '[::]:8080'],
    ['*:8080', '[::]:8080'],
    ['127.0.0.1:8080', '127.0.0.1:8080'],
    ['LocalHost:8080', 'localhost:8080'],
    ['[::1]:8080', '[::1]:8080'],
    ['[0:0:0:0:0:0:0:1]:8080', '[::1]:8080'],
    ['tcp://0.0.0.0:8080', '0.0.0.0:8080'],
    ['unix:/run/app.sock', 'unix:/run/app.sock'],
    ['unix:///run/app.sock', 'unix:/run/app.sock'],
    ['unix:./app.sock', 'unix:./app.sock'],
  ]
  for (const [input, formatted] of cases)
    sub.equal(formatAddress(parseListen(input)), formatted, String(input))
})

void t.test('addresses to listen on that cannot be used say why', async (sub) => {
  const cases: [number | string, string][] = [
    ['', 'an address to listen on is empty: write 8080 or 127.0.0.1:8080'],
    [65536, '"65536" is not a port: ports are 0 to 65535'],
    [-1, '"-1" is not a port: ports are 0 to 65535'],
    ['host:http', '"http" is not a port: ports are 0 to 65535'],
    ['localhost', '"localhost" has no port: write localhost:3001'],
    ['[::1]', '"[::1]" has no port: write [::1]:3001'],
    ['::1:8080', '"::1:8080" is an IPv6 address without brackets: write [::1]:3001'],
    ['a:b:c', '"a:b:c" is not an address: write host:port or [::1]:port'],
    ['[nope]:80', '"nope" in brackets is not an IPv6 address'],
    ['256.1.1.1:80', '"256.1.1.1" is not an IPv4 address: it has four numbers from 0 to 255'],
    ['a b:80', '"a b" is neither a host name nor an IP address'],
    ['8080,8081', '"8080,8081": only one address to listen on is possible'],
    [
      'tls://0.0.0.0:443',
      '"tls://0.0.0.0:443": fairlead does not terminate TLS yet; it passes TLS through untouched: write 0.0.0.0:443',
    ],
    [
      'http://localhost:80/',
      '"http://localhost:80/": write localhost:80, and http:// before the backends or mode http make it HTTP',
    ],
    ['udp://localhost:53', '"udp://localhost:53": "udp://" is not known: write tcp://host:port'],
    ['unix:', '"unix:" lacks a path: write unix:/run/app.sock'],
    ['unix:/run/\u001b[2J', String.raw`"/run/\u001b[2J" holds a control character`],
    ['unix:/run/\u009b2J', String.raw`"/run/\u009b2J" holds a control character`],
    ['\u009b2J:1', String.raw`"\u009b2J" is neither a host name nor an IP address`],
  ]
  for (const [input, message] of cases) sub.throws(() => parseListen(input), { message }, String(input))
  sub.throws(
    () => parseListen(`unix:/${'x'.repeat(107)}`),
    /the path of a unix socket has at most 107 bytes; this one has 108/,
  )
})

void t.test('backends in all forms', async (sub) => {
  const cases: [string, string, object?][] = [
    ['3001', '127.0.0.1:3001'],
    ['db.example.org:5432', 'db.example.org:5432'],
    ['[::1]:3001', '[::1]:3001'],
    ['unix:/run/app.sock', 'unix:/run/app.sock'],
    ['unix:/run/a=b.sock', 'unix:/run/a=b.sock', { id: undefined }],
    ['tcp://host:3001', 'host:3001', { transport: 'plain' }],
    ['tls://host:3001', 'host:3001', { transport: 'tls' }],
    ['http://host', 'host:80', { transport: 'plain' }],
    ['http://host:3001/', 'host:3001', { transport: 'plain' }],
    ['http://[::1]/', '[::1]:80'],
    ['https://host', 'host:443', { transport: 'tls' }],
    ['host:3001@5', 'host:3001', { weight: 5 }],
    ['3001@0', '127.0.0.1:3001', { weight: 0 }],
    ['a=host:3001', 'host:3001', { id: 'a' }],
    ['web/a=https://host@256', 'host:443', { id: 'web/a', weight: 256, transport: 'tls' }],
    ['a=unix:/run/x.sock@2', 'unix:/run/x.sock', { id: 'a', weight: 2 }],
  ]
  for (const [text, formatted, rest] of cases) {
    const backend = parseBackendText(text)
    sub.equal(formatAddress(backend.address), formatted, text)
    sub.match(backend, rest ?? { id: undefined, weight: undefined, transport: 'plain' }, text)
    sub.equal(backend.isHttp, /\bhttps?:/.test(text), text)
  }
})

void t.test('backends that cannot be used say why', async (sub) => {
  const cases: [string, string][] = [
    ['', 'a backend is empty: write 3001 or host:3001'],
    ['0', '"0" is not a port: ports are 1 to 65535'],
    ['70000', '"70000" is not a port: ports are 1 to 65535'],
    ['host', '"host" has no port: write host:3001'],
    [':3001', '":3001" has no host: write 3001 or 127.0.0.1:3001'],
    ['::1:3001', '"::1:3001" is an IPv6 address without brackets: write [::1]:3001'],
    ['host:', '"" is not a port: ports are 1 to 65535'],
    ['3001@257', '"3001@257": the weight after @ is a whole number from 0 to 256, not "257"'],
    ['3001@', '"3001@": the weight after @ is a whole number from 0 to 256, not ""'],
    ['3001@1.5', '"3001@1.5": the weight after @ is a whole number from 0 to 256, not "1.5"'],
    ['3001@-1', '"3001@-1": the weight after @ is a whole number from 0 to 256, not "-1"'],
    ['a b=3001', '"a b" cannot name a backend: use letters, digits and . _ : - / [ ], at most 128'],
    ['=3001', '"" cannot name a backend: use letters, digits and . _ : - / [ ], at most 128'],
    [
      'http://host/app',
      '"http://host/app" has a path, but a backend is only a host and a port: write http://host',
    ],
    ['ftp://host', '"ftp://host": "ftp://" is not known: write tcp://, tls://, http://, https:// or unix:'],
    ['user@host:80', '"user@host" is neither a host name nor an IP address'],
  ]
  for (const [text, message] of cases) sub.throws(() => parseBackendText(text), { message }, text)
})

void t.test('several backends stand in one text', async (sub) => {
  sub.same(splitBackends('3001, a=host:3002@5,[::1]:3003'), ['3001', 'a=host:3002@5', '[::1]:3003'])
  sub.throws(() => splitBackends('3001,,3002'), {
    message: '"3001,,3002" has a comma with no backend beside it',
  })
})

void t.test('a formatted address reads back as itself', async () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain())
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
      const text = name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`
      const once = formatAddress(parseBackendText(text).address)
      return (
        formatAddress(parseBackendText(once).address) === once && formatAddress(parseListen(once)) === once
      )
    }),
  )
})

void t.test('no text makes a parser throw anything but its own error', async () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z=:@[\]/.\d,-]{0,20}$/))
  const parsers = [
    parseListen,
    parseBackendText,
    parseDuration,
    parseStatusRanges,
    splitBackends,
    parseSize,
    parseNetworks,
    parseTokens,
    parsePseudonym,
    parseSticky,
    readCertificates,
    readFolder,
  ]
  for (const parse of parsers) {
    fc.assert(fc.property(text, (input) => failsOnlyOnPurpose(() => parse(input))))
  }
})

void t.test('status codes: numbers, ranges, lists', async (sub) => {
  sub.same(parseStatusRanges('200'), [{ from: 200, to: 200 }])
  sub.same(parseStatusRanges('200-399'), [{ from: 200, to: 399 }])
  sub.equal(formatStatusRanges(parseStatusRanges('200, 204, 301-302')), '200,204,301-302')
  sub.throws(() => parseStatusRanges('2xx'), {
    message: '"2xx" is not a list of HTTP status codes: write 200, 200-399 or 200,204',
  })
  sub.throws(() => parseStatusRanges('600'), {
    message: '"600" is outside 100-599, where HTTP status codes lie',
  })
  sub.throws(() => parseStatusRanges('399-200'), { message: '"399-200" runs backwards: write 200-399' })
})

void t.test('sizes in bytes, powers of 1,024 and powers of 1,000', async (sub) => {
  const cases: [string, number][] = [
    ['0', 0],
    ['16384', 16_384],
    ['16KiB', 16_384],
    ['1MiB', 1_048_576],
    ['1.5 kib', 1_536],
    ['2GiB', 2_147_483_648],
    ['64kB', 64_000],
    ['10MB', 10_000_000],
    ['1gb', 1_000_000_000],
    [' 7B ', 7],
  ]
  for (const [text, bytes] of cases) sub.equal(parseSize(text), bytes, text)
  for (const text of ['16k', '1M', 'KiB', '', '-1', '1e3', '0x10', '1 2']) {
    const message = `${JSON.stringify(text)} is not a size: write 16384, 16KiB or 1MiB`
    sub.throws(() => parseSize(text), { message }, text)
  }
  for (const text of ['1.5', '0.3KiB', '9007199254740993']) {
    const message = `${JSON.stringify(text)} is no whole number of bytes`
    sub.throws(() => parseSize(text), { message }, text)
  }
  sub.same([0, 1_000, 16_384, 1_048_576, 3_221_225_472].map(formatSize), [
    '0',
    '1000',
    '16KiB',
    '1MiB',
    '3GiB',
  ])
})

void t.test('a written size reads back as itself', async () => {
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSize(formatSize(bytes)) === bytes))
  fc.assert(fc.property(fc.nat(2_000_000), (kib) => parseSize(formatSize(kib * 1_024)) === kib * 1_024))
})

void t.test('addresses and networks to trust', async (sub) => {
  const text = '10.0.0.0/8, 192.0.2.1,fd00::/8,::1,0.0.0.0/0,::/128'
  sub.same(parseNetworks(text), ['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '::1', '0.0.0.0/0', '::/128'])
  for (const wrong of ['10.0.0', 'localhost', '', '10.0.0.0/8,', '[::1]', '::1%eth0', '192.0.2.1:80']) {
    sub.throws(
      () => parseNetworks(wrong),
      /is no address: write 192\.0\.2\.1, 10\.0\.0\.0\/8 or fd00::\/8/,
      wrong,
    )
  }
  sub.throws(() => parseNetworks('10.0.0.0/33'), {
    message: '"10.0.0.0/33": what follows the slash is a number from 0 to 32',
  })
  sub.throws(() => parseNetworks('::/129'), {
    message: '"::/129": what follows the slash is a number from 0 to 128',
  })
  sub.throws(() => parseNetworks('10.0.0.0/'), /what follows the slash/)
  sub.throws(() => parseNetworks('10.0.0.0/255.0.0.0'), /what follows the slash/)
})

void t.test('names of HTTP: protocols, pseudonyms, stickiness', async (sub) => {
  sub.same(parseTokens('WebSocket, mqtt'), ['websocket', 'mqtt'])
  sub.same(parseTokens('none'), [])
  sub.throws(() => parseTokens('a b'), {
    message: '"a b" holds more than letters, digits and !#$%&\'*+.^_`|~-',
  })
  sub.throws(() => parseTokens('websocket,H2C'), {
    message: 'h2c would let clients past everything here: HTTP/2 in clear text is not passed on',
  })
  for (const name of ['edge-1', 'lb.example.org', 'lb.example.org:8080'])
    sub.equal(parsePseudonym(name), name)
  for (const name of ['edge 1', 'a\r\nb', 'a:b', 'a:1:2', '(x)']) {
    sub.throws(() => parsePseudonym(name), /cannot stand in Via: write a name such as edge-1/, name)
  }
  sub.same(parseSticky('off'), { kind: 'off' })
  sub.same(parseSticky('Cookie'), { kind: 'cookie' })
  sub.same(parseSticky('header:X-User'), { kind: 'header', name: 'x-user' })
  for (const text of ['header:', 'cookies', 'header']) {
    sub.throws(() => parseSticky(text), {
      message: `must be off, cookie or header:NAME, not ${JSON.stringify(text)}`,
    })
  }
  sub.throws(() => parseSticky('header:a b'), /holds more than letters/)
})

void t.test('the nearest name is suggested only when it is near', async (sub) => {
  const names = ['retries', 'rise', 'round-robin', 'check']
  sub.equal(nearestName('retires', names), 'retries')
  sub.equal(nearestName('Retries', names), 'retries')
  sub.equal(nearestName('chekc', names), 'check')
  sub.equal(nearestName('roundrobin', names), 'round-robin')
  sub.equal(nearestName('xyzzy', names), undefined)
})

void t.test('what is far longer than any name is near none, and takes no time to say so', (sub) => {
  // Letter by letter this would take minutes.
  sub.equal(nearestName('r'.repeat(100_000_000), ['retries', 'rise', 'round-robin']), undefined)
  sub.end()
})

function failsOnlyOnPurpose(read: () => unknown): boolean {
  try {
    read()
  } catch (error) {
    return error instanceof InvalidValueError
  }
  return true
}

void t.test('a token of eight characters is a secret, one of seven is not', (sub) => {
  sub.equal(readToken('12345678'), '12345678')
  sub.throws(() => readToken('1234567'), InvalidValueError)
  sub.end()
})
