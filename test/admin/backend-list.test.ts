import t from 'tap'
import { backendList, writtenPool } from '../../src/admin/backend-list.ts'
import { jsonPieces } from '../../src/admin/http/pieces.ts'
import type { Piece } from '../../src/admin/http/pieces.ts'
import { BackendView } from '../../src/control/backend-view.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import type { PassingPool } from '../../src/control/take-snapshot.ts'
import type { BackendSnapshot, LiveBackend, PoolSnapshot } from '../../src/core/snapshot.ts'
import { runSteps } from '../../src/core/steps.ts'
import { backendWith } from '../dashboard/snapshots.ts'

const NEW = backendWith({
  connectTime: { boundsMs: [0.1, 1], counts: [0, 0, 0], sumMs: 0 },
  sessionTime: { boundsMs: [1], counts: [0, 0], sumMs: 0 },
  healthySince: 1_795_308_016_441,
})
const USED: BackendSnapshot = {
  ...NEW,
  id: '"}],"x":[{\n\u2028ü\ud800',
  address: 'unix:/run/"x".sock',
  mode: 'drain',
  healthy: false,
  ejected: true,
  effectiveWeight: 0.1 * 7,
  backup: true,
  connectTime: { boundsMs: [0.1, 1], counts: [2 ** 40, 0, 7], sumMs: 1_234.567 },
  bytesToClient: 2 ** 52,
  lastCheck: { ok: false, code: 'L7STS', text: 'HTTP/1.1 503 "\\', durationMs: 0.25 },
  lastCheckAt: 1_795_308_016_442,
  healthReason: '3 checks in a row: "no"',
  requests: {
    answers: { '2xx': 41, '5xx': 1 },
    failed: 2,
    firstByte: { boundsMs: [1], counts: [1, 2], sumMs: 0.5 },
    total: { boundsMs: [1], counts: [3, 4], sumMs: 12 },
  },
}

function textOf(pieces: Iterable<Piece>): string {
  return Buffer.concat([...pieces].map((piece) => Buffer.from(piece ?? ''))).toString()
}

/** As whoever reads the JSON has it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

void t.test('backends are JSON as it would be written in one go', (sub) => {
  sub.strictSame(JSON.parse(textOf(backendList([{ backends: [NEW, USED] }]))), plain([NEW, USED]))
  sub.equal(textOf(backendList([])), '[]')
  sub.equal(textOf(backendList([{ backends: [] }])), '[]')
  sub.end()
})

void t.test('in a list of all pools each says which it is of', (sub) => {
  const pools = [
    { name: 'we"b', backends: [NEW] },
    { name: 'empty', backends: [] },
    { name: 'db', backends: [USED] },
  ]
  const expected = [
    { ...NEW, pool: 'we"b' },
    { ...USED, pool: 'db' },
  ]
  sub.strictSame(JSON.parse(textOf(backendList(pools))), plain(expected))
  sub.end()
})

void t.test('sums of times are told to the microsecond', (sub) => {
  const connectTime = { ...NEW.connectTime, sumMs: 0.1 + 0.2 }
  sub.match(JSON.parse(textOf(backendList([{ backends: [{ ...NEW, connectTime }] }]))), [
    { connectTime: { sumMs: 0.3 } },
  ])
  sub.end()
})

void t.test('a thousand come in pieces, of which none is a whole turn of work', (sub) => {
  const backends = Array.from({ length: 1_000 }, () => NEW)
  const pieces = [...backendList([{ backends }])]
  sub.equal(pieces.length, 1_001, 'a look at the clock is possible after each')
  sub.strictSame(JSON.parse(textOf(pieces)), plain(backends))
  sub.end()
})

void t.test('a balancer shows its backends passing by as it shows them in a snapshot', async (sub) => {
  await using balancer = await createBalancer({
    listen: '127.0.0.1:0',
    backends: ['a=127.0.0.1:1@3', 'b=127.0.0.1:2'],
    check: 'off',
  })
  balancer.setMode('b', 'maint')
  const { pools } = runSteps(balancer.passingSnapshot())
  const text = textOf(jsonPieces(pools.map((pool: PassingPool): PoolSnapshot<unknown> => writtenPool(pool))))
  sub.equal(text, JSON.stringify(balancer.snapshot().pools))
})

void t.test('a view shows another backend once it is told to', async (sub) => {
  await using balancer = await createBalancer({
    listen: '127.0.0.1:0',
    backends: ['a=127.0.0.1:1', 'b=127.0.0.1:2'],
    check: 'off',
  })
  const [pool] = runSteps(balancer.passingSnapshot()).pools
  const seen: LiveBackend[] = []
  const ids: string[] = []
  for (const backend of pool?.backends ?? []) {
    seen.push(backend)
    ids.push(backend.id)
  }
  sub.same(ids, ['a', 'b'])
  sub.ok(seen.every((view) => view instanceof BackendView && view === seen[0] && view.id === 'b'))
})
