import t from 'tap'
import { operate } from './rig.ts'

void t.test('status is the snapshot, and what is known of the process', async (sub) => {
  const { ask, balancer } = await operate(sub)
  const { status, headers, json } = await ask('/api/v1/status')
  sub.equal(status, 200)
  sub.equal(headers.get('etag'), `"${balancer.version}"`)
  const { process: facts, at, ...rest } = json as Record<string, unknown>
  const { at: _at, ...snapshot } = JSON.parse(JSON.stringify(balancer.snapshot())) as Record<string, unknown>
  sub.strictSame(rest, snapshot)
  sub.type(at, 'number')
  sub.match(facts, { pid: process.pid, node: process.versions.node, loop: { lagP99Ms: Number } })
})

void t.test('a backend is drained, and taken back', async (sub) => {
  const { ask, balancer } = await operate(sub)
  const path = '/api/v1/pools/main/backends/a'
  const drained = await ask(path, { method: 'PATCH', json: { mode: 'drain', weight: 7, maxConnections: 3 } })
  sub.equal(drained.status, 200)
  sub.match(drained.json, { id: 'a', mode: 'drain', weight: 7, maxConnections: 3 })
  sub.equal(drained.headers.get('etag'), `"${balancer.version}"`)
  sub.match(balancer.snapshot().pools[0]?.backends[0], { mode: 'drain', weight: 7 })
  const back = await ask(path, { method: 'PATCH', json: { mode: 'ready' } })
  sub.match(back.json, { mode: 'ready', weight: 7 })
})
