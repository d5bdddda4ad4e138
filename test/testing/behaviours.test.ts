import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { behave } from '../../src/testing/behave.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import type { ScriptError } from '../../src/testing/script.ts'
import { scriptedBackend } from '../../src/testing/scripted-backend.ts'
import { slowBackend } from '../../src/testing/slow-backend.ts'
import { testCertificate } from '../../src/testing/test-certificate.ts'
import { tlsBackend } from '../../src/testing/tls-backend.ts'
import type { TlsBackend } from '../../src/testing/tls-backend.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'

void t.test('a raw fixture', async (sub) => {
  void sub.test('becomes another one while it runs', async (leaf) => {
    await using backend = await echoBackend({ id: 'a' })
    leaf.equal(backend.id, 'a')
    leaf.equal(backend.url, `tcp://127.0.0.1:${backend.port}`)
    const first = await connectTo(backend.address)
    first.write('before')
    await readBytes(first, 6)
    backend.behaviour = behave.resetting({ afterBytes: 3 })
    const second = await connectTo(backend.address)
    second.write('abc')
    leaf.equal((await readAll(second)).end, 'error:ECONNRESET')
    first.resume().end('after')
    leaf.equal((await readAll(first)).bytes.toString(), 'after', 'open connections stay as they are')
  })

  void sub.test('records the beginning of what it got, whatever it does with it', async (leaf) => {
    await using backend = await echoBackend()
    const client = await connectTo(backend.address)
    client.end(Buffer.concat([Buffer.from('first'), Buffer.alloc(100_000, 'x')]))
    await readAll(client)
    leaf.equal(backend.sessions[0]?.received.length, 65_536)
    leaf.equal(backend.sessions[0]?.received.toString().slice(0, 6), 'firstx')
  })
})

/** Turns the clock a tick at a time, each time after the sockets have been looked at. */
async function ticks(clock: ManualClock, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await clock.advanceAsync(10)
}

void t.test('slowBackend', async (sub) => {
  void sub.test('writes at a rate that can be changed, and then ends', async (leaf) => {
    const clock = new ManualClock()
    await using backend = await slowBackend({ says: 'x'.repeat(1_000), writeBytesPerSecond: 1_000, clock })
    const client = await connectTo(backend.address)
    const all = readAll(client)
    await waitUntil(() => clock.pending === 1)
    await ticks(clock, 9)
    leaf.equal(backend.bytesWritten, 100)
    backend.rates.writeBytesPerSecond = 0
    await ticks(clock, 10)
    leaf.equal(backend.bytesWritten, 100)
    backend.rates.writeBytesPerSecond = undefined
    await ticks(clock, 2)
    leaf.match(await all, { length: 1_000, end: 'end' })
    client.destroy()
    await waitForEvent(backend, 'session:close')
    leaf.equal(clock.pending, 0)
  })

  void sub.test('reads at a rate and sends that back, all of it', async (leaf) => {
    const clock = new ManualClock()
    await using backend = await slowBackend({ readBytesPerSecond: 50, clock })
    const client = await connectTo(backend.address)
    const all = readAll(client)
    client.end('0123456789')
    await waitUntil(() => (backend.sessions[0]?.stream.readableLength ?? 0) === 10)
    await ticks(clock, 4)
    leaf.equal(backend.bytesWritten, 2, 'half a byte each time')
    await ticks(clock, 20)
    leaf.match(await all, { bytes: Buffer.from('0123456789'), end: 'end' })
  })
})

async function shakeHands(
  backend: TlsBackend,
  options: { ALPNProtocols?: string[] } = {},
): Promise<TLSSocket> {
  const client = connectTls({
    port: backend.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: testCertificate,
    ...options,
  })
  client.on('error', () => undefined)
  await once(client, 'secureConnect')
  return client
}

void t.test('tlsBackend', async (sub) => {
  void sub.test('shakes hands, tells what the client said, and does as it is told', async (leaf) => {
    await using backend = await tlsBackend({ alpn: ['h2', 'http/1.1'] })
    leaf.match(backend.url, /^tls:/)
    const client = await shakeHands(backend, { ALPNProtocols: ['http/1.1'] })
    client.write('secret')
    leaf.equal((await readBytes(client, 6)).toString(), 'secret')
    const [session] = backend.sessions
    leaf.same(session?.tls, { servername: 'localhost', alpnProtocol: 'http/1.1', protocol: 'TLSv1.3' })
    leaf.equal(session?.received.toString(), 'secret')
    client.end()
    backend.behaviour = behave.banner({ banner: 'hi' })
    const second = await shakeHands(backend)
    leaf.equal((await readBytes(second, 2)).toString(), 'hi')
    second.destroy()
  })

  void sub.test('hangs or resets amid the handshake, and records why one failed', async (leaf) => {
    await using backend = await tlsBackend({ handshake: 'hang' })
    const hanging = leaf.rejects(shakeHands(backend), { code: 'ECONNRESET' })
    await waitUntil(() => backend.bytesRead > 0)
    leaf.equal(backend.bytesWritten, 0)
    await backend.stop({ connections: 'reset' })
    await hanging
    await backend.start()
    backend.handshake = 'reset'
    await leaf.rejects(shakeHands(backend), { code: 'ECONNRESET' })
    backend.handshake = 'complete'
    const gone = waitForEvent(backend, 'session:close')
    const plain = await connectTo(backend.address)
    plain.write('no hello at all')
    const [session] = await gone
    leaf.match(session.error, /^ERR_SSL_/)
  })

  void sub.test('notices clients that leave, amid the handshake and after it', async (leaf) => {
    await using backend = await tlsBackend()
    const early = waitForEvent(backend, 'session:close')
    const leaving = await connectTo(backend.address)
    leaving.end()
    const [first] = await early
    leaf.match(first, { end: 'fin', tls: undefined })
    leaving.destroy()
    for (const behaviour of [behave.echo(), behave.silent()]) {
      backend.behaviour = behaviour
      const client = await shakeHands(backend)
      client.end()
      await waitUntil(() => backend.sessions.at(-1)?.end === 'fin')
      client.destroy()
    }
  })
})

