import * as fc from 'fast-check'
import { test } from 'tap'
import { buildRequestHead, clientRequestId } from '../../src/wire/forwarded-head.ts'
import type { ForwardOptions } from '../../src/wire/forwarded-head.ts'
import { buildResponseHead, droppedRun } from '../../src/wire/forwarded-response.ts'
import type { RespondOptions } from '../../src/wire/forwarded-response.ts'
import { compileHeaderChanges, headerProblem } from '../../src/wire/header-changes.ts'
import { RequestHead } from '../../src/wire/request-head.ts'
import { ResponseHead } from '../../src/wire/response-head.ts'

function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

function get(...fields: string[]): string {
  return head('GET /a HTTP/1.1', 'Host: h:80', ...fields)
}

function parsed(text: string): RequestHead {
  const request = new RequestHead()
  const refusal = request.parse(text)
  if (refusal !== undefined) throw new Error(refusal.reason)
  return request
}

function parsedResponse(text: string): ResponseHead {
  const response = new ResponseHead()
  const refusal = response.parse(text, 'GET')
  if (refusal !== undefined) throw new Error(refusal.reason)
  return response
}

/** What a backend gets. */
function forward(text: string, options: Partial<ForwardOptions> = {}): string {
  const request = parsed(text)
  return buildRequestHead(request, {
    clientAddress: '192.0.2.1',
    proto: 'http',
    port: 8080,
    trusted: false,
    requestId: 'id-1',
    forwarded: false,
    via: undefined,
    upgrade: undefined,
    target: request.target,
    fallbackHost: 'fallback:3001',
    changes: undefined,
    ...options,
  })
}

function forwardedLine(text: string, options: Partial<ForwardOptions> = {}): string | undefined {
  return forward(text, options).split('\r\n')[0]
}

/** What a client gets. */
function respond(text: string, options: Partial<RespondOptions> = {}): string {
  return buildResponseHead(parsedResponse(text), {
    connection: undefined,
    dechunked: false,
    via: undefined,
    lines: '',
    changes: undefined,
    ...options,
  })
}

/** What `droppedRun` leaves of a head. */
function passedOn(text: string): string | undefined {
  const run = droppedRun(parsedResponse(text))
  return run === undefined ? undefined : text.slice(0, run.start) + text.slice(run.end)
}

const OURS = [
  'X-Forwarded-For: 192.0.2.1',
  'X-Forwarded-Host: h:80',
  'X-Forwarded-Proto: http',
  'X-Forwarded-Port: 8080',
  'X-Request-Id: id-1',
]

void test("a request goes on as it came, with ours behind the client's", (t) => {
  t.equal(forward(get('Accept: */*', 'x-A:1 ')), get('Accept: */*', 'x-A:1 ', ...OURS))
  t.equal(forward(get()), get(...OURS))
  const body = ['Content-Length: 5', 'Expect: 100-continue', 'Trailer: x']
  t.equal(forward(get(...body)), get(...body, ...OURS))
  t.equal(forward(get('Transfer-Encoding: chunked')), get('Transfer-Encoding: chunked', ...OURS))
  t.end()
})

void test('what is between two hops only does not go on', (t) => {
  const hops = [
    'Connection: keep-alive, X-Mine',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'TE: gzip',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    'x-mine: 1',
  ]
  t.equal(forward(get('A: 1', ...hops, 'B: 2')), get('A: 1', 'B: 2', ...OURS))
  t.equal(forward(get(...hops.flatMap((line) => [line, 'A: 1']))), get(...hops.map(() => 'A: 1'), ...OURS))
  t.equal(forward(get(...hops)), get(...OURS))
  for (const tokens of ['close', 'keep-alive', 'Close', 'upgrade', 'close, te']) {
    t.equal(forward(get(`Connection: ${tokens}`, 'A: 1')), get('A: 1', ...OURS), tokens)
  }
  t.end()
})

