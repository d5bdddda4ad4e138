import { test } from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import type { BackendSnapshot } from '../../src/core/snapshot.ts'
import { runSteps } from '../../src/core/steps.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'

const HELLO = { bytesToBackend: 5, bytesToClient: 5 }

function start(options: Omit<BalancerOptions, 'listen'>): Promise<Balancer> {
  return createBalancer({ listen: '127.0.0.1:0', check: 'off', ...options })
}

async function openSession(balancer: Balancer): Promise<Awaited<ReturnType<typeof connectTo>>> {
  const socket = await connectTo(balancer.address)
  socket.write('hello')
  await readBytes(socket, 5)
  return socket
}

async function endSession(balancer: Balancer, socket: Awaited<ReturnType<typeof connectTo>>): Promise<void> {
  const closed = waitForEvent(balancer, 'session:close')
  socket.end()
  await closed
  await readAll(socket)
}

function first(balancer: Balancer): BackendSnapshot {
  return balancer.snapshot().pools[0]?.backends[0] as BackendSnapshot
}

void test('bytes of an open session are counted once, whenever it ends', async (t) => {
  void t.test('amid a snapshot, before its backend has its turn', async (sub) => {
    await using backend = await echoBackend()
    await using balancer = await start({ backends: [backend.port] })
    const socket = await openSession(balancer)
    const { pools } = runSteps(balancer.passingSnapshot())
    await endSession(balancer, socket)
    sub.match([...(pools[0]?.backends ?? [])], [HELLO])
    sub.match(first(balancer), HELLO)
  })

  void t.test('amid the list of sessions', async (sub) => {
    await using backend = await echoBackend()
    await using balancer = await start({ backends: [backend.port] })
    const sockets = await Promise.all(Array.from({ length: 300 }, () => openSession(balancer)))
    const steps = balancer.liveSnapshot()
    sub.equal(steps.next().done, false, 'not all in one go')
    await Promise.all([sockets[0], sockets[299]].map((socket) => endSession(balancer, socket as never)))
    const all = { bytesToBackend: 1_500, bytesToClient: 1_500 }
    sub.match(runSteps(steps).pools[0]?.backends[0], all)
    sub.match(first(balancer), all)
    for (const socket of sockets) socket.destroy()
  })

  void t.test('after it was looked at', async (sub) => {
    await using backend = await echoBackend()
    await using balancer = await start({ backends: [backend.port] })
    const socket = await openSession(balancer)
    sub.match(first(balancer), HELLO)
    sub.match(first(balancer), HELLO, 'looking twice changes nothing')
    await endSession(balancer, socket)
    sub.match(first(balancer), HELLO)
  })

  void t.test('in HTTP mode, where a request is looked at under way', async (sub) => {
    await using backend = await httpBackend()
    await using balancer = await start({ mode: 'http', backends: [backend.port] })
    const post = async (isWatched: boolean): Promise<number> => {
      const before = first(balancer).bytesToBackend
      const socket = await connectTo(balancer.address)
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n01234')
      if (isWatched) await waitUntil(() => first(balancer).bytesToBackend > before)
      socket.write('56789')
      await readAll(socket)
      return first(balancer).bytesToBackend - before
    }
    sub.equal(await post(true), await post(false))
  })
})

void test('a live snapshot is like any other', async (t) => {
  void t.test('field by field', async (sub) => {
    await using backend = await httpBackend()
    await using balancer = await start({
      mode: 'http',
      backends: [backend.port, 'b=127.0.0.1:1'],
      check: 'http',
    })
    await waitUntil(() => first(balancer).lastCheck !== undefined)
    for (let i = 0; i < 3; i++) await (await fetch(`http://127.0.0.1:${balancer.port}/`)).text()
    const copied = balancer.snapshot().pools[0]?.backends ?? []
    const live = runSteps(balancer.liveSnapshot()).pools[0]?.backends ?? []
    sub.equal(live.length, 2)
    for (const [i, copy] of copied.entries()) {
      for (const name of Object.keys(copy) as (keyof BackendSnapshot)[]) {
        if (name !== 'requests') sub.same(live[i]?.[name], copy[name], `${copy.id}: ${name}`)
      }
      const { answers, failed, firstByte, total } = live[i]?.requests ?? {}
      sub.same(copy.requests, copy.requests && { answers, failed, firstByte, total })
    }
    sub.ok(copied[0]?.requests, 'there was traffic to compare')
  })

  void t.test('but its backends are as they are now', async (sub) => {
    await using backend = await echoBackend()
    await using balancer = await start({ backends: [`a=127.0.0.1:${backend.port}`] })
    const copy = first(balancer)
    const [live] = runSteps(balancer.liveSnapshot()).pools[0]?.backends ?? []
    balancer.setMode('a', 'drain')
    balancer.setWeight('a', 7)
    sub.match(copy, { mode: 'ready', weight: 1, sessions: 0 })
    sub.equal(live?.mode, 'drain')
    sub.equal(live?.weight, 7)
  })
})
