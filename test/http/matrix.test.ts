import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:http'
import t from 'tap'
import type { Balancer } from '../../src/control/balancer.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { overBothIos } from '../faults/rig.ts'
import type { ResponseFraming } from './hashing-http-backend.ts'
import { bodyOf, hashingHttpBackend, RESPONSE_FRAMINGS } from './hashing-http-backend.ts'
import type { HttpAnswer, RawRequest } from './raw-http-client.ts'
import { RawHttpClient } from './raw-http-client.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'] as const
const REQUEST_FRAMINGS = ['none', 'length', 'chunked'] as const
const SMALL_SIZES = [0, 1, 4_096, 70_000] as const
const LARGE = 3_000_000

interface Case {
  readonly method: string
  readonly framing: RawRequest['framing']
  readonly answer: ResponseFraming
  readonly bytes: number
}

/** All of the small ones; of the large ones those in which size may matter. */
const SMALL: readonly Case[] = METHODS.flatMap((method) =>
  REQUEST_FRAMINGS.flatMap((framing) =>
    RESPONSE_FRAMINGS.flatMap((answer) => SMALL_SIZES.map((bytes) => ({ method, framing, answer, bytes }))),
  ),
)
const CASES: readonly Case[] = [
  ...SMALL,
  ...RESPONSE_FRAMINGS.flatMap((answer) => [
    { method: 'GET', framing: 'none' as const, answer, bytes: LARGE },
    { method: 'PUT', framing: 'length' as const, answer, bytes: LARGE },
    { method: 'POST', framing: 'chunked' as const, answer, bytes: LARGE },
  ]),
]

/** Ways to cut a request into writes. */
const CUTS: Readonly<Record<string, (random: () => number) => RawRequest['cut']>> = {
  'in one write': () => () => [],
  'cut in two anywhere': (random) => (length) => [1 + Math.floor(random() * (length - 1))],
  'its first 80 bytes one by one': () => (length) =>
    Array.from({ length: Math.min(80, length - 1) }, (_, i) => i + 1),
  'in pieces of all sizes': (random) => (length) => {
    const places: number[] = []
    for (let at = 1; at < length; at += 1 + Math.floor(random() ** 3 * 60_000)) places.push(at)
    return places
  },
}

for (const [index, [cutting, cut]] of Object.entries(CUTS).entries()) {
  overBothIos(t, `raw clients, each request ${cutting}: both bodies arrive whole`, async (sub, start) => {
    await using backend = await hashingHttpBackend()
    const lb = await start({ mode: 'http', backends: [backend.port] })
    const random = seededRandom(index)
    const wrong: string[] = []
    const ways = (['1.0', '1.1'] as const).flatMap((version) =>
      [true, false].map((keepAlive) => ({ version, keepAlive })),
    )
    await Promise.all(
      ways.map(async ({ version, keepAlive }) => {
        await using client = new RawHttpClient(lb.port)
        for (const row of CASES) {
          if (row.framing === 'chunked' && version === '1.0') continue
          // Two ways are enough for what takes long.
          if (row.bytes === LARGE && keepAlive === (version === '1.0')) continue
          const answer = await client.ask({ ...rawRequest(row), version, keepAlive, cut: cut(random) })
          const name = `HTTP/${version} ${keepAlive ? 'keep-alive' : 'close'} ${nameOf(row)}`
          wrong.push(...problemsOf(name, answer, row))
          const isOpen = keepAlive && staysOpen(row, version)
          if (answer.isOpen !== isOpen) wrong.push(`${name}: it is ${isOpen ? 'closed' : 'left open'}`)
          if (version === '1.0' && answer.fields.has('transfer-encoding')) wrong.push(`${name}: chunked`)
        }
      }),
    )
    sub.strictSame(wrong, [])
  })
}

overBothIos(
  t,
  'node:http clients, with and without keep-alive: both bodies arrive whole',
  async (sub, start) => {
    await using backend = await hashingHttpBackend()
    const lb = await start({ mode: 'http', backends: [backend.port] })
    const wrong: string[] = []
    for (const keepAlive of [true, false]) {
      const agent = new Agent({ keepAlive, maxSockets: 8 })
      await Promise.all(
        CASES.map(async (row) => {
          const answer = await askWithNode(lb, row, agent)
          wrong.push(...problemsOf(`${keepAlive ? 'keep-alive' : 'close'} ${nameOf(row)}`, answer, row))
        }),
      )
      agent.destroy()
    }
    sub.strictSame(wrong, [])
  },
)

