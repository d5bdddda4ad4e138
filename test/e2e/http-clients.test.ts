import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { FixtureServer } from '../../src/testing/fixture-server.ts'
import { sha256 } from '../helpers/sockets.ts'
import { bodyOf, hashingHttpBackend, RESPONSE_FRAMINGS } from '../http/hashing-http-backend.ts'
import { fairlead, finish } from './command.ts'
import { pathOf, without } from './services.ts'

const noCurl = without('curl')
const noWrk = without('wrk')

const SIZES = [0, 70_000, 2_000_000] as const

/** How curl is told to send a file; none for what has no body. */
const UPLOADS: Readonly<Record<string, (file: string) => readonly string[]>> = {
  GET: () => [],
  HEAD: () => ['--head'],
  DELETE: () => ['-X', 'DELETE'],
  POST: (file) => ['--data-binary', `@${file}`],
  'POST, which waits for leave': (file) => ['--data-binary', `@${file}`, '-H', 'Expect: 100-continue'],
  PUT: (file) => ['-X', 'PUT', '--data-binary', `@${file}`],
  'PUT, chunked': (file) => ['-X', 'PUT', '--data-binary', `@${file}`, '-H', 'Transfer-Encoding: chunked'],
}

void t.test(
  'curl: method by framing by size by version, over one connection each; both bodies arrive whole',
  { skip: noCurl },
  async (sub) => {
    const folder = await temporaryFolder(sub)
    await using backend = await hashingHttpBackend()
    await using command = fairlead(['127.0.0.1:0', `http://127.0.0.1:${backend.port}`, '--no-session-log'])
    const port = await command.port()
    const wrong: string[] = []
    let asked = 0
    for (const size of SIZES) {
      const file = join(folder, `upload-${size}`)
      await writeFile(file, bodyOf(size))
      for (const version of ['1.0', '1.1']) {
        for (const [name, upload] of Object.entries(UPLOADS)) {
          // curl 8 refuses to send chunks by HTTP/1.0; curl 7 sends them.
          if (version === '1.0' && name === 'PUT, chunked') continue
          const args = [`--http${version}`, ...upload(file), '-o', `${folder}/#1`]
          const out = '%{http_code} %{header_json}\n'
          const url = `http://127.0.0.1:${port}/{${RESPONSE_FRAMINGS.join(',')}}/${size}`
          const { code, stdout, stderr } = await curl([...args, '-w', out, url])
          const what = `HTTP/${version} ${name}, ${size} bytes`
          if (code !== 0) wrong.push(`${what}: ${stderr}`)
          const method = name.split(',')[0] ?? ''
          const sent = upload(file).includes(`@${file}`) ? bodyOf(size) : bodyOf(0)
          const answers = answersIn(stdout)
          for (const [i, framing] of RESPONSE_FRAMINGS.entries()) {
            asked++
            const { status, fields } = answers[i] ?? { status: 'no answer', fields: {} }
            if (status !== '200') wrong.push(`${what}, ${framing}: ${status}`)
            const got = `${method} ${sent.length} ${sha256(sent)}`
            if (fields['x-got']?.[0] !== got)
              wrong.push(`${what}, ${framing}: it got ${fields['x-got']?.[0]}`)
            const isChunked = fields['transfer-encoding'] !== undefined
            if (isChunked && version === '1.0') wrong.push(`${what}, ${framing}: chunked`)
            if (method === 'HEAD') continue // curl writes the head there.
            const body = await readFile(join(folder, framing))
            if (!body.equals(bodyOf(size))) wrong.push(`${what}, ${framing}: ${body.length} bytes came`)
          }
        }
      }
    }
    sub.strictSame(wrong, [])
    sub.equal(asked, 3 * (7 + 6) * 3)
  },
)

