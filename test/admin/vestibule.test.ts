import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { Slice } from '../../src/admin/slice.ts'
import type { Address } from '../../src/core/address.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { raw, rawSocket, request } from './raw.ts'
import { operate } from './rig.ts'

/** Sends it byte by byte, and gives all that comes back until the other side ends. */
async function dribble(address: Address, bytes: string): Promise<string> {
  const socket = rawSocket(address)
  await once(socket, 'connect')
  socket.setNoDelay(true)
  let got = ''
  socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')))
  const closed = once(socket, 'close')
  for (const byte of bytes) {
    socket.write(byte)
    await turn()
  }
  await closed
  return got
}

void t.test('a request that comes byte by byte is answered like any other', async (sub) => {
  const { admin } = await operate(sub)
  const get = request('GET /api/v1/config')
  sub.match(await dribble(admin.address, get), /^HTTP\/1.1 200 OK\r\n/)
  sub.match(await dribble(admin.address, `\r\n${get}`), /^HTTP\/1.1 200 OK\r\n/, 'after an empty line')
  const json = JSON.stringify({ mode: 'drain' })
  const fields = ['Host: localhost', 'Content-Type: application/json']
  const change = request('PATCH /api/v1/pools/main/backends/a', fields, json)
  const answer = await dribble(admin.address, change)
  sub.match(answer, /^HTTP\/1.1 200 OK\r\n/)
  sub.match(answer, '"mode":"drain"')
})

void t.test('requests that come all at once are all answered, in order', async (sub) => {
  const { admin } = await operate(sub)
  const first = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const { body } = await raw(admin.address, first + first + request('GET /nowhere'))
  sub.equal(body.split('HTTP/1.1 200 OK').length, 2, 'the second, behind the first')
  sub.equal(body.split('HTTP/1.1 404 Not Found').length, 2, 'and the third')
})

void t.test('the second request on a connection may take its time too', async (sub) => {
  const { admin } = await operate(sub)
  const first = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const got = await dribble(admin.address, first + request('GET /livez'))
  sub.equal(got.split('HTTP/1.1 200 OK').length, 3)
})

void t.test('what is no HTTP, or too much of it, is told so at once', async (sub) => {
  const { admin } = await operate(sub, { admin: { limits: { patienceMs: 60_000 } } })
  const first = (bytes: string | Buffer) => raw(admin.address, bytes)
  sub.equal((await first('hello\n')).status, 400)
  sub.equal((await first('GET /livez HTTP/3.1\r\n')).status, 400)
  sub.equal((await first('get /livez HTTP/1.1\r\n')).status, 400)
  sub.equal((await first(`GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(17_000)}`)).status, 431)
  sub.equal((await first(`GET /${'x'.repeat(17_000)}`)).status, 431)
})

void t.test('one whose head is not there in time hears that it was too slow', async (sub) => {
  const clock = new ManualClock()
  const { admin, ask } = await operate(sub, { admin: { clock, limits: { patienceMs: 5_000 } } })
  const nothing = raw(admin.address, '')
  const half = raw(admin.address, 'GET /livez HTTP/1.1\r\nHost: localh')
  // They have been accepted when one that came after them has its answer.
  sub.equal((await ask('/livez')).status, 200)
  clock.advance(4_990)
  sub.equal((await ask('/livez')).status, 200)
  sub.equal(await Promise.race([nothing, half, turn('still there')]), 'still there')
  clock.advance(30)
  sub.equal((await half).status, 408)
  sub.equal((await nothing).status, 408)
})

void t.test('of many that are too slow at once, a few at a time are told so', async (sub) => {
  const clock = new ManualClock()
  const { admin, ask } = await operate(sub, { admin: { clock, limits: { patienceMs: 5_000 } } })
  let gone = 0
  for (let i = 0; i < 10; i++) void raw(admin.address, '').then(() => gone++)
  sub.equal((await ask('/livez')).status, 200)
  clock.advance(4_990)
  for (const most of [4, 8, 10]) {
    clock.advance(10)
    await waitUntil(() => gone >= most)
    for (let i = 0; i < 20; i++) await turn()
    sub.equal(gone, most)
  }
})

void t.test('an admin that closes lets nobody in who has just asked', async (sub) => {
  const clock = new ManualClock()
  const { admin } = await operate(sub, { admin: { clock, limits: { patienceMs: 600_000 } } })
  const socket = rawSocket(admin.address)
  let got = ''
  socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')))
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  // All of these have their turn before it has.
  const before = Array.from({ length: 200 }, () => new Slice(clock).rest())
  socket.write(request('GET /livez'))
  for (let i = 0; i < 100; i++) await turn()
  await admin.close()
  await closed
  sub.equal(got, '')
  await Promise.all(before)
})

void t.test('one who leaves before its head is there is forgotten', async (sub) => {
  const { admin } = await operate(sub, { admin: { limits: { patienceMs: 600_000 } } })
  const ended = rawSocket(admin.address)
  ended.write('GET /livez HTTP/1.1\r\n')
  ended.resume()
  ended.end()
  await once(ended, 'close')
  const reset = rawSocket(admin.address)
  await once(reset, 'connect')
  reset.write('GET /livez HTTP/1.1\r\n')
  reset.resetAndDestroy()
  sub.equal((await raw(admin.address, request('GET /livez'))).status, 200)
  // And one that stays does not hold up the end.
  const stays = rawSocket(admin.address)
  stays.resume()
  await once(stays, 'connect')
  sub.equal((await raw(admin.address, request('GET /livez'))).status, 200)
  const closed = once(stays, 'close')
  await Promise.all([admin.close(), closed])
})

void t.test('where all places are taken, the one that waits longest makes room', async (sub) => {
  const limits = { connections: 4, patienceMs: 600_000 }
  const { admin } = await operate(sub, { admin: { limits } })
  const waiting = []
  for (let i = 0; i < 4; i++) {
    const socket = rawSocket(admin.address)
    socket.resume()
    await once(socket, 'connect')
    waiting.push({ socket, closed: once(socket, 'close') })
  }
  sub.equal((await raw(admin.address, request('GET /livez'))).status, 200)
  await waiting[0]?.closed
  sub.equal(
    await Promise.race([...waiting.slice(1).map(({ closed }) => closed), turn('they stay')]),
    'they stay',
  )
  for (const { socket } of waiting) socket.destroy()
})
