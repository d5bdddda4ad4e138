import { once } from 'node:events'
import { test } from 'tap'
import { tcpProbe } from '../../src/health/tcp-probe.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { rawFixture } from '../../src/testing/raw-fixture.ts'
import { tlsBackend } from '../../src/testing/tls-backend.ts'
import { probeContract } from '../contracts/probe-contract.ts'
import { trust } from '../helpers/trust.ts'

const { signal } = new AbortController()

void test('a TCP probe', async (t) => {
  probeContract(t, {
    makeProbe: tcpProbe,
    living: echoBackend,
    passes: 'L4OK',
    silent: undefined,
  })

  void t.test('passes at a backend that speaks first', async (sub) => {
    await using backend = await rawFixture({}, ({ socket }) => socket.end('220 ready\r\n'))
    sub.match(await tcpProbe()(backend.address, signal), { ok: true, code: 'L4OK', text: 'connected' })
  })

  void t.test('sends nothing', async (sub) => {
    await using backend = await echoBackend()
    const closed = once(backend, 'session:close')
    await tcpProbe()(backend.address, signal)
    await closed
    sub.equal(backend.bytesRead, 0)
  })

  void t.test('tries all addresses of a host name before it fails, and names each', async (sub) => {
    const backend = await echoBackend()
    await backend.stop()
    const address = { kind: 'tcp', host: 'localhost', port: backend.port } as const
    const result = await tcpProbe()(address, signal)
    sub.match(result, { ok: false, code: 'L4CON', text: `connect ECONNREFUSED 127.0.0.1:${backend.port}` })
  })

  void t.test('fails at a name that does not exist', async (sub) => {
    const address = { kind: 'tcp', host: 'does-not-exist.invalid', port: 80 } as const
    const result = await tcpProbe()(address, signal)
    sub.match(result, { ok: false, code: 'L4CON', text: /^getaddrinfo E.* does-not-exist\.invalid$/ })
  })
})

void test('a TLS probe', async (t) => {
  const trusting = tcpProbe({ transport: 'tls', tls: trust })

  probeContract(t, {
    makeProbe: (how) => tcpProbe({ transport: 'tls', tls: trust, ...how }),
    living: tlsBackend,
    passes: 'L6OK',
    silent: 'L6TOUT',
  })

  void t.test('tells the protocol that was agreed on', async (sub) => {
    await using backend = await tlsBackend()
    sub.match(await trusting(backend.address, signal), { text: 'TLSv1.3' })
  })

  void t.test('fails at a backend whose certificate nobody vouches for', async (sub) => {
    await using backend = await tlsBackend()
    const result = await tcpProbe({ transport: 'tls' })(backend.address, signal)
    sub.match(result, { ok: false, code: 'L6RSP', text: /self-signed certificate/ })
  })

  void t.test('fails at a backend that does not speak TLS', async (sub) => {
    await using backend = await rawFixture({}, ({ socket }) => socket.end('220 ready\r\n'))
    const result = await trusting(backend.address, signal)
    sub.match(result, { ok: false, code: 'L6RSP', text: /wrong version number|packet length too long/ })
  })

  void t.test('fails at a backend that hangs up amid the handshake', async (sub) => {
    await using backend = await rawFixture({}, ({ socket }) => socket.once('data', () => socket.end()))
    sub.match(await trusting(backend.address, signal), { ok: false, code: 'L6RSP', text: /.+/ })
  })
})