void t.test('curl: bodies from a pipe are sent in chunks', { skip: noCurl }, async (sub) => {
  await using backend = await hashingHttpBackend()
  await using command = fairlead(['127.0.0.1:0', `http://127.0.0.1:${backend.port}`])
  const url = `http://127.0.0.1:${await command.port()}/length/10`
  const bytes = deterministicBytes(1, 3_000_000)
  const { stdout } = await curl(['-T', '-', '-D', '-', '-o', '/dev/null', url], bytes)
  sub.match(stdout, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  sub.match(stdout, `PUT ${bytes.length} ${sha256(bytes)}`)
})

void t.test('curl: keep-alive of HTTP/1.0 and 1.1, asked for or not', { skip: noCurl }, async (sub) => {
  await using backend = await hashingHttpBackend()
  await using command = fairlead(['127.0.0.1:0', `http://127.0.0.1:${backend.port}`])
  const url = `http://127.0.0.1:${await command.port()}`
  const connects = async (framing: string, ...args: string[]): Promise<string> => {
    const urls = [1, 2, 3].flatMap((size) => ['-o', '/dev/null', `${url}/${framing}/${size}`])
    return (await curl([...args, '-w', '%{num_connects}', ...urls])).stdout
  }
  const keep = ['-H', 'Connection: keep-alive']
  sub.equal(await connects('length', '--http1.1'), '100')
  sub.equal(await connects('length', '--http1.1', '-H', 'Connection: close'), '111')
  sub.equal(await connects('length', '--http1.0'), '111')
  sub.equal(await connects('length', '--http1.0', ...keep), '100')
  sub.equal(await connects('chunked', '--http1.1'), '100')
  sub.equal(await connects('chunked', '--http1.0', ...keep), '111', 'without chunks they end with it')
  sub.equal(await connects('close', '--http1.1'), '111')
})

void t.test('curl: ranges, a broken download that goes on, and trailers', { skip: noCurl }, async (sub) => {
  const folder = await temporaryFolder(sub)
  const bytes = deterministicBytes(2, 1_000_000)
  await using backend = await nodeBackend((request, response) => sendRange(bytes, request, response))
  await using command = fairlead(['127.0.0.1:0', `http://127.0.0.1:${backend.port}`])
  const url = `http://127.0.0.1:${await command.port()}`
  const file = join(folder, 'part')
  const { stdout } = await curl(['-r', '1000-1999', '-o', file, '-w', '%{http_code}', url])
  sub.equal(stdout, '206')
  sub.ok((await readFile(file)).equals(bytes.subarray(1_000, 2_000)))
  await curl(['-r', '0-299999', '-o', file, url])
  await curl(['-C', '-', '-o', file, url])
  sub.equal(sha256(await readFile(file)), sha256(bytes))
  const trailing = await curl(['-D', '-', '-o', '/dev/null', '-H', 'TE: trailers', `${url}/trailers`])
  sub.match(trailing.stdout, /\r\ntrailer: X-Sum\r\n[^]*\r\n\r\nX-Sum: 42\r\n/)
  const old = await curl(['--http1.0', '-D', '-', '-o', '/dev/null', `${url}/trailers`])
  sub.match(old.stdout, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\n$/, 'none to HTTP/1.0')
})

void t.test(
  'curl: an upload that is refused early is told why, whether it waits for leave or not',
  { skip: noCurl },
  async (sub) => {
    await using backend = await nodeBackend((_request, response) => {
      response.writeHead(413, { connection: 'close' }).end('too much')
    })
    await using command = fairlead([
      '127.0.0.1:0',
      `http://127.0.0.1:${backend.port}`,
      '--max-body-size',
      '9MB',
    ])
    const url = `http://127.0.0.1:${await command.port()}`
    for (const expect of ['Expect: 100-continue', 'Expect:']) {
      for (const [size, said] of [
        [5_000_000, 'too much'],
        [10_000_000, /^413 .*: The body of the request is too long\n$/],
      ] as const) {
        const body = Buffer.alloc(size)
        const { code, stdout, stderr } = await curl(['-H', expect, '--data-binary', '@-', url], body)
        sub.equal(code, 0, stderr)
        sub.match(stdout, said, `${expect}, ${size} bytes`)
      }
    }
  },
)

/** Each response is that to the request before it, by its id and every byte; else `wrong` counts it. */
const LUA = `
local threads = {}
function setup(thread)
  thread:set("id", #threads)
  table.insert(threads, thread)
end
function init(args)
  depth = tonumber(args[1])
  asked, awaited, answered, wrong = 0, {}, 0, 0
end
function request()
  -- wrk asks the first thread once for nothing, to see what it gets.
  local is_trial = id == 0 and asked == 0
  local all = {}
  for i = 1, depth do
    asked = asked + 1
    local name = id .. "-" .. asked
    if not is_trial then table.insert(awaited, name) end
    local method = asked % 3 == 0 and "PUT" or "GET"
    all[i] = wrk.format(method, "/" .. name, { ["X-Id"] = name }, method == "PUT" and string.rep(name, 50) or nil)
  end
  return table.concat(all)
end
function response(status, headers, body)
  local name = table.remove(awaited, 1)
  answered = answered + 1
  if status ~= 200 or headers["X-Id"] ~= name or body ~= string.rep(name .. ";", 40) then wrong = wrong + 1 end
end
function done(summary, latency, requests)
  local wrong, answered = 0, 0
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("wrong")
    answered = answered + thread:get("answered")
  end
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("answered %d wrong %d errors %d\\n", answered, wrong, failed))
end
`

void t.test('wrk: every response is that of its request, pipelined or not', { skip: noWrk }, async (sub) => {
  const folder = await temporaryFolder(sub)
  const script = join(folder, 'ids.lua')
  await writeFile(script, LUA)
  await using a = await nodeBackend(answerById)
  await using b = await nodeBackend(answerById)
  const backends = [a, b].map(({ port }) => `http://127.0.0.1:${port}`)
  await using command = fairlead(['127.0.0.1:0', ...backends, '--no-session-log'])
  const url = `http://127.0.0.1:${await command.port()}/`
  for (const depth of [1, 5]) {
    // One connection a thread: a script does not hear which connection it is asked for.
    const args = ['-t', '8', '-c', '8', '-d', '1s', '-s', script, url, '--', String(depth)]
    const { code, stdout, stderr } = await finish(pathOf('wrk'), args)
    sub.equal(code, 0, stderr)
    sub.match(stdout, /^answered [1-9]\d\d+ wrong 0 errors 0$/m, `${depth} at a time`)
    sub.notMatch(stdout, /Socket errors|Non-2xx/)
  }
})

/** The id and a body made of it, if the request's own body is made of it too. */
function answerById(request: IncomingMessage, response: ServerResponse): void {
  const id = String(request.headers['x-id'])
  let body = ''
  request.setEncoding('latin1').on('data', (text: string) => (body += text))
  request.on('end', () => {
    const isRight = request.url === `/${id}` && body === (request.method === 'PUT' ? id.repeat(50) : '')
    const answer = `${isRight ? id : 'foreign'};`.repeat(40)
    response.setHeader('X-Id', id)
    if (body === '') response.setHeader('content-length', answer.length)
    response.write(answer.slice(0, 10))
    response.end(answer.slice(10))
  })
}

function sendRange(bytes: Buffer, request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/trailers') {
    response.writeHead(200, { trailer: 'X-Sum' }).write('hello')
    response.addTrailers({ 'X-Sum': '42' })
    return void response.end()
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  if (from === undefined) return void response.end(bytes)
  const start = Number(from)
  const end = to === '' ? bytes.length - 1 : Number(to)
  response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${bytes.length}` })
  response.end(bytes.subarray(start, end + 1))
}

async function nodeBackend(listener: RequestListener): Promise<FixtureServer> {
  const fixture = new FixtureServer(createServer(listener))
  await fixture.start()
  return fixture
}

async function temporaryFolder(sub: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-'))
  sub.teardown(() => rm(folder, { recursive: true }))
  return folder
}

function curl(
  args: readonly string[],
  input?: Buffer,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return finish(pathOf('curl'), ['-sS', '-m', '20', ...args], input === undefined ? {} : { input })
}

interface CurlAnswer {
  readonly status: string
  readonly fields: Readonly<Record<string, readonly string[]>>
}

/** curl writes the fields of each as JSON over several lines. */
function answersIn(output: string): CurlAnswer[] {
  return [...output.matchAll(/^(\d{3}) (\{[^]*?^\})$/gm)].map(([, status = '', json = '{}']) => ({
    status,
    fields: JSON.parse(json) as CurlAnswer['fields'],
  }))
}