overBothIos(t, 'a backend that refuses before each: both bodies arrive whole', async (sub, start) => {
  await using backend = await hashingHttpBackend()
  await using refusing = await refusingPort()
  const backends = [`dead=127.0.0.1:${refusing.port}`, `b=127.0.0.1:${backend.port}`]
  const lb = await start({ mode: 'http', backends, balance: 'first', eject: false })
  await using client = new RawHttpClient(lb.port)
  const random = seededRandom(9)
  const wrong: string[] = []
  for (const row of CASES) {
    const cut = (CUTS['in pieces of all sizes'] as (typeof CUTS)[string])(random)
    const answer = await client.ask({ ...rawRequest(row), version: '1.1', keepAlive: true, cut })
    wrong.push(...problemsOf(nameOf(row), answer, row))
  }
  sub.strictSame(wrong, [])
  sub.equal(lb.snapshot().pools[0]?.retries, CASES.length)
})

function rawRequest({
  method,
  framing,
  answer,
  bytes,
}: Case): Omit<RawRequest, 'version' | 'keepAlive' | 'cut'> {
  return { method, target: `/${answer}/${bytes}`, framing, body: bodyOf(bytes) }
}

function nameOf({ method, framing, answer, bytes }: Case): string {
  return `${method}, ${bytes} bytes: ${framing}, answered ${answer}`
}

/** Thousands of assertions would take longer than what they are about. */
function problemsOf(name: string, { status, fields, body }: HttpAnswer, row: Case): string[] {
  const sent = row.framing === 'none' ? bodyOf(0) : bodyOf(row.bytes)
  const wanted = row.method === 'HEAD' ? bodyOf(0) : bodyOf(row.bytes)
  const got = `${row.method} ${sent.length} ${hashOf(sent)}`
  const length = fields.get('content-length')
  const checks: [boolean, string][] = [
    [status === 200, `the status is ${status}`],
    [fields.get('x-got') === got, `the backend got ${fields.get('x-got')}, not ${got}`],
    [
      body.equals(wanted),
      `the client got ${body.length} bytes that are not the ${wanted.length} of the body`,
    ],
    [row.answer !== 'length' || length === String(row.bytes), `the length is ${length}`],
  ]
  return checks.filter(([isGood]) => !isGood).map(([, problem]) => `${name}: ${problem}`)
}

/** What ends with the connection, or would have to be chunked for a client that knows no chunks, closes it. */
function staysOpen({ method, answer }: Case, version: RawRequest['version']): boolean {
  return method === 'HEAD' || answer === 'length' || (answer === 'chunked' && version === '1.1')
}

function hashOf(bytes: Buffer): string {
  const known = hashes.get(bytes)
  if (known !== undefined) return known
  const hash = createHash('sha256').update(bytes).digest('hex')
  hashes.set(bytes, hash)
  return hash
}

const hashes = new WeakMap<Buffer, string>()

async function askWithNode(lb: Balancer, row: Case, agent: Agent): Promise<HttpAnswer> {
  const { method, framing, answer, bytes } = row
  const body = bodyOf(bytes)
  const framingFields = {
    none: {},
    length: { 'content-length': body.length },
    chunked: { 'transfer-encoding': 'chunked' },
  }[framing]
  const asked = request({
    host: '127.0.0.1',
    port: lb.port,
    agent,
    method,
    path: `/${answer}/${bytes}`,
    headers: { ...framingFields },
  })
  const answered = once(asked, 'response')
  if (framing === 'none') {
    asked.end()
  } else {
    asked.write(body.subarray(0, body.length >> 1))
    asked.end(body.subarray(body.length >> 1))
  }
  const [response] = (await answered) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const fields = new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)]))
  return { status: response.statusCode ?? 0, fields, body: Buffer.concat(chunks), isOpen: true }
}