async function talk(socket: Socket, ...texts: string[]): Promise<string> {
  for (const text of texts) socket.write(text)
  return (await readAll(socket)).bytes.toString()
}

void t.test('scriptedBackend', async (sub) => {
  void sub.test('plays what it expects, sends and waits for, on each connection', async (leaf) => {
    const clock = new ManualClock()
    await using backend = await scriptedBackend({
      clock,
      script: [
        { send: '220 ready\r\n' },
        { expect: /^(EHLO|HELO) \S+\r\n/ },
        { delayMs: 1_000 },
        { send: '250 ok\r\n' },
        { expect: Buffer.from('QUIT\r\n') },
        'half-close',
        'expect-end',
        'close',
      ],
    })
    const client = await connectTo(backend.address)
    leaf.equal((await readBytes(client, 11)).toString(), '220 ready\r\n')
    client.write('EHLO me\r\nQU')
    await waitUntil(() => clock.nextInMs === 1_000)
    clock.advance(1_000)
    leaf.equal((await readBytes(client, 8)).toString(), '250 ok\r\n')
    client.end('IT\r\n')
    await backend.played()
    leaf.equal((await readAll(client)).end, 'end')
    leaf.same(backend.failures, [])
    leaf.equal(clock.pending, 0)
  })

  void sub.test('takes no reset for the end that it expects', async (leaf) => {
    await using backend = await scriptedBackend({ script: [{ expect: 'hi' }, 'expect-end'] })
    const client = await connectTo(backend.address)
    client.write('hi')
    await waitUntil(() => backend.runs[0]?.played === 1)
    client.resetAndDestroy()
    await leaf.rejects(backend.played(), {
      code: 'FAIRLEAD_SCRIPT',
      message:
        "connection 1, step 2 of 2: expected the client's FIN, but the connection broke (ECONNRESET); what came: nothing",
    })
    leaf.match(backend.sessions[0], { end: 'error:ECONNRESET', fin: false })
  })

  void sub.test('says where a client did something else, and what came', async (leaf) => {
    await using backend = await scriptedBackend({ script: [{ expect: 'PING\r\n' }, { send: 'PONG\r\n' }] })
    const client = await connectTo(backend.address)
    leaf.equal(await talk(client, 'PIN', 'K\r\n'), '')
    await leaf.rejects(backend.played(), {
      code: 'FAIRLEAD_SCRIPT',
      message: 'connection 1, step 1 of 2: expected "PING\\r\\n"; what came: "PINK\\r\\n"',
      connection: 1,
      step: 1,
    })
    leaf.equal(backend.sessions[0]?.end, 'closed', 'we reset it')
    const second = await connectTo(backend.address)
    second.end('PI')
    await readAll(second)
    leaf.match(
      backend.failures[1]?.message,
      'expected "PING\\r\\n", but the connection ended; what came: "PI"',
    )
  })

  void sub.test('waits for what is expected no longer than it was told', async (leaf) => {
    const clock = new ManualClock()
    await using backend = await scriptedBackend({ script: [{ expect: /x/, timeoutMs: 50 }], clock })
    const client = await connectTo(backend.address)
    await waitUntil(() => clock.pending === 1)
    clock.advance(50)
    await readAll(client)
    const failure = backend.failures[0] as ScriptError
    leaf.match(failure.message, 'expected /x/ within 50 ms; what came: nothing')
  })

  void sub.test('has a script of its own for each connection, and can get another', async (leaf) => {
    await using backend = await scriptedBackend({
      script: (n) => (n === 1 ? [{ expect: 'x' }, 'reset'] : [{ send: `${n}` }, 'close']),
    })
    const first = await connectTo(backend.address)
    first.write('x')
    leaf.equal((await readAll(first)).end, 'error:ECONNRESET')
    leaf.equal(await talk(await connectTo(backend.address)), '2')
    backend.script = [{ send: 'new' }, 'half-close']
    const client = await connectTo(backend.address)
    leaf.equal(await talk(client), 'new')
    await backend.played(3)
    client.end()
    await waitUntil(() => backend.active === 0)
    await leaf.rejects(
      backend.played(4, { timeoutMs: 5 }),
      /4 scripts to be played; connection 1 has played 2 of 2/,
    )
  })
})

void t.test('refusingPort takes the port that it is told', async (sub) => {
  const somewhere = await refusingPort()
  const { port } = somewhere
  await somewhere[Symbol.asyncDispose]()
  await using refusing = await refusingPort({ port })
  sub.equal(refusing.port, port)
  await sub.rejects(connectTo(refusing.address), { code: 'ECONNREFUSED' })
  await using backend = await refusing.open()
  sub.equal(backend.port, port)
})