void test('H9: Connection cannot take ours away, nor what says where the message ends', (t) => {
  const named = 'close, X-Forwarded-For, X-Forwarded-Host, X-Request-Id, X-Real-IP, Forwarded'
  t.equal(forward(get(`Connection: ${named}`, 'X-Real-IP: 1.1.1.1')), get(...OURS))
  const kept = ['Content-Length: 5', 'Expect: 100-continue']
  t.equal(forward(get(...kept, 'Connection: Content-Length, Host, Expect')), get(...kept, ...OURS))
  const chunked = get('Transfer-Encoding: chunked', 'Connection: transfer-encoding')
  t.equal(forward(chunked), get('Transfer-Encoding: chunked', ...OURS))
  t.equal(
    forward(get('X-Forwarded-For: 9.9.9.9', 'Connection: X-Forwarded-For'), { trusted: true }),
    get(...OURS),
  )
  t.end()
})

void test('H10: what an untrusted client says of itself is replaced, mimics are dropped', (t) => {
  const theirs = [
    'X-Forwarded-For: 9.9.9.9',
    'x-forwarded-for: 8.8.8.8',
    'X-Forwarded-Host: evil',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Port: 1',
    'Forwarded: for=9.9.9.9',
    'X_Forwarded_For: 9.9.9.9',
    'X-Forwarded_Proto: https',
    'X.Forwarded.For: 9.9.9.9',
    'X_Request_Id: 1',
    'Content_Length: 5',
    'Transfer_Encoding: chunked',
  ]
  t.equal(forward(get('A: 1', ...theirs, 'B: 2')), get('A: 1', 'B: 2', ...OURS))
  t.equal(
    forward(get('X_Forwarded_For: 9.9.9.9'), { trusted: true }),
    get(...OURS),
    'a trusted peer has no use for them',
  )
  t.end()
})

void test('what a trusted peer says is kept, and the peer appended', (t) => {
  const theirs = [
    'X-Forwarded-Host: real',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Port: 443',
    'Forwarded: for=a',
  ]
  t.equal(
    forward(get('X-Forwarded-For: 9.9.9.9', 'X-Forwarded-For:', 'X-Forwarded-For: 8.8.8.8', ...theirs), {
      trusted: true,
    }),
    get(...theirs, 'X-Forwarded-For: 9.9.9.9, 8.8.8.8, 192.0.2.1', 'X-Request-Id: id-1'),
  )
  t.equal(forward(get(), { trusted: true }), get(...OURS), 'what it does not say is added')
  t.equal(
    forward(get('X-Forwarded-Proto: https'), { trusted: true }),
    get('X-Forwarded-Proto: https', ...OURS.filter((line) => !line.includes('Proto'))),
  )
  t.end()
})

void test('Forwarded is set on request', (t) => {
  const element = (options: Partial<ForwardOptions>, ...fields: string[]): string | undefined =>
    /^Forwarded: (.*)\r$/m.exec(forward(get(...fields), { forwarded: true, ...options }))?.[1]
  t.equal(element({}), 'for=192.0.2.1;host="h:80";proto=http')
  t.equal(element({ proto: 'https' }, 'Forwarded: for=evil'), 'for=192.0.2.1;host="h:80";proto=https')
  t.equal(element({ clientAddress: '2001:db8::1' }), 'for="[2001:db8::1]";host="h:80";proto=http')
  t.equal(element({ clientAddress: 'fe80::1%eth0' }), 'for="[fe80::1]";host="h:80";proto=http')
  t.equal(element({ clientAddress: '' }), 'for=unknown;host="h:80";proto=http')
  t.equal(
    element({ trusted: true }, 'Forwarded: for=a', 'Forwarded: for=b'),
    'for=a, for=b, for=192.0.2.1;host="h:80";proto=http',
  )
  const old = head('GET / HTTP/1.0')
  t.match(forward(old, { forwarded: true }), /\r\nForwarded: for=192.0.2.1;proto=http\r\n/)
  t.match(forward(head('GET / HTTP/1.1', 'Host: h'), { forwarded: true }), /;host=h;/)
  t.end()
})

