import { test } from 'tap'
import { FieldKind, fieldKind } from '../../src/wire/field-kinds.ts'
import { RequestHead } from '../../src/wire/request-head.ts'
import { MOST_LINE_BYTES, requestLineSoFar } from '../../src/wire/request-line-so-far.ts'
import { ResponseHead } from '../../src/wire/response-head.ts'

/** A head of these lines; the request's has a Host unless it says otherwise. */
function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

function get(...fields: string[]): string {
  return head('GET / HTTP/1.1', 'Host: a', ...fields)
}

function padded(text: string): string {
  return text.replace('\r\n', `\r\nPadding: ${'x'.repeat(300)}\r\n`)
}

function statusOf(text: string): number {
  return new RequestHead().parse(text)?.status ?? 200
}

function parsed(text: string): RequestHead {
  const request = new RequestHead()
  const refusal = request.parse(text)
  if (refusal !== undefined) throw new Error(refusal.reason)
  return request
}

function responseStatus(text: string, method = 'GET'): number {
  return new ResponseHead().parse(text, method)?.status ?? 200
}

function parsedResponse(text: string, method = 'GET'): ResponseHead {
  const response = new ResponseHead()
  const refusal = response.parse(text, method)
  if (refusal !== undefined) throw new Error(refusal.reason)
  return response
}

function kept(version: string, ...fields: string[]): boolean {
  return parsed(head(`GET / HTTP/${version}`, 'Host: a', ...fields)).keepAlive
}

function framing(line: string, method: string, ...fields: string[]): string {
  return parsedResponse(head(`HTTP/1.1 ${line}`, ...fields), method).framing
}

