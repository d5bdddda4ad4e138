import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { SessionEnd } from '../../src/core/events.ts'
import type { Snapshot } from '../../src/core/snapshot.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { networkNamespace } from '../helpers/network-namespace.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'
import { IO_KINDS } from './rig.ts'
import { startBalancerProcess } from './start-balancer-process.ts'

// Node's loader opens every module that a level of the import graph names at the same time: within 64, an import of the
// whole library may end with EMFILE before a balancer exists. The command, which imports less, is tried at 64 elsewhere.
const FEW_DESCRIPTORS = 128

for (const io of IO_KINDS) {
  void t.test(
    `F10: sessions beyond the descriptors are reset and counted, and it recovers (${io})`,
    async (sub) => {
      await using echo = await echoBackend()
      await using peer = await rawPeer()
      await using lb = await startBalancerProcess({
        descriptors: FEW_DESCRIPTORS,
        options: { listen: '127.0.0.1:0', backends: [`a=${echo.port}`], checkInterval: 50, fall: 1, io },
      })
      const place = await lb.address()
      const port = place.kind === 'tcp' ? place.port : 0
      const { maxConnections } = listener(await lb.snapshot())
      sub.ok(maxConnections >= 1 && maxConnections < FEW_DESCRIPTORS / 2, `a limit of ${maxConnections}`)

      const served = []
      for (let i = 0; i < maxConnections; i++) {
        const client = await peer.connect({ port })
        await client.sendText(`hello ${i}`)
        sub.equal(await client.readText(7 + Math.floor(Math.log10(i || 1))), `hello ${i}`)
        served.push(client)
      }
      const full = waitForEvent(lb, 'listener:full')
      const surplus = await Promise.all(Array.from({ length: 100 }, () => peer.connect({ port })))
      for (const client of surplus) sub.equal((await client.readToEnd()).end, 'rst')
      sub.match(await full, [{ maxConnections }])
      const crowded = await lb.snapshot()
      sub.match(listener(crowded), { active: maxConnections, rejected: 100, accepted: maxConnections + 100 })
      sub.ok((await lb.descriptors()) < FEW_DESCRIPTORS, 'a descriptor is left for whoever needs one')
      const { checks } = backend(crowded, 'a')
      await waitForEvent(lb, 'backend:check')
      await waitForEvent(lb, 'backend:check')
      sub.match(backend(await lb.snapshot(), 'a'), { healthy: true, failedChecks: 0 })
      sub.ok(backend(await lb.snapshot(), 'a').checks > checks, 'checks go on')

      for (const client of served) {
        await client.shutdown()
        sub.equal((await client.readToEnd()).end, 'fin')
      }
      await waitUntil(async () => listener(await lb.snapshot()).active === 0)
      await using again = await peer.connect({ port })
      await again.sendText('again')
      sub.equal(await again.readText(5), 'again')
      await again.reset()
      await waitUntil(async () => listener(await lb.snapshot()).active === 0)
      sub.strictSame(listener(await lb.snapshot()).ends, { '--': maxConnections, CD: 1 })
      sub.equal(backend(await lb.snapshot(), 'a').active, 0)
      sub.notOk(lb.seen.some(({ name }) => name === 'backend:down' || name === 'fault:local'))
    },
  )

  void t.test(
    `F10: descriptors that run out all the same are held against no backend (${io})`,
    async (sub) => {
      await using echo = await echoBackend()
      await using peer = await rawPeer()
      await using lb = await startBalancerProcess({
        descriptors: FEW_DESCRIPTORS,
        // The operator asks for more than there is.
        options: {
          listen: '127.0.0.1:0',
          backends: [`a=${echo.port}`],
          checkInterval: 50,
          fall: 1,
          maxConnections: 1_000,
          io,
        },
      })
      const place = await lb.address()
      const port = place.kind === 'tcp' ? place.port : 0
      const fault = waitForEvent(lb, 'fault:local')
      const clients = []
      for (let i = 0; i < FEW_DESCRIPTORS; i++) clients.push(await peer.connect({ port }))
      sub.match(await fault, [{ code: 'EMFILE' }])
      for (const client of clients) await client.reset()
      await waitUntil(async () => listener(await lb.snapshot()).active === 0)
      sub.match(backend(await lb.snapshot(), 'a'), {
        active: 0,
        healthy: true,
        ejected: false,
        connectFailures: 0,
        failedChecks: 0,
      })
      await using again = await peer.connect({ port })
      await again.sendText('again')
      sub.equal(await again.readText(5), 'again')
    },
  )

  void t.test(
    `F11: local ports that run out are held against no backend, and another serves (${io})`,
    async (sub) => {
      await using namespace = await networkNamespace({ 'net.ipv4.ip_local_port_range': '40000 40007' })
      await using peer = await rawPeer({ prefix: namespace.enter })
      await using one = await peer.listen({ host: '127.0.0.1', port: 5_001 })
      await using two = await peer.listen({ host: '127.0.0.2', port: 5_002 })
      const folder = await mkdtemp(join(tmpdir(), 'fairlead-'))
      sub.teardown(() => rm(folder, { recursive: true }))
      const path = join(folder, 's')
      await using lb = await startBalancerProcess({
        prefix: namespace.enter,
        options: {
          listen: `unix:${path}`,
          backends: [`a=127.0.0.1:${one.port}`, `b=127.0.0.2:${two.port}`],
          balance: 'first',
          check: 'off',
          io,
        },
      })
      const fault = waitForEvent(lb, 'fault:local')
      const first = []
      for (let i = 0; i < 8; i++) {
        await connectTo({ kind: 'unix', path })
        first.push(await one.accept())
      }
      for (let i = 0; i < 4; i++) {
        const ended = waitForEvent(lb, 'session:close')
        const client = await connectTo({ kind: 'unix', path })
        client.end('hello')
        const served = await two.accept()
        sub.equal(await served.readText(5), 'hello')
        await served.sendText('from b')
        await served.close()
        sub.equal((await readAll(client)).bytes.toString(), 'from b')
        const [end] = (await ended) as [SessionEnd]
        sub.match(end, { code: '--', backend: 'b', tried: [{ backend: 'a', reason: 'EADDRNOTAVAIL' }] })
      }
      sub.match(await fault, [{ code: 'EADDRNOTAVAIL' }])
      sub.match(backend(await lb.snapshot(), 'a'), { healthy: true, ejected: false, connectFailures: 0 })

      const recovered = waitForEvent(lb, 'session:close')
      await first[0]?.reset() // Its port is free again: a reset leaves no TIME_WAIT.
      await recovered
      await connectTo({ kind: 'unix', path })
      const back = await one.accept()
      await back.sendText('a again')
      for (const connection of [...first.slice(1), back]) await connection.reset()
      await waitUntil(async () => listener(await lb.snapshot()).active === 0)
      sub.equal(backend(await lb.snapshot(), 'a').active, 0)
    },
  )
}

