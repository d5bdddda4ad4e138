import t from 'tap'
import { JsonLog } from '../../src/log/json-log.ts'
import { AccessLog } from '../../src/log/access-log.ts'
import { combinedLine } from '../../src/log/common-log.ts'
import { logEvents } from '../../src/log/log-events.ts'
import type { Test } from 'tap'
import { waitUntil } from '../../src/testing/wait-for.ts'
import type { StartHttp } from '../handlers/http/rig.ts'
import { answering, get, ok, overHttp, recordRequests, scripted, TextClient } from '../handlers/http/rig.ts'

overHttp(t, 'H6: an absolute target that names the same host goes out in origin form', async (sub, start) => {
  const targets = [
    ['http://a.example/x?y', '/x?y'],
    ['HTTP://A.EXAMPLE:80/x', '/x'],
    ['http://a.example', '/'],
    ['http://a.example?y', '/?y'],
  ] as const
  for (const [target, sent] of targets) {
    const head = await forwarded(sub, start, get(target))
    sub.ok(head.startsWith(`GET ${sent} HTTP/1.1\r\nHost: a.example\r\n`), head)
  }
})

overHttp(t, 'H9: fields that Connection names go, and ours are set after', async (sub, start) => {
  const fields =
    'Connection: close, X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, X-Request-Id, Host, x-own\r\n' +
    'X-Forwarded-For: 192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\nX-Request-Id: theirs\r\nX-Own: 1\r\nX-Other: 1\r\n'
  const request = get('/', fields)
  for (const trustedProxies of [[], ['127.0.0.1']]) {
    const head = await forwarded(sub, start, request, { trustedProxies })
    sub.strictSame(values(head, 'x-forwarded-for'), ['127.0.0.1'])
    sub.strictSame(values(head, 'x-forwarded-proto'), ['http'])
    sub.strictSame(values(head, 'x-real-ip'), [])
    sub.strictSame(values(head, 'x-own'), [])
    sub.strictSame(values(head, 'x-other'), ['1'])
    sub.strictSame(values(head, 'host'), ['a.example'], 'a backend cannot do without')
    sub.equal(values(head, 'x-request-id').length, 1)
    sub.notMatch(head, 'theirs')
    sub.strictSame(values(head, 'connection'), [])
  }
})

