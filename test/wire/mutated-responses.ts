import { mutate } from './mutated-requests.ts'

/** One of the originals with one change or two, and a response behind it that shows where it is thought to end. */
export function mutatedResponse(random: () => number): string {
  let text = ORIGINALS[Math.floor(random() * ORIGINALS.length)] as string
  for (let changes = random() < 0.7 ? 1 : 2; changes > 0; changes--) text = mutate(text, random)
  return text + FOLLOWER
}

const FOLLOWER = 'HTTP/1.1 299 Next\r\nContent-Length: 0\r\n\r\n'

const ORIGINALS: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 00:00:00 GMT\r\nConnection: close\r\n\r\nuntil the end',
  'HTTP/1.1 404 Not Found\r\nServer: x (y; z)\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n3;a="b"\r\nabc\r\n0\r\nx-t: 1\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: "a"\r\n\r\n',
  'HTTP/1.1 200 \r\nKeep-Alive: timeout=5\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 3\r\n\r\nabc',
]
