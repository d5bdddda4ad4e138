import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { test } from 'tap'
import type { Address } from '../../src/core/address.ts'
import { ListenError } from '../../src/core/errors.ts'
import {
  descriptorLimit,
  openDescriptors,
  operatorDescriptors,
  sessionsWithin,
} from '../../src/net/descriptors.ts'
import { boundAddress, listen } from '../../src/net/listen.ts'
import { connectTo } from '../helpers/sockets.ts'

void test('a listener on a port', async (t) => {
  void t.test('0 gets a real one', async (sub) => {
    const asked: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }
    const server = await opened(sub, asked)
    const bound = boundAddress(server, asked)
    sub.match(bound, { kind: 'tcp', host: '127.0.0.1' })
    await connects(sub, bound)
  })

  void t.test('of :: takes IPv4 and IPv6', async (sub) => {
    const asked: Address = { kind: 'tcp', host: '::', port: 0 }
    const bound = boundAddress(await opened(sub, asked), asked)
    const { port } = bound as { port: number }
    await connects(sub, { kind: 'tcp', host: '127.0.0.1', port })
    await connects(sub, { kind: 'tcp', host: '::1', port })
  })

  void t.test('is attached to before anything can be accepted', async (sub) => {
    const attached: boolean[] = []
    const server = await listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, (it) =>
      attached.push(it.listening),
    )
    sub.teardown(() => server.close())
    sub.same(attached, [true])
  })

  void t.test('survives errors of single accepts', async (sub) => {
    const asked: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }
    const server = await opened(sub, asked)
    server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
    await connects(sub, boundAddress(server, asked))
  })

  void t.test(
    'that is taken, not ours or no port of this machine is a ListenError that says so',
    async (sub) => {
      const first = await opened(sub, { kind: 'tcp', host: '127.0.0.1', port: 0 })
      const taken = boundAddress(first, { kind: 'tcp', host: '127.0.0.1', port: 0 })
      await sub.rejects(listen(taken, unused), {
        name: 'ListenError',
        code: 'FAIRLEAD_LISTEN',
        message: /^address 127\.0\.0\.1:\d+ is already in use by another process$/,
        address: taken,
        cause: { code: 'EADDRINUSE' },
      })
      await sub.rejects(listen({ kind: 'tcp', host: '192.0.2.1', port: 80 }, unused), {
        message: '192.0.2.1:80 is not an address of this machine',
      })
      await connects(sub, taken)
    },
  )
})

void test('a listener on a unix socket', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const place = (name: string): { kind: 'unix'; path: string } => ({ kind: 'unix', path: join(folder, name) })

  void t.test('takes connections, and is gone with the listener', async (sub) => {
    const address = place('plain')
    const server = await opened(sub, address)
    sub.same(boundAddress(server, address), address)
    await connects(sub, address)
    server.close()
    await once(server, 'close')
    sub.equal(existsSync(address.path), false)
  })

  void t.test('replaces a file that its dead owner left behind', async (sub) => {
    const address = place('stale')
    await leaveStaleSocket(address.path)
    sub.ok(statSync(address.path).isSocket())
    await opened(sub, address)
    await connects(sub, address)
  })

  void t.test('leaves the socket of a living owner alone', async (sub) => {
    const address = place('living')
    const owner = await opened(sub, address)
    await sub.rejects(listen(address, unused), ListenError)
    await sub.rejects(listen(address, unused), { message: /already in use/ })
    sub.ok(owner.listening)
    await connects(sub, address)
  })

  void t.test('never deletes a file that is no socket', async (sub) => {
    const address = place('notes.txt')
    await writeFile(address.path, 'precious')
    await sub.rejects(listen(address, unused), { name: 'ListenError', message: /already in use/ })
    sub.equal(readFileSync(address.path, 'utf8'), 'precious')
  })

  void t.test('cannot be made in a folder that is not there', async (sub) => {
    await sub.rejects(listen(place('none/s'), unused), {
      message: /^(cannot listen on|not allowed to listen on) unix:/,
    })
  })
})

void test('descriptors', async (t) => {
  void t.test('allow half as many sessions as are left, and at least one', async (sub) => {
    sub.equal(sessionsWithin({ limit: 1_024, open: 24, reserve: 20 }), 490)
    sub.equal(sessionsWithin({ limit: 1_025, open: 24, reserve: 20 }), 490)
    sub.equal(sessionsWithin({ limit: 64, open: 24, reserve: 20 }), 10)
    sub.equal(sessionsWithin({ limit: 30, open: 24, reserve: 20 }), 1)
    sub.equal(sessionsWithin({ limit: Infinity, open: 24, reserve: 20 }), Infinity)
    sub.equal(operatorDescriptors(1_024), 256)
    sub.equal(operatorDescriptors(Infinity), 1_284)
  })

  void t.test('are counted as the system counts them', async (sub) => {
    const { soft } = reportedLimit()
    sub.equal(descriptorLimit(), soft === 'unlimited' ? Infinity : Number(soft))
    const before = openDescriptors()
    const servers = await Promise.all(
      Array.from({ length: 10 }, () => listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, unused)),
    )
    sub.equal(openDescriptors() - before, 10)
    for (const server of servers) server.close()
  })
})

function unused(): void {
  // Nothing is attached: the server's own events serve these tests.
}

async function opened(t: Test, address: Address): Promise<Server> {
  const server = await listen(address, unused)
  server.on('connection', (socket) => socket.on('error', unused).resume().end())
  t.teardown(() => server.close())
  return server
}

async function connects(t: Test, address: Address): Promise<void> {
  const socket = await connectTo(address)
  t.pass(`connected to ${JSON.stringify(address)}`)
  socket.destroy()
}

/** Under another name while its owner tidies up, the file outlives it, as after a kill. */
async function leaveStaleSocket(path: string): Promise<void> {
  const owner = createServer().listen(path)
  await once(owner, 'listening')
  await rename(path, `${path}.kept`)
  owner.close()
  await once(owner, 'close')
  await rename(`${path}.kept`, path)
}

function reportedLimit(): { soft: unknown } {
  const report = process.report.getReport() as unknown as {
    userLimits: { open_files: { soft: unknown } }
  }
  return report.userLimits.open_files
}