overHttp(
  t,
  'H10: what an untrusted client says of itself is replaced, and what reads like it goes',
  async (sub, start) => {
    const names = [
      'X-Forwarded-For',
      'X_Forwarded_For',
      'x-forwarded_for',
      'X_FORWARDED-FOR',
      'X.Forwarded.For',
    ]
    const others = ['X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'Forwarded', 'X_Request_Id']
    const mimics = ['Content_Length', 'Transfer_Encoding', 'X_Forwarded_Host', 'X_Forwarded_Proto']
    const fields = [...names, ...names, ...others, ...mimics].map((name) => `${name}: spoofed\r\n`).join('')
    const head = await forwarded(sub, start, get('/', fields))
    sub.notMatch(head, 'spoofed')
    sub.strictSame(values(head, 'x-forwarded-for'), ['127.0.0.1'])
    sub.strictSame(values(head, 'x-forwarded-host'), ['a.example'])
    sub.strictSame(values(head, 'x-forwarded-proto'), ['http'])
    sub.match(values(head, 'x-forwarded-port'), [/^\d+$/])
    sub.notMatch(head, /_/, 'nothing that mimics ours')
    const trusted = await forwarded(
      sub,
      start,
      get('/', 'X-Forwarded-For: 192.0.2.1\r\nX_Forwarded_For: x\r\n'),
      {
        trustedProxies: ['127.0.0.0/8'],
      },
    )
    sub.strictSame(values(trusted, 'x-forwarded-for'), ['192.0.2.1, 127.0.0.1'])
    sub.notMatch(trusted, /_/)
  },
)

overHttp(t, 'H11: an upgrade to h2c is stripped, and makes no tunnel', async (sub, start) => {
  const fields =
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n'
  const head = await forwarded(sub, start, get('/', fields))
  for (const name of ['upgrade', 'http2-settings', 'connection']) sub.strictSame(values(head, name), [], name)
  // A backend that changes to it all the same is not believed.
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nraw bytes'
  await using backend = await scripted(answering(switching))
  await using lb = await start({ backends: [backend.port] })
  await using client = await TextClient.to(lb)
  client.write(get('/', fields))
  const text = await client.received('HTTP/1.1 502 ')
  sub.notMatch(text, /^HTTP\/1\.1 101|raw bytes/)
})

overHttp(t, 'H12: an upgrade to websocket that is answered by 200 stays HTTP', async (sub, start) => {
  await using backend = await scripted(answering(ok('no', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')))
  await using lb = await start({ backends: [backend.port] })
  const ends = recordRequests(lb)
  await using client = await TextClient.to(lb)
  client.write(get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n'))
  await client.received('\r\n\r\nno')
  sub.match(backend.text, /^Upgrade: websocket\r$/m, 'it was passed on')
  client.write('\x81\x05hello\r\n\r\n')
  const text = await client.all()
  sub.match(text, /^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 400 [\s\S]*$/, 'what is no request is refused')
  sub.notMatch(backend.text, 'hello', 'and goes nowhere')
  sub.strictSame(
    ends.map(({ status, code }) => `${status} ${code}`),
    ['200 --', '400 PR'],
  )
})

overHttp(
  t,
  'H12: an upgrade to websocket that is answered by another protocol, or none, makes no tunnel',
  async (sub, start) => {
    for (const lines of ['Upgrade: h2c\r\n', '', 'Upgrade: websocket\r\nUpgrade: h2c\r\n']) {
      const switching = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n${lines}\r\nraw bytes`
      await using backend = await scripted(answering(switching))
      await using lb = await start({ backends: [backend.port] })
      await using client = await TextClient.to(lb)
      client.write(get('/', 'Connection: Upgrade\r\nUpgrade: WebSocket\r\n'))
      const text = await client.received('HTTP/1.1 502 ')
      sub.notMatch(text, /^HTTP\/1\.1 101|raw bytes/, lines)
      await waitUntil(() => backend.active === 0)
    }
  },
)

overHttp(t, 'H16: names of properties are ordinary fields', async (sub, start) => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__']
  const lines = names.map((name) => `${name}: 1\r\n`).join('')
  await using backend = await scripted(answering(ok('x', lines)))
  await using lb = await start({ backends: [backend.port], explain: true })
  await using client = await TextClient.to(lb)
  client.write(get('/__proto__/constructor?__proto__=1', lines))
  const text = await client.received('\r\n\r\nx')
  sub.ok(backend.text.includes(lines), 'to the backend')
  sub.ok(text.includes(lines), 'to the client')
  client.write(
    get('/', 'Connection: __proto__, constructor\r\n__proto__: 2\r\nConstructor: 2\r\ntoString: 2\r\n'),
  )
  await waitUntil(() => backend.connections[0]?.heads === 2)
  sub.notMatch(backend.text, /^(?:__proto__|constructor): 2/im)
  sub.match(backend.text, 'toString: 2')
})

overHttp(
  t,
  'H17: what is encoded stays so, and whatever a client says is one escaped line in the log',
  async (sub, start) => {
    await using backend = await scripted(answering(ok('x')))
    await using lb = await start({ backends: [backend.port] })
    const ends = recordRequests(lb)
    const json: string[] = []
    const combined: string[] = []
    const jsonLog = new JsonLog({ write: (line) => json.push(line) }, { level: 'info' })
    logEvents(lb, jsonLog, { level: 'info', sessions: true, isHttp: () => true })
    const accessLog = new AccessLog(jsonLog, (end) => combined.push(combinedLine(end, 0)))
    lb.on('request:end', (end) => accessLog.request(end))
    await using client = await TextClient.to(lb)
    const path = '/%0d%0aSet-Cookie:%20a=1/%1b[31m/"\\%9b31m'
    const fields = 'User-Agent: "quoted" \\ \x9b2J\x85\xff\r\nReferer: %0d%0a"x\r\nX-Request-Id: a"b c\r\n'
    client.write(get(path, fields))
    const answer = await client.received('\r\n\r\nx')
    sub.ok(backend.text.startsWith(`GET ${path} HTTP/1.1\r\n`), 'the backend gets it as it came')
    sub.notMatch(answer, /Set-Cookie|%0d/i)
    sub.notMatch(backend.text, 'a"b c', 'an id that is none is replaced')
    client.write(get('/', 'User-Agent: \x1b[2J\n10.0.0.1 - - forged\r\n'))
    sub.notMatch(await client.all(), 'forged')
    await waitUntil(() => ends.length === 2)
    sub.equal(json.length, 2)
    sub.equal(combined.length, 2)
    for (const line of [...json.map((text) => text.replace(/\n$/, '')), ...combined]) {
      sub.notMatch(line, UNPRINTABLE, 'one line, with nothing in it that moves a cursor')
      sub.notMatch(line, 'forged')
    }
    const logged = JSON.parse(json[0] as string) as { path: string }
    sub.equal(logged.path, String.raw`/%0d%0aSet-Cookie:%20a=1/%1b[31m/"\\%9b31m`)
    sub.match(combined[0], String.raw` "GET /%0d%0aSet-Cookie:%20a=1/%1b[31m/\"\\%9b31m HTTP/1.1" 200 `)
    sub.match(combined[0], String.raw`"%0d%0a\"x" "\"quoted\" \\ \x9b2J\x85`)
  },
)

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f]/

/** The head that a backend gets for `request`. */
async function forwarded(
  sub: Test,
  start: StartHttp,
  request: string,
  options: Partial<Parameters<StartHttp>[0]> = {},
): Promise<string> {
  await using backend = await scripted(answering(ok('x')))
  const lb = await start({ ...options, backends: [backend.port] })
  await using client = await TextClient.to(lb)
  client.write(request)
  await client.received('\r\n\r\nx')
  sub.equal(backend.connections[0]?.heads, 1)
  return backend.text
}

/** What the fields of that name in a head say, in order. */
function values(head: string, name: string): string[] {
  return [...head.matchAll(new RegExp(`^${name}: (.*)\r$`, 'gim'))].map(([, value]) => value as string)
}