void t.test('F22: a loop that stood still, or a stopped process, fails no check', async (sub) => {
  await using slow = await httpBackend({ name: 'slow', delayMs: 100 })
  await using lb = await startBalancerProcess({
    options: {
      listen: '127.0.0.1:0',
      backends: [`a=${slow.port}`],
      check: 'http',
      checkPath: '/',
      checkTimeout: 400,
      checkInterval: 10,
      fall: 1,
    },
  })
  for (const stall of ['block', 'stop', 'block', 'stop'] as const) {
    await waitForEvent(lb, 'backend:check')
    if (stall === 'block') {
      await lb.block(1_600)
    } else {
      lb.kill('SIGSTOP')
      // Nothing tells when a stopped process has been stopped for long enough, but the time itself.
      await new Promise((resolve) => setTimeout(resolve, 1_600))
      lb.kill('SIGCONT')
    }
    await waitForEvent(lb, 'backend:check')
    await waitForEvent(lb, 'backend:check')
  }
  sub.match(backend(await lb.snapshot(), 'a'), { healthy: true, failedChecks: 0 })
  sub.notOk(lb.seen.some(({ name }) => name === 'backend:down'))
  const place = await lb.address()
  await slow.stop()
  await waitForEvent(lb, 'backend:down')
  // A reset that overtakes the connect's completion is told as its failure.
  const cut = await connectTo(place).then(readEnd, ({ code }: NodeJS.ErrnoException) => `error:${code}`)
  sub.match(cut, /^(end|error:ECONNRESET)$/, 'a backend that is down indeed is still seen')
})

void t.test('F22: a stall ends no session and no connect', async (sub) => {
  await using echo = await echoBackend()
  await using lb = await startBalancerProcess({
    options: {
      listen: '127.0.0.1:0',
      backends: [echo.port],
      check: 'off',
      idleTimeout: 500,
      connectTimeout: 500,
    },
  })
  const place = await lb.address()
  const client = await connectTo(place)
  client.write('x')
  await readBytes(client, 1)
  const blocked = lb.block(1_500)
  client.write('y')
  const late = await connectTo(place)
  late.write('z')
  await blocked
  sub.equal((await readBytes(client, 1)).toString(), 'y')
  sub.equal((await readBytes(late, 1)).toString(), 'z')
  sub.notOk(lb.seen.some(({ name }) => name === 'session:close'))
  client.destroy()
  late.destroy()
})

async function readEnd(client: Socket): Promise<string> {
  const { length, end } = await readAll(client)
  return length === 0 ? end : `${length} bytes`
}

function listener(snapshot: Snapshot): Snapshot['listeners'][number] {
  return snapshot.listeners[0] as Snapshot['listeners'][number]
}

function backend(snapshot: Snapshot, id: string): Snapshot['pools'][number]['backends'][number] {
  const found = snapshot.pools[0]?.backends.find((one) => one.id === id)
  if (found === undefined) throw new Error(`no backend ${id}`)
  return found
}
