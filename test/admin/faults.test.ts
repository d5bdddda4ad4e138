import t from 'tap'
import { operate } from './rig.ts'

void t.test('faults are added, seen and removed', async (sub) => {
  const { ask, balancer } = await operate(sub, { faults: true })
  sub.strictSame((await ask('/api/v1/faults')).json, { faults: [] })
  const added = await ask('/api/v1/faults', {
    method: 'POST',
    json: { type: 'latency', latencyMs: 200, pool: 'main', name: 'slow' },
  })
  const slow = {
    type: 'latency',
    latencyMs: 200,
    pool: 'main',
    name: 'slow',
    on: 'backend',
    direction: 'downstream',
    hits: 0,
    isSpent: false,
  }
  sub.equal(added.status, 201)
  sub.equal(added.headers.get('location'), '/api/v1/faults/slow')
  sub.strictSame(added.json, slow)
  sub.strictSame((await ask('/api/v1/faults/slow')).json, slow)
  sub.strictSame((await ask('/api/v1/faults')).json, { faults: [slow] })
  sub.equal(balancer.faults.list().length, 1)
  sub.match(await ask('/api/v1/faults/slow', { method: 'DELETE' }), { status: 200, json: slow })
  sub.match(await ask('/api/v1/faults/slow', { method: 'DELETE' }), { status: 404 })
  await ask('/api/v1/faults', { method: 'POST', json: { type: 'refuse' } })
  sub.strictSame((await ask('/api/v1/faults', { method: 'DELETE' })).json, { removed: 1 })
  sub.same(balancer.faults.list(), [])
})

void t.test('what is no fault is told', async (sub) => {
  const { ask } = await operate(sub, { faults: true })
  const post = async (json: unknown): Promise<unknown> =>
    (await ask('/api/v1/faults', { method: 'POST', json })).text
  sub.match(await post({ type: 'latency' }), /latencyMs.*missing: milliseconds/)
  sub.match(await post({ type: 'corrupt', probability: 1 }), /allowCorruption/)
  sub.match(await post({ type: 'nonsense' }), /type/)
  sub.match(await post({ type: 'refuse', match: 'x' }), /match/)
})

void t.test(
  'faults that are switched off cannot be reached, and the answer says how to switch them on',
  async (sub) => {
    const { ask, balancer } = await operate(sub)
    const asked = [
      await ask('/api/v1/faults'),
      await ask('/api/v1/faults', { method: 'POST', json: { type: 'refuse' } }),
      await ask('/api/v1/faults/x', { method: 'DELETE' }),
      await ask('/api/v1/faults', { method: 'DELETE' }),
    ]
    for (const { status, text } of asked) {
      sub.equal(status, 404)
      sub.match(text, /FAIRLEAD_FAULTS_OFF.*--faults/)
    }
    sub.throws(() => balancer.faults)
  },
)
