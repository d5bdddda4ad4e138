import { getEventListeners, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Address } from '../../src/core/address.ts'
import type { CheckCode } from '../../src/core/backend.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Probe, ProbeResult } from '../../src/core/probe.ts'
import type { TcpProbeOptions } from '../../src/health/tcp-probe.ts'
import { Resolver } from '../../src/net/resolver.ts'
import type { FixtureListenOptions, FixtureServer } from '../../src/testing/fixture-server.ts'
import { rawFixture } from '../../src/testing/raw-fixture.ts'

export interface ProbeContractOptions {
  readonly makeProbe: (how?: Pick<TcpProbeOptions, 'lookup'>) => Probe
  /** Starts a backend that passes. */
  readonly living: (options?: FixtureListenOptions) => Promise<FixtureServer>
  /** What the probe finds at a backend that passes. */
  readonly passes: CheckCode
  /** What it finds when the time runs out at a backend that accepts and is silent; undefined = it passes there. */
  readonly silent: CheckCode | undefined
}

/** What every probe that dials must do; a few lines in each probe's own test run it. */
export function probeContract(t: Test, options: ProbeContractOptions): void {
  const { makeProbe, living, passes, silent } = options

  void t.test('passes at a living backend, over IPv4, IPv6, a host name and a unix socket', async (sub) => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 's')
    for (const listen of [{}, { host: '::1' }, { host: 'localhost' }, { path }]) {
      await using backend = await living(listen)
      const result = await makeProbe()(backend.address, new AbortController().signal)
      sub.match(result, { ok: true, code: passes }, JSON.stringify(listen))
    }
  })

  void t.test('finds a host name as it is told to, at any of its addresses', async (sub) => {
    await using backend = await living()
    const asked: string[] = []
    const resolver = new Resolver({
      clock: systemClock,
      lookup: (host, callback) => {
        asked.push(host)
        const failure = host === 'none.test' ? Object.assign(new Error('no'), { code: 'EAI_AGAIN' }) : null
        // Nobody listens at the first.
        process.nextTick(callback, failure, failure === null ? ['127.0.0.9', '127.0.0.1'] : [])
      },
    })
    const probe = makeProbe({ lookup: resolver.lookup })
    const { signal } = new AbortController()
    const address = { kind: 'tcp', host: 'localhost', port: backend.port } as const
    for (let i = 0; i < 2; i++) sub.match(await probe(address, signal), { ok: true, code: passes })
    sub.same(asked, ['localhost'], 'what it knows it does not ask again')
    const unknown = { ...address, host: 'none.test' }
    const result = await probe(unknown, signal)
    sub.match(result, { ok: false, code: 'L4CON', text: 'getaddrinfo EAI_AGAIN none.test' })
  })

  void t.test('fails with the error of the connect at a closed port', async (sub) => {
    const backend = await living()
    await backend.stop()
    const result = await makeProbe()(backend.address, new AbortController().signal)
    sub.match(result, { ok: false, code: 'L4CON', text: `connect ECONNREFUSED 127.0.0.1:${backend.port}` })
  })

  void t.test('fails with the error of the connect at a unix socket that nobody listens on', async (sub) => {
    const address: Address = { kind: 'unix', path: '/nonexistent/fairlead.sock' }
    const result = await makeProbe()(address, new AbortController().signal)
    sub.match(result, { ok: false, code: 'L4CON', text: 'connect ENOENT /nonexistent/fairlead.sock' })
  })

  void t.test('leaves no connection and no listener on the signal behind, check after check', async (sub) => {
    await using backend = await living()
    const probe = makeProbe()
    const { signal } = new AbortController()
    for (let i = 0; i < 20; i++) {
      const closed = once(backend, 'session:close')
      const { ok } = await probe(backend.address, signal)
      sub.equal(ok, true)
      await closed
    }
    sub.equal(backend.active, 0)
    sub.equal(backend.connections, 20)
    sub.equal(getEventListeners(signal, 'abort').length, 0)
  })

  void t.test('closes without a reset, so that no backend logs an error for a check', async (sub) => {
    await using backend = await living()
    const closed = once(backend, 'session:close')
    await makeProbe()(backend.address, new AbortController().signal)
    await closed
    sub.equal(backend.sessions[0]?.error, undefined)
  })

  void t.test('does not get far when it is aborted before it starts', async (sub) => {
    await using backend = await living()
    const result = await makeProbe()(backend.address, AbortSignal.abort())
    sub.match(result, { ok: false, code: 'L4TOUT' })
  })

  void t.test('settles at once when it is aborted while it connects', async (sub) => {
    await using backend = await living()
    const sockets = openSockets()
    const abort = new AbortController()
    const result = makeProbe()(backend.address, abort.signal)
    abort.abort()
    sub.match(await soon(result), { ok: false, code: 'L4TOUT' })
    // The backend may have accepted already, and learns a little later that we are gone.
    for (let turns = 0; turns < 1_000 && openSockets() > sockets; turns++) await turn()
    sub.equal(openSockets(), sockets, 'no socket is left')
  })

  if (silent === undefined) return
  void t.test('settles at once when it is aborted while a silent backend keeps it waiting', async (sub) => {
    await using backend = await rawFixture({}, ({ socket }) => socket.on('end', () => socket.end()).resume())
    const abort = new AbortController()
    const closed = once(backend, 'session:close')
    const opened = once(backend, 'session:open')
    const result = makeProbe()(backend.address, abort.signal)
    const [session] = await opened
    await once(session.socket, 'data') // Our side has connected, too: it has sent something.
    abort.abort()
    sub.match(await soon(result), { ok: false, code: silent })
    await closed
    sub.equal(backend.active, 0)
    sub.equal(getEventListeners(abort.signal, 'abort').length, 0)
  })
}

/** Promises only, no turn of the event loop: what is later than that is not "at once". */
async function soon(result: Promise<ProbeResult>): Promise<ProbeResult | 'late'> {
  return await Promise.race([result, turn().then(() => 'late' as const)])
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Connections of this process: the probe's, and the fixture's ends of them. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}
