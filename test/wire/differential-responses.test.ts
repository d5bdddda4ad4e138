import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { test } from 'tap'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { ChunkedScanner } from '../../src/wire/chunked.ts'
import { ResponseHead } from '../../src/wire/response-head.ts'
import { mutatedResponse } from './mutated-responses.ts'

const MUTATIONS = 10_000
const AT_ONCE = 250

/** A response that was read whole; or why there is none. */
type Reading = { readonly status: number; readonly fields: readonly string[]; readonly body: string } | string

void test('a response that Node refuses is refused here, and one that is taken is the same to both', async (t) => {
  const random = seededRandom(20_260_202)
  const findings = new Set<string>()
  const count = { taken: 0, refused: 0 }
  for (let done = 0; done < MUTATIONS; done += AT_ONCE) {
    const streams = Array.from({ length: AT_ONCE }, () => Buffer.from(mutatedResponse(random), 'latin1'))
    const ours = streams.map(readByUs)
    const taken = ours.filter((one) => one !== undefined)
    // Node gets exactly what we take for the response: to it, that must be neither too much nor too little.
    const theirs = await Promise.all(taken.map(({ bytes }) => readByNode(bytes)))
    taken.forEach(({ bytes, reading }, i) => {
      const other = theirs[i]
      if (JSON.stringify(reading) === JSON.stringify(other)) return
      const [text, read] = [bytes.toString('latin1'), reading].map((one) => JSON.stringify(one))
      findings.add(`${text}: ${JSON.stringify(other)}, not ${read}`)
    })
    count.taken += taken.length
    count.refused += AT_ONCE - taken.length
  }
  t.same([...findings].slice(0, 20), [])
  t.ok(count.taken > MUTATIONS / 5 && count.refused > MUTATIONS / 5, JSON.stringify(count))
})

/** undefined where it is refused, or not whole. */
function readByUs(stream: Buffer): { bytes: Buffer; reading: Reading } | undefined {
  const head = new ResponseHead()
  for (let at = 0; ;) {
    at = head.read(stream, at, { mostBytes: 16_384, method: 'GET' })
    if (at === -1 || head.status === 101) return undefined
    if (head.isInterim) {
      // Exempt: Node ends at an interim response with `Connection: close`; RFC 9112, section 9.6, ends at the final one.
      if (head.connectionTokens.includes(',close,')) return undefined
      continue
    }
    const { fields, status } = head
    const body = bodyOf(head, stream, at)
    if (body === undefined) return undefined
    const lines = Array.from({ length: fields.count }, (_, i) => [fields.name(i), fields.value(i)]).flat()
    return { bytes: stream.subarray(0, body.end), reading: { status, fields: lines, body: body.text } }
  }
}

function bodyOf(head: ResponseHead, bytes: Buffer, start: number): { text: string; end: number } | undefined {
  if (head.framing === 'chunked') {
    const scanner = new ChunkedScanner()
    let text = ''
    const end = scanner.scan(bytes, start, (from, to) => {
      text += bytes.toString('latin1', from, to)
    })
    return scanner.isDone ? { text, end } : undefined
  }
  const length = { none: 0, length: head.contentLength, close: bytes.length - start }[head.framing]
  const end = start + length
  return end > bytes.length ? undefined : { text: bytes.toString('latin1', start, end), end }
}

/** What Node's client makes of it, when the connection ends behind it. */
function readByNode(bytes: Buffer): Promise<Reading> {
  const connection = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done()
      if (isSent) return
      isSent = true
      connection.push(bytes)
      connection.push(null)
    },
  })
  let isSent = false
  connection.on('error', () => undefined) // The request tells.
  return new Promise((resolve) => {
    const asked = request({ createConnection: () => connection, host: 'a', insecureHTTPParser: false })
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    asked.on('upgrade', () => resolve('a change of protocols'))
    asked.on('response', (response) => collect(response, resolve))
    asked.end()
  })
}

function collect(response: IncomingMessage, resolve: (reading: Reading) => void): void {
  let body = ''
  response.setEncoding('latin1').on('data', (text: string) => (body += text))
  response.on('error', (error) => resolve(error.message))
  response.on('end', () => resolve({ status: response.statusCode ?? 0, fields: response.rawHeaders, body }))
}