void test('a request id is kept where it is harmless', (t) => {
  const id = (...fields: string[]): string | undefined => clientRequestId(parsed(get(...fields)))
  t.equal(id('X-Request-ID: 0aZ-_.~+/=:@'), '0aZ-_.~+/=:@')
  t.equal(id(`X-Request-Id: ${'a'.repeat(128)}`), 'a'.repeat(128))
  for (const value of ['', 'a b', 'a,b', 'a"b', "a'b", 'a;b', 'a\\b', '<b>', '{}', '\xe4', 'a'.repeat(129)]) {
    t.equal(id(`X-Request-Id: ${value}`), undefined, value)
  }
  t.equal(id(), undefined)
  t.equal(id('X-Request-Id: a', 'X-Request-Id: a'), undefined)
  t.equal(id('X-Request-Id: a', 'Connection: x-request-id'), undefined)
  t.equal(forward(get('X-Request-Id: theirs')), get(...OURS), 'there is one, and it is the one given')
  t.end()
})

void test('the request line has the target to send, and HTTP/1.1', (t) => {
  t.equal(forwardedLine(get(), { target: '/stripped' }), 'GET /stripped HTTP/1.1')
  t.equal(forwardedLine(get(), { target: '/b' }), 'GET /b HTTP/1.1')
  t.equal(forwardedLine(head('GET /a HTTP/1.0', 'Host: a')), 'GET /a HTTP/1.1')
  t.equal(forwardedLine(head('GET http://a/b?c HTTP/1.1', 'Host: a')), 'GET /b?c HTTP/1.1')
  t.equal(forwardedLine(head('OPTIONS http://a HTTP/1.1', 'Host: a')), 'OPTIONS * HTTP/1.1')
  t.end()
})

void test('a backend is always given a Host', (t) => {
  t.match(forward(head('GET / HTTP/1.0')), /^GET \/ HTTP\/1.1\r\nHost: fallback:3001\r\nX-Forwarded-For: /)
  t.notMatch(forward(head('GET / HTTP/1.0')), /X-Forwarded-Host/)
  const absolute = forward(head('GET http://a:81/b HTTP/1.0', 'x: y'))
  t.match(absolute, /^GET \/b HTTP\/1.1\r\nx: y\r\nHost: a:81\r\n/)
  t.match(absolute, /\r\nX-Forwarded-Host: a:81\r\n/)
  t.end()
})

void test('an allowed upgrade, and TE: trailers, are named in Connection', (t) => {
  const websocket = get('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13')
  t.equal(
    forward(websocket, { upgrade: 'websocket' }),
    get('Sec-WebSocket-Version: 13', 'Connection: Upgrade', 'Upgrade: websocket', ...OURS),
  )
  t.equal(forward(websocket), get('Sec-WebSocket-Version: 13', ...OURS))
  for (const te of ['trailers', 'gzip, Trailers', 'trailers ,gzip;q=1']) {
    t.equal(forward(get(`TE: ${te}`, 'Connection: TE')), get('Connection: TE', 'TE: trailers', ...OURS), te)
  }
  for (const te of ['gzip', 'trailers2', 'xtrailers', 'trailers;q=0.5', '']) {
    t.equal(forward(get(`TE: ${te}`)), get(...OURS), te)
  }
  t.equal(
    forward(get('TE: trailers', 'Upgrade: x', 'Connection: Upgrade'), { upgrade: 'x' }),
    get('Connection: Upgrade, TE', 'Upgrade: x', 'TE: trailers', ...OURS),
  )
  t.end()
})

void test('Via says by which protocol the message came', (t) => {
  t.equal(forward(get('Via: 1.0 b'), { via: 'lb' }), get('Via: 1.0 b', 'Via: 1.1 lb', ...OURS))
  t.match(forward(head('GET / HTTP/1.0', 'Host: a'), { via: 'lb' }), /\r\nVia: 1.0 lb\r\n/)
  t.match(respond(head('HTTP/1.0 200 OK'), { via: 'lb' }), /\r\nVia: 1.0 lb\r\n/)
  t.match(respond(head('HTTP/1.1 200 OK'), { via: 'lb' }), /\r\nVia: 1.1 lb\r\n/)
  t.end()
})

