/** One of the originals with one change or two, and a request behind it that shows where it is thought to end. */
export function mutatedRequest(random: () => number): string {
  let text = ORIGINALS[Math.floor(random() * ORIGINALS.length)] as string
  for (let changes = random() < 0.7 ? 1 : 2; changes > 0; changes--) text = mutate(text, random)
  return text + FOLLOWER
}

/** One change of a message. */
export function mutate(text: string, random: () => number): string {
  const at = Math.floor(random() * (text.length + 1))
  const length = 1 + Math.floor(random() * 3)
  const word = WORDS[Math.floor(random() * WORDS.length)] as string
  switch (Math.floor(random() * 6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length)
    case 1:
      return text.slice(0, at) + word + text.slice(at)
    case 2:
      return text.slice(0, at) + word + text.slice(at + word.length)
    case 3:
      return text.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(at + 1)
    case 4: {
      // At the borders of lines and words, where parsers differ.
      const borders = [...text.matchAll(/[\r:; ,]/g)].map(({ index }) => index)
      const border = borders[Math.floor(random() * borders.length)] ?? 0
      return text.slice(0, border) + word + text.slice(border)
    }
    default: {
      const lines = text.split('\r\n')
      const line = lines[Math.floor(random() * lines.length)] as string
      lines.splice(Math.floor(random() * lines.length), Math.floor(random() * 2), line)
      return lines.join('\r\n')
    }
  }
}

const FOLLOWER = 'GET /next HTTP/1.1\r\nHost: n\r\n\r\n'

const ORIGINALS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a?b=c HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\nCookie: a=b; c=d\r\nUser-Agent: x (y; z)\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'PUT /a HTTP/1.1\r\nContent-Length: 12\r\nHost: a\r\nConnection: keep-alive\r\n\r\nhello world!',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n3;a=b\r\nabc\r\n0a;c="d"\r\n0123456789\r\n0\r\nx-t: 1\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n0\r\nx-t: 1\r\n\r\n',
  'DELETE http://a/x HTTP/1.1\r\nHost: a\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'HEAD /x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
  'PATCH /x HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  `POST / HTTP/1.1\r\nHost: a\r\nUser-Agent: ${'Mozilla/5.0 (X11) '.repeat(12)}\r\nReferer: http://a/\r\nContent-Length: 3\r\n\r\nabc`,
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, x-a\r\nX-A: 1\r\nX-Empty:\r\n\r\n',
]

/** What requests are smuggled with. */
const WORDS: readonly string[] = [
  ...'\r\n \t:;,"\\/#?%@[]()=+-.0159afAFx\x00\x01\x0b\x0c\x1b\x7f\x80\x85\xa0\xff'.split(''),
  '\r\n',
  '\r\n ',
  '\r\n\t',
  '\r\n\r\n',
  '\n\n',
  '\r\r\n',
  '\r\nContent-Length: 5',
  '\r\nContent-Length: 0',
  '\r\nTransfer-Encoding: chunked',
  '\r\nTransfer-Encoding: identity',
  '\r\nHost: b',
  '\r\nConnection: close',
  '\r\nX: y',
  ', chunked',
  'chunked, ',
  'gzip, chunked',
  '100-continue',
  'HTTP/1.0',
  'HTTP/1.1',
  'HTTP/2.0',
  'http://a/',
  '0\r\n\r\n',
  '5\r\n',
  '00000000',
  'ffffffffffffffff',
  '18446744073709551616',
  'GET / HTTP/1.1\r\n',
]