/** The rows of the security list that a head alone decides: what comes in, and what it is answered with. */
const ROWS: Readonly<Record<string, readonly (readonly [status: number, text: string])[]>> = {
  'H1: Content-Length and Transfer-Encoding together': [
    [400, get('Content-Length: 5', 'Transfer-Encoding: chunked')],
    [400, get('Transfer-Encoding: chunked', 'Content-Length: 0')],
    [400, get('Transfer-Encoding: gzip, chunked', 'Content-Length: 5')],
  ],
  'H2: transfer encodings in doubt': [
    [400, get('Transfer-Encoding : chunked')],
    [400, get('Transfer-Encoding\t: chunked')],
    [400, get('Transfer-Encoding: xchunked')],
    [400, get('Transfer-Encoding: chunkedx')],
    [400, get('Transfer-Encoding: "chunked"')],
    [400, get('Transfer-Encoding: chunked;a=b')],
    [400, get('Transfer-Encoding: \x0bchunked')],
    [400, get('Transfer-Encoding: chunked\x85')],
    [400, get('Transfer-Encoding: chunked\xa0')],
    [400, get('Transfer-Encoding: \xa0chunked')],
    [400, get('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
    [400, get('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')],
    [400, get('Transfer-Encoding: chunked, identity')],
    [400, get('Transfer-Encoding: chunked, chunked')],
    [400, get('Transfer-Encoding: ,chunked')],
    [400, get('Transfer-Encoding: chunked,')],
    [400, get('Transfer-Encoding: gzip')],
    [400, get('Transfer-Encoding: identity')],
    [400, get('Transfer-Encoding:')],
    [400, head('POST / HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked')],
    [400, head('POST / HTTP/1.0', 'Host: a', 'Transfer-Encoding: gzip, chunked')],
    [501, get('Transfer-Encoding: gzip, chunked')],
    [501, get('Transfer-Encoding: GZIP , chunked')],
    [200, get('Transfer-Encoding: chunked')],
    [200, get('tRANSFER-eNCODING:  Chunked ')],
    [400, get('Transfer-Encoding: chunked\t')],
    [400, get('Transfer-Encoding:\tchunked')],
  ],
  'H3: content lengths in doubt': [
    [400, get('Content-Length: +1')],
    [400, get('Content-Length: -1')],
    [400, get('Content-Length: 1,1')],
    [400, get('Content-Length: 1, 1')],
    [400, get('Content-Length: 1', 'Content-Length: 1')],
    [400, get('Content-Length: 1', 'content-length: 2')],
    [400, get('Content-Length: x', 'Content-Length: 1')],
    [400, get('Content-Length:')],
    [400, get('Content-Length: 1 1')],
    [400, get('Content-Length: 0x1')],
    [400, get('Content-Length: 1e1')],
    [400, get('Content-Length: 1.0')],
    [400, get('Content-Length: 1\xa0')],
    [400, get('Content-Length: \xb2')],
    [400, get('Content-Length: 9007199254740992')],
    [400, get('Content-Length: 9007199254740993')],
    [400, get('Content-Length: 18446744073709551617')],
    [400, get('Content-Length : 1')],
    [200, get('Content-Length: 9007199254740991')],
    [200, get('Content-Length:  007 ')],
    [400, get('Content-Length: 5\t')],
    [400, get('Connection: keep-alive\t')],
  ],
  'H5: field lines that are none': [
    [400, get('a b: 1')],
    [400, get('a : 1')],
    [400, get('a\t: 1')],
    [400, get('a\x00: 1')],
    [400, get('a\x7f: 1')],
    [400, get('\xe4: 1')],
    [400, get('a(b): 1')],
    [400, get('"a": 1')],
    [400, get(': 1')],
    [400, get('a')],
    [400, get('a: 1', ' folded')],
    [400, get('a: 1', '\tfolded')],
    [400, get(' a: 1')],
    [400, head('GET / HTTP/1.1', ' Host: a')],
    [400, get('a: 1\rb: 2')],
    [400, get('a: 1\nb: 2')],
    [400, get('a: 1\r\r')],
    [400, get('a: \n')],
    [400, get('a\n: 1')],
    [400, get('\ra: 1')],
    [400, get('a: \x00')],
    [400, get('a: b\x00c')],
    [400, get('a: \x1b[31m')],
    [400, get('a: \x7f')],
    [400, `${get()}x`],
    [400, 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: a\r\n\n\r\n'],
    [200, get("!#$%&'*+-.^_`|~09azAZ: \x80\xff\t\"'(),/:;<=>?@[\\]{}")],
    [200, get('a:', 'b: \t ')],
  ],
  'H6: hosts in doubt': [
    [400, head('GET / HTTP/1.1')],
    [400, head('GET / HTTP/1.1', 'Host: a', 'Host: a')],
    [400, head('GET / HTTP/1.0', 'Host: a', 'host: a')],
    [400, head('GET / HTTP/1.1', 'Host:')],
    [400, head('GET / HTTP/1.1', 'Host: user@a')],
    [400, head('GET / HTTP/1.1', 'Host: a/b')],
    [400, head('GET / HTTP/1.1', 'Host: a b')],
    [400, head('GET / HTTP/1.1', 'Host: a,b')],
    [400, head('GET / HTTP/1.1', 'Host: a?b')],
    [400, head('GET / HTTP/1.1', 'Host: a#b')],
    [400, head('GET / HTTP/1.1', 'Host: a\\b')],
    [400, head('GET / HTTP/1.1', 'Host: a%41')],
    [400, head('GET / HTTP/1.1', 'Host: "a"')],
    [400, head('GET / HTTP/1.1', 'Host: \xa0a')],
    [400, head('GET / HTTP/1.1', 'Host: a:')],
    [400, head('GET / HTTP/1.1', 'Host: a:b')],
    [400, head('GET / HTTP/1.1', 'Host: a:80:80')],
    [400, head('GET / HTTP/1.1', 'Host: a:123456')],
    [400, head('GET / HTTP/1.1', 'Host: ::1')],
    [400, head('GET / HTTP/1.1', 'Host: [::1')],
    [400, head('GET / HTTP/1.1', 'Host: [::1]x')],
    [400, head('GET / HTTP/1.1', 'Host: [1.2.3.4]')],
    [400, head('GET / HTTP/1.1', 'Host: [:::1]')],
    [400, head('GET / HTTP/1.1', `Host: ${'a'.repeat(262)}`)],
    [400, head('GET http://other/ HTTP/1.1', 'Host: a')],
    [400, head('GET http://a:81/ HTTP/1.1', 'Host: a')],
    [400, head('GET http://a:443/ HTTP/1.1', 'Host: a')],
    [400, head('GET http://a@b/ HTTP/1.1', 'Host: b')],
    [400, head('GET http:///x HTTP/1.1', 'Host: a')],
    [400, head('GET http://a/ HTTP/1.1')],
    [200, head('GET http://A:80/ HTTP/1.1', 'Host: a')],
    [200, head('GET https://a/ HTTP/1.1', 'Host: A:443')],
    [200, head('GET http://a/ HTTP/1.0')],
    [200, head('GET / HTTP/1.1', 'Host: [2001:DB8::1]:8080')],
    [200, head('GET / HTTP/1.1', 'Host: [::ffff:1.2.3.4]')],
    [200, head('GET / HTTP/1.1', 'Host: a_b-c.example.:65535')],
    [200, head('GET / HTTP/1.0')],
  ],
  'H7: targets in doubt': [
    [400, head('GET /a b HTTP/1.1', 'Host: a')],
    [400, head('GET  / HTTP/1.1', 'Host: a')],
    [400, head('GET /  HTTP/1.1', 'Host: a')],
    [400, head('GET\t/ HTTP/1.1', 'Host: a')],
    [400, head('GET /\tHTTP/1.1', 'Host: a')],
    [400, head('GET /\x00 HTTP/1.1', 'Host: a')],
    [400, head('GET /\x7f HTTP/1.1', 'Host: a')],
    [400, head('GET /\x0b HTTP/1.1', 'Host: a')],
    [400, head('GET /\r/ HTTP/1.1', 'Host: a')],
    [400, head('GET /\n/ HTTP/1.1', 'Host: a')],
    [400, head('GET /#a HTTP/1.1', 'Host: a')],
    [400, head('GET a HTTP/1.1', 'Host: a')],
    [400, head('GET a:80 HTTP/1.1', 'Host: a')],
    [400, head('GET ?a HTTP/1.1', 'Host: a')],
    [400, head('GET * HTTP/1.1', 'Host: a')],
    [400, head('OPTIONS ** HTTP/1.1', 'Host: a')],
    [400, head('GET ftp://a/ HTTP/1.1', 'Host: a')],
    [400, head('GET http:/a HTTP/1.1', 'Host: a')],
    [400, head('GET HTTP/1.1', 'Host: a')],
    [400, head('GET /', 'Host: a')],
    [400, head('GET / HTTP/1.1 ', 'Host: a')],
    [400, head('GET / HTTP/1.1x', 'Host: a')],
    [400, head('GET / http/1.1', 'Host: a')],
    [400, head('GET / HTTP/1', 'Host: a')],
    [400, head('GET / HTTP/11', 'Host: a')],
    [400, head('GET / HTTP/01.1', 'Host: a')],
    [400, head('GET / HTTPS/1.1', 'Host: a')],
    [400, head(' GET / HTTP/1.1', 'Host: a')],
    [400, head('G@T / HTTP/1.1', 'Host: a')],
    [400, '\r\n\r\n'],
    [200, head('OPTIONS * HTTP/1.1', 'Host: a')],
    [200, head('GET //a/../%2e?b=c?d&"\\|{}<> HTTP/1.1', 'Host: a')],
    [400, head('GET /\xc3\xa4 HTTP/1.1', 'Host: a')],
  ],
  'H8: versions of another protocol': [
    [505, head('GET / HTTP/1.2', 'Host: a')],
    [505, head('GET / HTTP/2.0', 'Host: a')],
    [505, head('GET / HTTP/0.9', 'Host: a')],
    [505, 'PRI * HTTP/2.0\r\n\r\n'],
  ],
  'H13: methods that are not for us': [
    [501, head('CONNECT a:80 HTTP/1.1', 'Host: a')],
    [501, head('CONNECT / HTTP/1.1', 'Host: a')],
    [405, head('TRACE / HTTP/1.1', 'Host: a')],
    [400, head('connect a:80 HTTP/1.1', 'Host: a')],
    [400, head('Head / HTTP/1.1', 'Host: a')],
    [400, head('trace / HTTP/1.1', 'Host: a')],
    [501, head(`${'A'.repeat(33)} / HTTP/1.1`, 'Host: a')],
    [200, head(`${'A'.repeat(32)} / HTTP/1.1`, 'Host: a')],
    [200, head('PROPFIND / HTTP/1.1', 'Host: a')],
  ],
  'H14: expectations': [
    [417, get('Expect: x')],
    [417, get('Expect:')],
    [417, get('Expect: 100-continue, x')],
    [417, get('Expect: 100-continue', 'Expect: x')],
    [417, get('Expect: x', 'Expect: 100-continue')],
    [200, get('Expect: 100-Continue')],
  ],
  'F16: more fields than the limit': [
    [431, get(...Array.from({ length: 100 }, (_, i) => `x-${i}: ${i}`))],
    [431, get(...Array.from({ length: 2_500 }, () => 'a:'))],
    [200, get(...Array.from({ length: 99 }, (_, i) => `x-${i}: ${i}`))],
  ],
}

for (const [row, inputs] of Object.entries(ROWS)) {
  void test(`${row} get the answer that the list says`, (t) => {
    for (const [status, text] of inputs) {
      t.equal(statusOf(text), status, JSON.stringify(text.slice(0, 100)))
      // Long heads are read another way.
      if (!row.startsWith('F16')) t.equal(statusOf(padded(text)), status, 'padded')
    }
    t.end()
  })
}

void test('H11: Upgrade counts only where Connection names it, from HTTP/1.1, without a body', (t) => {
  const upgrade = (...fields: string[]): string => parsed(get('Upgrade: websocket', ...fields)).upgrade
  t.equal(upgrade('Connection: Upgrade'), 'websocket')
  t.equal(upgrade('Connection: keep-alive,  UPGRADE'), 'websocket')
  t.equal(upgrade('Connection: Upgrade', 'Upgrade: h2c'), 'websocket, h2c')
  t.equal(upgrade(), '')
  t.equal(upgrade('Connection: close'), '')
  t.equal(upgrade('Connection: upgraded'), '')
  t.equal(upgrade('Connection: Upgrade', 'Content-Length: 5'), '')
  t.equal(upgrade('Connection: Upgrade', 'Transfer-Encoding: chunked'), '')
  t.equal(upgrade('Connection: Upgrade', 'Content-Length: 0'), 'websocket')
  const old = parsed(head('GET / HTTP/1.0', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'))
  t.equal(old.upgrade, '')
  t.end()
})

void test('H15: responses in doubt are refused with 502', (t) => {
  const ok = (...fields: string[]): string => head('HTTP/1.1 200 OK', ...fields)
  const bad = [
    ok('Content-Length: 5', 'Transfer-Encoding: chunked'),
    ok('Content-Length: 5', 'Content-Length: 5'),
    ok('Content-Length: 5, 5'),
    ok('Content-Length: x'),
    ok('Content-Length: 5\t'),
    ok('Transfer-Encoding:\tchunked'),
    ok('Transfer-Encoding: gzip, chunked'),
    ok('Transfer-Encoding: chunked\xa0'),
    ok('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
    ok('Transfer-Encoding : chunked'),
    ok('a: b', ' c'),
    ok(...Array.from({ length: 101 }, () => 'a: b')),
    head('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked'),
    head('HTTP/1.1 204 No Content', 'Transfer-Encoding: chunked'),
    head('HTTP/1.1 204 No Content', 'Content-Length: 5'),
    head('HTTP/1.1 100 Continue', 'Content-Length: 5'),
    head('HTTP/1.1 101 Switching Protocols', 'Transfer-Encoding: chunked'),
    head('HTTP/1.2 200 OK'),
    head('HTTP/2 200 OK'),
    head('http/1.1 200 OK'),
    head('HTTP/1.1 20 OK'),
    head('HTTP/1.1 2000 OK'),
    head('HTTP/1.1 099 OK'),
    head('HTTP/1.1 +20 OK'),
    head('HTTP/1.1  200 OK'),
    head('HTTP/1.1\t200 OK'),
    head('HTTP/1.1 200 a\x00b'),
    head('HTTP/1.1 200 a\nb: c'),
    head('HTTP/1.1 200 a\rb'),
    head('ICY 200 OK'),
    '\r\n\r\n',
  ]
  for (const text of bad) t.equal(responseStatus(text), 502, JSON.stringify(text.slice(0, 80)))
  for (const text of [
    ok(),
    head('HTTP/1.1 200'),
    head('HTTP/1.1 200 '),
    head('HTTP/1.0 999 \xe4'),
    head('HTTP/1.1 204 No Content', 'Content-Length: 0'),
    head('HTTP/1.1 304 Not Modified', 'Transfer-Encoding: chunked'),
  ]) {
    t.equal(responseStatus(text), 200, JSON.stringify(text))
  }
  t.end()
})

void test('H16: names of JavaScript are ordinary fields', (t) => {
  const request = parsed(get('__proto__: 1', 'constructor: 2', 'hasOwnProperty: 3', 'toString: 4'))
  t.same(
    [1, 2, 3, 4].map((i) => [request.fields.name(i), request.fields.value(i), request.fields.kindAt(i)]),
    [
      ['__proto__', '1', FieldKind.other],
      ['constructor', '2', FieldKind.other],
      ['hasOwnProperty', '3', FieldKind.other],
      ['toString', '4', FieldKind.other],
    ],
  )
  t.end()
})

void test('H17: what is escaped in a target stays escaped', (t) => {
  t.equal(parsed(head('GET /a%0d%0ab%23 HTTP/1.1', 'Host: a')).target, '/a%0d%0ab%23')
  t.end()
})

void test('H10: names that read like ours to programs that know no punctuation are told', (t) => {
  t.equal(fieldKind('X-Forwarded-FOR'), FieldKind.forwardedFor)
  for (const name of ['X_Forwarded_For', 'x-forwarded_for', 'X.Forwarded-For', 'Content_Length']) {
    t.equal(fieldKind(name), FieldKind.mimic, name)
  }
  for (const name of [
    'X-Forwarded-Fo',
    'X-Forwarded-For2',
    'XForwardedFor',
    'Accept',
    '',
    'X Forwarded For',
  ]) {
    t.equal(fieldKind(name), FieldKind.other, name)
  }
  t.end()
})

void test('a request is read as what it is', (t) => {
  const request = parsed(
    head(
      'POST /a?b HTTP/1.1',
      'HOST:  Example.org:80\t',
      'Content-Length: 12',
      'Connection: close, X-A',
      'Connection: ,X-B',
      'Expect: 100-continue',
      'X-Request-ID: 7',
    ),
  )
  t.match(request, {
    method: 'POST',
    target: '/a?b',
    version: 11,
    host: 'Example.org:80',
    framing: 'length',
    contentLength: 12,
    keepAlive: false,
    connectionTokens: ',close,x-a,,x-b,',
    expectsContinue: true,
    hasRequestId: true,
  })
  t.equal(request.fields.count, 6)
  t.equal(request.fields.value(0), 'Example.org:80')
  t.equal(request.fields.lineEnd(5), request.fields.end)
  t.equal(request.fields.end, request.text.length - 2)
  t.match(parsed(get('Transfer-Encoding: chunked')), { framing: 'chunked', expectsContinue: false })
  t.match(parsed(get('Content-Length: 0')), { framing: 'none', keepAlive: true })
  t.equal(parsed(head('POST / HTTP/1.0', 'Expect: 100-continue')).expectsContinue, false)
  t.end()
})

void test('an absolute target is cut to origin form', (t) => {
  const targets = {
    'GET http://a/b?c': '/b?c',
    'GET HTTP://a': '/',
    'GET http://a?b': '/?b',
    'OPTIONS http://a': '*',
    'OPTIONS http://a/': '/',
    'OPTIONS *': '*',
  }
  for (const [line, target] of Object.entries(targets)) {
    t.equal(parsed(head(`${line} HTTP/1.1`, 'Host: a')).target, target, line)
  }
  t.equal(parsed(head('GET http://a:81/ HTTP/1.0')).host, 'a:81')
  t.end()
})

void test('a connection is kept as version and Connection say', (t) => {
  t.equal(kept('1.1'), true)
  t.equal(kept('1.1', 'Connection: keep-alive'), true)
  t.equal(kept('1.1', 'Connection: x, CLOSE'), false)
  t.equal(kept('1.1', 'Connection: keep-alive', 'Connection: close'), false)
  t.equal(kept('1.1', 'Connection: closed'), true)
  t.equal(kept('1.0'), false)
  t.equal(kept('1.0', 'Connection: Keep-Alive'), true)
  t.equal(kept('1.0', 'Connection: keep-alive, close'), false)
  t.equal(kept('1.0', 'Proxy-Connection: keep-alive'), false)
  t.end()
})

void test("a response's body ends as RFC 9112, section 6.3, says", (t) => {
  t.equal(framing('200 OK', 'GET'), 'close')
  t.equal(framing('200 OK', 'GET', 'Content-Length: 5'), 'length')
  t.equal(framing('200 OK', 'GET', 'Content-Length: 0'), 'none')
  t.equal(framing('200 OK', 'GET', 'Transfer-Encoding: chunked'), 'chunked')
  t.equal(framing('200 OK', 'HEAD', 'Content-Length: 5'), 'none')
  t.equal(framing('200 OK', 'HEAD', 'Transfer-Encoding: chunked'), 'none')
  t.equal(framing('204 No Content', 'GET'), 'none')
  t.equal(framing('304 Not Modified', 'GET', 'Content-Length: 5'), 'none')
  t.equal(framing('100 Continue', 'POST'), 'none')
  t.equal(framing('101 Switching Protocols', 'GET'), 'none')
  t.end()
})

void test('a response says whether and how long its connection is kept', (t) => {
  const response = (line: string, ...fields: string[]): ResponseHead =>
    parsedResponse(head(line, 'Content-Length: 0', ...fields))
  t.match(response('HTTP/1.1 200 OK', 'Keep-Alive: timeout=5, max=100'), {
    keepAlive: true,
    keepAliveSeconds: 5,
  })
  t.match(response('HTTP/1.1 200 OK', 'Connection: close'), { keepAlive: false })
  t.match(response('HTTP/1.0 200 OK'), { keepAlive: false, version: 10 })
  t.match(response('HTTP/1.0 200 OK', 'Connection: keep-alive'), { keepAlive: true })
  t.equal(response('HTTP/1.1 200 OK', 'Keep-Alive: notimeout=5').keepAliveSeconds, undefined)
  t.equal(response('HTTP/1.1 200 OK', 'Keep-Alive: timeout=5').keepAliveSeconds, 5)
  t.equal(response('HTTP/1.1 200 OK', 'Keep-Alive: max=9, Timeout=0').keepAliveSeconds, 0)
  t.equal(response('HTTP/1.1 200 OK', 'Keep-Alive: timeout=').keepAliveSeconds, undefined)
  t.equal(response('HTTP/1.1 200 OK', 'Keep-Alive: timeout=12345678').keepAliveSeconds, undefined)
  t.equal(parsedResponse(head('HTTP/1.1 200 OK')).keepAlive, false, 'ends with the connection')
  t.equal(parsedResponse(head('HTTP/1.1 103 Early Hints')).isInterim, true)
  t.equal(parsedResponse(head('HTTP/1.1 101 Switching Protocols')).isInterim, false)
  t.end()
})

void test('a refused message shows nothing of the one before it', (t) => {
  const request = parsed(
    head('POST /secret HTTP/1.0', 'Host: a', 'Connection: keep-alive', 'Content-Length: 5', 'Cookie: x'),
  )
  t.equal(request.parse(head('GET', 'a: b'))?.status, 400)
  t.match(request, { method: '', target: '', host: '', contentLength: 0, keepAlive: false, framing: 'none' })
  t.equal(request.fields.count, 0)
  const response = parsedResponse(head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Set-Cookie: x'))
  t.equal(response.parse(head('nonsense'), 'GET')?.status, 502)
  t.match(response, { status: 0, contentLength: 0, framing: 'none', keepAlive: false })
  t.equal(response.fields.count, 0)
  t.end()
})

void test('of a request line that is no whole one, only what is clear is told', (t) => {
  const rows: [bytes: string, method: string, target: string, version: string][] = [
    ['', '', '', ''],
    ['GET', '', '', ''],
    ['GET ', '', '', ''],
    ['GET /a', 'GET', '/a', ''],
    ['GET /a?b ', 'GET', '/a?b', ''],
    ['GET /a HTTP/1', 'GET', '/a', ''],
    ['GET /a HTTP/1\r\n', '', '', ''],
    ['GET /a HTTP/1.1', 'GET', '/a', '1.1'],
    ['POST /a HTTP/1.0\r\nHost: b /c', 'POST', '/a', '1.0'],
    ['GET /a\r\n', 'GET', '/a', ''],
    ['GET /a b', '', '', ''],
    ['GET /a HTTP/1.1 ', '', '', ''],
    ['GET /a#b', '', '', ''],
    ['GET /\x1b', '', '', ''],
    ['\x16\x03\x01\x02', '', '', ''],
    [' GET /a', '', '', ''],
    ['\nGET /a', '', '', ''],
    [`${'M'.repeat(33)} /a`, '', '', ''],
    [`GET /${'a'.repeat(5_000)}`, 'GET', `/${'a'.repeat(MOST_LINE_BYTES - 5)}`, ''],
  ]
  for (const [bytes, method, target, version] of rows)
    t.same(requestLineSoFar(Buffer.from(bytes, 'latin1')), { method, target, version }, JSON.stringify(bytes))
  t.end()
})