void test('the operator has the last word on headers', (t) => {
  const changes = compileHeaderChanges({
    set: { 'X-Env': 'live', Host: 'inner', 'X-Forwarded-Proto': 'https' },
    remove: ['Accept', 'X-FORWARDED-PORT'],
  })
  t.equal(
    forward(get('accept: */*', 'x-env: fake', 'A: 1'), { changes }),
    head(
      'GET /a HTTP/1.1',
      'A: 1',
      'X-Forwarded-For: 192.0.2.1',
      'X-Forwarded-Host: h:80',
      'X-Request-Id: id-1',
      'X-Env: live',
      'Host: inner',
      'X-Forwarded-Proto: https',
    ),
  )
  const hide = compileHeaderChanges({ set: { Server: 'us' }, remove: ['X-Powered-By'] })
  t.equal(
    respond(head('HTTP/1.1 200 OK', 'Server: a', 'x-powered-by: b', 'C: d'), { changes: hide }),
    head('HTTP/1.1 200 OK', 'C: d', 'Server: us'),
  )
  t.equal(compileHeaderChanges({ set: {}, remove: [] }), undefined)
  t.end()
})

void test('no change of headers may split or reframe a message', (t) => {
  t.match(headerProblem('a b', 'c'), /"a b" is no header name/)
  t.match(headerProblem(''), /no header name/)
  t.match(headerProblem('a', 'b\r\nc: d'), /value of a holds characters/)
  t.match(headerProblem('a', 'b\u{100}'), /value of a/)
  t.match(headerProblem('content-length'), /framing/)
  t.match(headerProblem('Transfer-Encoding', 'chunked'), /framing/)
  t.match(headerProblem('Connection', 'close'), /framing/)
  t.match(headerProblem('host'), /not removed/)
  t.equal(headerProblem('Host', 'a'), undefined)
  t.equal(headerProblem('X-Forwarded-For'), undefined)
  t.throws(() => compileHeaderChanges({ set: { a: '\n' }, remove: [] }), RangeError)
  t.throws(() => compileHeaderChanges({ set: {}, remove: ['te'] }), RangeError)
  t.end()
})

void test("a response goes on without the hop's fields", (t) => {
  const given = head(
    'HTTP/1.1 200 Fine',
    'Date: x',
    'Connection: keep-alive, X-Hop',
    'Keep-Alive: timeout=5',
    'X-Hop: 1',
    'Upgrade: h2',
    'Content-Length: 5',
    'Set-Cookie: a=b',
    'Set-Cookie: c=d',
  )
  const rest = ['Date: x', 'Content-Length: 5', 'Set-Cookie: a=b', 'Set-Cookie: c=d']
  t.equal(respond(given), head('HTTP/1.1 200 Fine', ...rest))
  t.equal(respond(given, { connection: 'close' }), head('HTTP/1.1 200 Fine', ...rest, 'Connection: close'))
  t.equal(
    respond(given, { connection: 'keep-alive', lines: 'X-Fairlead-Backend: a\r\n' }),
    head('HTTP/1.1 200 Fine', ...rest, 'Connection: keep-alive', 'X-Fairlead-Backend: a'),
  )
  t.equal(respond(head('HTTP/1.0 404')), head('HTTP/1.1 404 '))
  t.equal(respond(head('HTTP/1.0 404 ')), head('HTTP/1.1 404 '))
  t.equal(
    respond(head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Connection: Content-Length')),
    head('HTTP/1.1 200 OK', 'Content-Length: 5'),
  )
  t.end()
})

void test('a client of HTTP/1.0 is told nothing of chunks', (t) => {
  const given = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'A: 1')
  t.equal(
    respond(given, { dechunked: true, connection: 'close' }),
    head('HTTP/1.1 200 OK', 'A: 1', 'Connection: close'),
  )
  t.equal(respond(given), given)
  t.end()
})

void test('an upgrade that the backend takes, or demands, is said to the client', (t) => {
  const switching = head('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket')
  const told = head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade')
  t.equal(respond(switching), told)
  t.equal(droppedRun(parsedResponse(switching)), undefined)
  t.equal(
    respond(head('HTTP/1.1 426 Upgrade Required', 'Upgrade: x', 'Content-Length: 0'), {
      connection: 'close',
    }),
    head('HTTP/1.1 426 Upgrade Required', 'Upgrade: x', 'Content-Length: 0', 'Connection: Upgrade, close'),
  )
  t.end()
})

