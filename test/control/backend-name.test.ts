import { test } from 'tap'
import { startBalancer } from '../../src/control/create-balancer.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { backendSpec, configOf, listenerConfig, poolConfig } from './configs.ts'
import { echo, open } from './reload-rig.ts'

void test('what a backend is called', async (t) => {
  const backend = await echoBackend()
  t.teardown(() => backend.stop())
  const named = (id: string) => {
    return backendSpec(id, 0, { address: { kind: 'tcp', host: '127.0.0.1', port: backend.port } })
  }
  // `db` stands first, and its backend is called as that of `web` with its pool.
  const balancer = await startBalancer(
    configOf(
      ['db', 'web', 'app'].map((pool) => listenerConfig(pool, { pool })),
      [
        poolConfig('db', { backends: [named('web/b')] }),
        poolConfig('web', { backends: [named('b')] }),
        poolConfig('app', { backends: [named('b')] }),
      ],
    ),
  )
  t.teardown(() => balancer.close())
  for (const { address } of balancer.snapshot().listeners) {
    const client = await open(Number(address.split(':').at(-1)))
    t.teardown(() => client.destroy())
    await echo(client, 'hello')
  }
  const sessionsOf = (name: string): string[] => balancer.sessions({ backend: name }).map(({ pool }) => pool)

  t.same(sessionsOf('b'), ['web', 'app'], 'an id means those of all pools')
  t.same(sessionsOf('app/b'), ['app'])
  t.same(
    sessionsOf('web/b'),
    ['web'],
    'with its pool it means what it says, though another bears that as its id',
  )
  t.same(sessionsOf('db/web/b'), ['db'])
  t.same(sessionsOf('web/'), [])
  t.same(balancer.sessions({ backend: 'web/b', pool: 'app' }), [])

  balancer.setMode('web/b', 'drain')
  const modes = () => balancer.snapshot().pools.map(({ backends }) => backends[0]?.mode)
  t.same(modes(), ['ready', 'drain', 'ready'])

  t.equal(balancer.killSessions({ backend: 'app/b' }), 1)
  t.equal(balancer.killSessions({ backend: 'web/b' }), 1)
  balancer.removeBackend('web/b')
  t.same(sessionsOf('web/b'), ['db'], 'nothing else is called so any more')
})

void test('what is no text names no backend, and is told so', async (t) => {
  await using balancer = await startBalancer(
    configOf(
      [listenerConfig('web', { pool: 'web' })],
      [poolConfig('web', { backends: [backendSpec('a', 3001)] })],
    ),
  )
  for (const odd of [5, null, undefined, {}, Symbol('x')] as unknown[]) {
    const id = odd as string
    const refusal = { code: 'FAIRLEAD_CONFIG', message: /^backend: must be named by a text, not / }
    t.throws(() => balancer.setMode(id, 'drain'), refusal)
    t.throws(() => balancer.setWeight(id, 1), refusal)
    t.throws(() => balancer.setMaxConnections(id, 1), refusal)
    t.throws(() => balancer.removeBackend(id), refusal)
    await t.rejects(balancer.whenIdle(id), refusal)
    const filterRefusal = { code: 'FAIRLEAD_CONFIG', message: /^backend: must be a text, not / }
    if (odd !== undefined) t.throws(() => balancer.sessions({ backend: id }), filterRefusal)
  }
  t.equal(balancer.snapshot().pools[0]?.backends.length, 1)
})
