/** A request that is refused for what its own bytes say. */
export interface RejectedRequest {
  /** Row of the security list. */
  readonly id: `H${number}`
  readonly what: string
  /** One character a byte. Nothing of it may reach a backend. */
  readonly bytes: string
  readonly status: number
  /**
   * The head is in order and the body is not: where the body comes later, the head has gone out by then. The backend
   * must see the request cut, and never the bytes that are wrong.
   */
  readonly isBody?: true
}

export const REJECTED: readonly RejectedRequest[] = [
  ...all('H1', 400, {
    'Content-Length before Transfer-Encoding': head('Content-Length: 5', 'Transfer-Encoding: chunked'),
    'Content-Length behind Transfer-Encoding': head('Transfer-Encoding: chunked', 'Content-Length: 5'),
    'Content-Length: 0 beside Transfer-Encoding': head('Transfer-Encoding: chunked', 'content-length: 0'),
    'both, with a body that suits either': `${head('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  }),
  ...all('H2', 400, {
    'a space before the colon': `${head('Transfer-Encoding : chunked')}0\r\n\r\n`,
    'a tab before the colon': head('Transfer-Encoding\t: chunked'),
    xchunked: head('Transfer-Encoding: xchunked'),
    'two fields': head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
    'chunked twice': head('Transfer-Encoding: chunked, chunked'),
    'chunked, then identity': head('Transfer-Encoding: chunked, identity'),
    'identity alone': head('Transfer-Encoding: identity'),
    'an empty value': head('Transfer-Encoding:'),
    'gzip not followed by chunked': head('Transfer-Encoding: gzip'),
    'a vertical tab before chunked': head('Transfer-Encoding: \x0bchunked'),
    'a tab inside': head('Transfer-Encoding: deflate,\tchunked'),
    'quotes around chunked': head('Transfer-Encoding: "chunked"'),
    'HTTP/1.0': 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  }),
  ...all('H2', 501, {
    'gzip, chunked': head('Transfer-Encoding: gzip, chunked'),
    'deflate, chunked': head('Transfer-Encoding: deflate, chunked'),
  }),
  ...all('H3', 400, {
    'a sign': head('Content-Length: +1'),
    'a minus': head('Content-Length: -1'),
    'a list': head('Content-Length: 1,1'),
    'the same twice': `${head('Content-Length: 1', 'Content-Length: 1')}x`,
    'two different ones': head('Content-Length: 1', 'Content-Length: 2'),
    'an empty value': head('Content-Length:'),
    'only blanks': head('Content-Length: \t '),
    'over 2^53': head('Content-Length: 9007199254740993'),
    'over 2^64': head('Content-Length: 18446744073709551617'),
    'hex digits': head('Content-Length: 0x10'),
    'a fraction': head('Content-Length: 1.0'),
    'a space within': head('Content-Length: 1 1'),
    'a digit of another script': head('Content-Length: \xb2'),
  }),
  ...bodies({
    'a size in 0x notation': '0x1\r\na\r\n0\r\n\r\n',
    'a size that ends in a bare LF': '1\na\r\n0\r\n\r\n',
    'an extension that ends in a bare LF': '1;a\nb\r\na\r\n0\r\n\r\n',
    'a negative size': '-1\r\na\r\n0\r\n\r\n',
    'a size with a sign': '+1\r\na\r\n0\r\n\r\n',
    'a size of 17 digits': '00000000000000001\r\na\r\n0\r\n\r\n',
    'a size over 2^64': 'fffffffffffffffff\r\na\r\n',
    'no size': '\r\na\r\n0\r\n\r\n',
    'no size but an extension': ';x\r\n\r\n',
    'a space before the size': ' 1\r\na\r\n0\r\n\r\n',
    'a space behind the size': '1 \r\na\r\n0\r\n\r\n',
    'more data than the size says': '1\r\nab\r\n0\r\n\r\n',
    'no CRLF behind the data': '1\r\na0\r\n\r\n',
    'a bare LF behind the data': '1\r\na\n0\r\n\r\n',
    'a bare CR behind the size': '1\ra\r\n0\r\n\r\n',
    'a bare LF at the end': '0\r\n\n',
    'a trailer that frames': '0\r\nContent-Length: 5\r\n\r\n',
    'a trailer that says who the client is': '0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n',
    'a folded trailer': '0\r\nx: a\r\n b\r\n\r\n',
  }),
  ...all('H5', 400, {
    'a space in a field name': head('x y: 1'),
    'a control byte in a field name': head('x\x01y: 1'),
    'a bracket in a field name': head('x(y): 1'),
    'a byte above 127 in a field name': head('x\xe9: 1'),
    'a NUL in a field name': head('x\0: 1'),
    'an empty field name': head(': 1'),
    'no colon': head('x'),
    'a folded line': head('x: a', ' b'),
    'a line folded with a tab': head('x: a', '\tb'),
    'a first line that is folded': 'GET / HTTP/1.1\r\n Host: a\r\n\r\n',
    'a bare LF between lines': 'GET / HTTP/1.1\r\nHost: a\nx: 1\r\n\r\n',
    'nothing but bare LFs': 'GET / HTTP/1.1\nHost: a\n\n',
    'a bare LF at the end': 'GET / HTTP/1.1\r\nHost: a\r\n\n',
    'a bare CR in a value': head('x: a\rb'),
    'a bare CR in a name': head('x\ry: 1'),
    'a NUL in a value': head('x: a\0b'),
    'an escape in a value': head('x: \x1b[31m'),
    'a DEL in a value': head('x: \x7f'),
    'two CRs': 'GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n',
    'a space before the method': ` ${head()}`,
    'a bare LF before the request': `\n${head()}`,
    'a bare CR before the request': `\r${head()}`,
    'a byte order mark': `\xef\xbb\xbf${head()}`,
  }),
  ...all('H6', 400, {
    'no Host': 'GET / HTTP/1.1\r\nx: 1\r\n\r\n',
    'two Hosts': 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'the same Host twice': 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n',
    'an empty Host': 'GET / HTTP/1.1\r\nHost:\r\n\r\n',
    'userinfo in Host': 'GET / HTTP/1.1\r\nHost: user@a\r\n\r\n',
    'a path in Host': 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
    'a space in Host': 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
    'a list in Host': 'GET / HTTP/1.1\r\nHost: a,b\r\n\r\n',
    'a port that is none': 'GET / HTTP/1.1\r\nHost: a:b\r\n\r\n',
    'brackets that hold no IPv6 address': 'GET / HTTP/1.1\r\nHost: [a]\r\n\r\n',
    'two Hosts in HTTP/1.0': 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n',
    'another host in the target': 'GET http://other/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'another port in the target': 'GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'userinfo in the target': 'GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'an absolute target without Host': 'GET http://a/ HTTP/1.1\r\nx: 1\r\n\r\n',
  }),
  ...all('H7', 400, {
    'a space in the target': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
    'two spaces before the target': 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    'two spaces behind the target': 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n',
    'a tab instead of a space': 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'no target': 'GET HTTP/1.1\r\nHost: a\r\n\r\n',
    'a control byte in the target': 'GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n',
    'a NUL in the target': 'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n',
    'a DEL in the target': 'GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n',
    'a byte above 127 in the target': 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n',
    'UTF-8 in the target': 'GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n',
    'a fragment': 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n',
    'no slash': 'GET a HTTP/1.1\r\nHost: a\r\n\r\n',
    'another scheme': 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'an authority': 'GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n',
    '* for GET': 'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    'no version': 'GET /\r\nHost: a\r\n\r\n',
    'a version in small letters': 'GET / http/1.1\r\nHost: a\r\n\r\n',
    'a blank behind the version': 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n',
    'a version of two digits': 'GET / HTTP/1.10\r\nHost: a\r\n\r\n',
    'a method that is no token': 'G(T / HTTP/1.1\r\nHost: a\r\n\r\n',
    'a TLS ClientHello': '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n',
  }),
  ...all('H8', 505, {
    'HTTP/1.2': 'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
    'HTTP/2.0': 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    'HTTP/0.9': 'GET / HTTP/0.9\r\nHost: a\r\n\r\n',
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  }),
  ...all('H13', 501, {
    CONNECT: 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
    'CONNECT with an origin form': 'CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n',
    'a method without end': `${'A'.repeat(40)} / HTTP/1.1\r\nHost: a\r\n\r\n`,
  }),
  ...all('H13', 405, { TRACE: 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n' }),
  ...all('H13', 400, {
    'trace in small letters': 'trace / HTTP/1.1\r\nHost: a\r\n\r\n',
    'a HEAD that is none': 'Head / HTTP/1.1\r\nHost: a\r\n\r\n',
  }),
  ...all('H14', 417, {
    'Expect: x': head('Expect: x'),
    'beside one that is known': head('Expect: 100-continue', 'Expect: x', 'Content-Length: 1'),
    'in a list': head('Expect: 100-continue, x', 'Content-Length: 1'),
  }),
]

function all(
  id: RejectedRequest['id'],
  status: number,
  cases: Readonly<Record<string, string>>,
): RejectedRequest[] {
  return Object.entries(cases).map(([what, bytes]) => ({ id, what, bytes, status }))
}

function bodies(cases: Readonly<Record<string, string>>): RejectedRequest[] {
  return Object.entries(cases).map(([what, body]) => ({
    id: 'H4',
    what,
    bytes: head('Transfer-Encoding: chunked') + body,
    status: 400,
    isBody: true,
  }))
}

function head(...lines: string[]): string {
  return `POST /rejected HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
}