void test('one run of bytes is what usual responses lose', (t) => {
  const plain = head('HTTP/1.1 200 OK', 'A: 1', 'Content-Length: 0')
  t.equal(passedOn(plain), plain)
  t.same(droppedRun(parsedResponse(plain)), { start: 0, end: 0 })
  const hops = ['Keep-Alive: timeout=5', 'TE: x']
  t.equal(passedOn(head('HTTP/1.1 200 OK', 'A: 1', ...hops, 'B: 2')), head('HTTP/1.1 200 OK', 'A: 1', 'B: 2'))
  t.equal(passedOn(head('HTTP/1.1 200 OK', ...hops, 'A: 1')), head('HTTP/1.1 200 OK', 'A: 1'))
  t.equal(passedOn(head('HTTP/1.1 200 OK', 'A: 1', ...hops)), head('HTTP/1.1 200 OK', 'A: 1'))
  const kept = head('HTTP/1.1 200 OK', 'Connection: keep-alive', 'A: 1')
  t.equal(passedOn(kept), kept, 'what is true of our connection too')
  t.equal(
    passedOn(head('HTTP/1.1 200 OK', 'Connection: keep-alive', 'A: 1', 'Keep-Alive: x', 'B: 2')),
    head('HTTP/1.1 200 OK', 'Connection: keep-alive', 'A: 1', 'B: 2'),
  )
  t.equal(passedOn(head('HTTP/1.1 200 OK', 'Connection: close')), head('HTTP/1.1 200 OK'))
  t.equal(passedOn(head('HTTP/1.1 200 OK', 'Connection: x', 'x: 1')), undefined)
  t.equal(passedOn(head('HTTP/1.1 200 OK', 'TE: x', 'A: 1', 'Keep-Alive: x')), undefined)
  t.equal(passedOn(head('HTTP/1.0 200 OK')), undefined)
  t.equal(passedOn(head('HTTP/1.1 200')), undefined)
  t.end()
})

const NAMES =
  `Connection connection Keep-Alive TE Upgrade X-Forwarded-For x-forwarded-proto X_Forwarded_For Forwarded
  X-Request-Id HTTP2-Settings Via A b-c Cookie`.split(/\s+/)
const VALUES = [
  '',
  'close',
  'a',
  'a, b-c',
  'keep-alive, X-Forwarded-For',
  'upgrade, host',
  'trailers',
  '1.2.3.4',
]
const fields = fc.array(
  fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES)).map(([name, value]) => `${name}: ${value}`),
  { maxLength: 12 },
)

void test('whatever the fields, what goes on parses, and says of the client what we know', (t) => {
  fc.assert(
    fc.property(fields, fc.boolean(), fc.boolean(), (lines, trusted, forwarded) => {
      const sent = forward(get(...lines), { trusted, forwarded })
      const request = parsed(sent)
      t.equal(request.connectionTokens === '' || request.connectionTokens === ',te,', true)
      t.notMatch(sent, /^(?:keep-alive|upgrade|http2-settings|x_)/im)
      const addresses = [...sent.matchAll(/^X-Forwarded-For: (.*)\r$/gim)].map(([, value]) => value ?? '')
      t.equal(addresses.length, 1)
      t.equal(trusted ? addresses[0]?.endsWith('192.0.2.1') : addresses[0] === '192.0.2.1', true)
      t.equal([...sent.matchAll(/^X-Request-Id: /gim)].length, 1)
      t.equal([...sent.matchAll(/^Host: /gim)].length, 1)
    }),
    { numRuns: 150 },
  )
  t.end()
})

void test('whatever the fields, the short way and the long way of a response give the same', (t) => {
  let short = 0
  fc.assert(
    fc.property(fields, (lines) => {
      const text = head('HTTP/1.1 200 OK', ...lines)
      const passed = passedOn(text)
      if (passed !== undefined) short++
      const built = respond(text)
      parsedResponse(built)
      return passed === undefined || passed === built
    }),
    { numRuns: 500 },
  )
  t.ok(short > 50, `${short} went the short way`)
  t.end()
})
