import { test } from 'tap'
import type { Test } from 'tap'
import type { BackendSnapshot } from '../../src/core/snapshot.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readBytes } from '../helpers/sockets.ts'
import type { Asked, Operated } from './rig.ts'
import { operate } from './rig.ts'

const POOL = '/api/v1/pools/main'
const REFUSED = { status: 409, json: { error: { code: 'FAIRLEAD_CHANGED_MEANWHILE' } } }

interface Busy extends Operated {
  /** Of pool `main`. */
  readonly backend: () => BackendSnapshot | undefined
  /** Asks for the removal of its backend, which would reset the session, and does the rest while that waits. */
  readonly removing: (meanwhile: () => unknown) => Promise<Asked>
}

/** A pool `main`, whose backend `a` has one session. */
async function busy(t: Test): Promise<Busy> {
  const echo = await echoBackend()
  t.teardown(() => echo.stop())
  const operated = await operate(t, { backends: [`a=127.0.0.1:${echo.port}`] })
  const { balancer, ask } = operated
  const client = await connectTo(balancer.address)
  t.teardown(() => client.destroy())
  client.write('x')
  await readBytes(client, 1)
  const backend = () => balancer.snapshot().pools.find(({ name }) => name === 'main')?.backends[0]
  const removing = async (meanwhile: () => unknown): Promise<Asked> => {
    const removal = ask(`${POOL}/backends/a?wait=1h&close=true`, { method: 'DELETE' })
    await waitUntil(() => backend()?.mode === 'drain')
    await meanwhile()
    const answer = await removal
    t.equal(balancer.sessionCount, 1, 'no session was reset')
    return answer
  }
  return { ...operated, backend, removing }
}

void test('a removal that waits', async (t) => {
  void t.test('gives way to who sets the mode', async (sub) => {
    const { balancer, backend, removing } = await busy(sub)
    sub.match(await removing(() => balancer.setMode('a', 'ready')), REFUSED)
    sub.match(backend(), { mode: 'ready', active: 1 })
    sub.match(await removing(() => balancer.setMode('a', 'maint')), REFUSED)
    sub.match(backend(), { mode: 'maint', active: 1 })
  })

  void t.test('does not take another backend that was added under its name', async (sub) => {
    const { balancer, backend, removing } = await busy(sub)
    const answer = await removing(() => {
      balancer.removeBackend('a')
      balancer.addBackend('a=127.0.0.1:1')
    })
    sub.match(answer, REFUSED)
    sub.match(backend(), { address: '127.0.0.1:1', mode: 'ready' })
  })

  void t.test('does not take another backend that a reload put in its place', async (sub) => {
    const { balancer, backend, removing } = await busy(sub)
    const answer = await removing(() =>
      balancer.reconfigure({ listen: '127.0.0.1:0', backends: ['a=127.0.0.1:1'], check: 'off' }),
    )
    sub.match(answer, REFUSED)
    sub.match(backend(), { address: '127.0.0.1:1', mode: 'drain' })
  })

  void t.test('finds nothing to remove once somebody has removed it', async (sub) => {
    const { balancer, removing } = await busy(sub)
    sub.equal((await removing(() => balancer.removeBackend('a'))).status, 404)
  })

  void t.test('is no concern of others of that name in other pools', async (sub) => {
    const { balancer, ask, backend } = await busy(sub)
    const removal = ask(`${POOL}/backends/a?wait=1h`, { method: 'DELETE' })
    await waitUntil(() => backend()?.mode === 'drain')
    balancer.emit('backend:mode', { id: 'a', pool: 'other', mode: 'ready' })
    balancer.emit('backend:remove', { id: 'a', pool: 'other' })
    balancer.emit('backend:remove', { id: 'b', pool: 'main' })
    balancer.killSessions({ backend: 'a' })
    sub.match(await removal, { status: 200, json: { removed: true, idle: true } })
  })

  void t.test('hears of nothing any more once it is over', async (sub) => {
    const { balancer, removing } = await busy(sub)
    const heard = () =>
      (['backend:mode', 'backend:remove', 'config:reload'] as const).map((name) =>
        balancer.listenerCount(name),
      )
    const before = heard()
    await removing(() => {
      sub.same(
        heard(),
        before.map((count) => count + 1),
      )
      balancer.setMode('a', 'ready')
    })
    sub.same(heard(), before)
  })

  void t.test('finds nothing to remove once its pool has gone', async (sub) => {
    const { balancer, removing } = await busy(sub)
    const { config } = balancer
    const name = 'other'
    const renamed = {
      ...config,
      listeners: config.listeners.map((listener) => ({ ...listener, pool: name })),
      pools: config.pools.map((pool) => ({ ...pool, name })),
    }
    sub.equal((await removing(() => balancer.reload(renamed))).status, 404)
  })
})
