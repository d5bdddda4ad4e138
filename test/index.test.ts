import { test } from 'tap'
import * as fairlead from '../src/index.ts'
import type {
  BackendRef,
  Balancer,
  BalancerEvents,
  BalancerOptions,
  Clock,
  Config,
  ControlPort,
  Explanation,
  ExplainRequest,
  LiveSnapshot,
  PassingSnapshot,
  Probe,
  ReloadReport,
  SessionFilter,
  SessionSnapshot,
  Snapshot,
  Steps,
  StrategyFactory,
} from '../src/index.ts'
import { echoBackend } from '../src/testing/echo-backend.ts'
import { connectTo, readAll } from './helpers/sockets.ts'

void test('the package exports what its users need, and nothing by accident', (t) => {
  t.same(Object.keys(fairlead).toSorted(), [
    'ClosedError',
    'ConfigError',
    'FairleadError',
    'FaultsOffError',
    'LeakError',
    'ListenError',
    'UnknownBackendError',
    'WaitTimeoutError',
    'createBalancer',
    'defineConfig',
    'formatAddress',
    'startAdmin',
  ])
  t.end()
})

void test('everything that is thrown on purpose is a FairleadError with a code', async (t) => {
  const { createBalancer, FairleadError, ConfigError, ListenError } = fairlead
  const invalid: unknown = await createBalancer({ listen: 70_000, backends: [] }).catch(
    (error: unknown) => error,
  )
  t.ok(invalid instanceof ConfigError && invalid instanceof FairleadError)
  const elsewhere: unknown = await createBalancer({ listen: '192.0.2.1:80', backends: [] }).catch(
    (error: unknown) => error,
  )
  t.ok(elsewhere instanceof ListenError && elsewhere instanceof FairleadError)
})

const strategy: StrategyFactory = ({ random }) => {
  let backends: Parameters<ReturnType<StrategyFactory>['update']>[0] = []
  return {
    update: (eligible) => {
      backends = eligible
    },
    pick: (_client, skip) => backends.find((backend) => skip?.has(backend) !== true && random() >= 0),
  }
}
const probe: Probe = (address) =>
  Promise.resolve({ ok: true, code: 'L7OK', text: fairlead.formatAddress(address) })
const clock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}

/** What methods take and give has a name: without it nobody can pass it on, and TypeScript writes no declarations of it. */
const passedOn = {
  explain: (lb: Balancer, request: ExplainRequest): Explanation => lb.explain(request),
  reconfigure: (lb: Balancer, next: BalancerOptions): Promise<ReloadReport> => lb.reconfigure(next),
  sessions: (lb: Balancer, filter: SessionFilter): readonly SessionSnapshot[] => lb.sessions(filter),
  down: (lb: Balancer): Promise<BackendRef & { readonly reason: string }> => lb.waitFor('backend:down'),
  config: (lb: Balancer): Config => lb.config,
  live: (lb: ControlPort): Steps<LiveSnapshot> => lb.liveSnapshot(),
  passing: (lb: ControlPort): Steps<PassingSnapshot> => lb.passingSnapshot(),
}

void test('what its methods take and give can be passed on by name', async (t) => {
  await using lb = await fairlead.createBalancer({ listen: '127.0.0.1:0', backends: [] })
  t.equal(passedOn.explain(lb, { client: '10.0.0.7' }).pool, 'main')
  t.same(passedOn.sessions(lb, { client: '10.0.0.7' }), [])
  t.equal(passedOn.config(lb).pools.length, 1)
  t.same([...passedOn.live(lb), ...passedOn.passing(lb)], [], 'nothing is so big that it takes a second step')
  t.ok((await passedOn.reconfigure(lb, { listen: '127.0.0.1:0', backends: [3001] })).ok)
  const down = passedOn.down(lb)
  await lb.close()
  await t.rejects(down, fairlead.ClosedError)
})

void test('the types serve: a strategy, a probe, a clock and listeners of one’s own', async (t) => {
  await using backend = await echoBackend()
  const options: BalancerOptions = {
    listen: '127.0.0.1:0',
    backends: [{ address: backend.port, id: 'a', weight: 2 }],
    balance: strategy,
    check: probe,
    checkInterval: '20ms',
    clock,
    random: () => 0.5,
  }
  await using balancer = await fairlead.createBalancer(options)
  const ends: BalancerEvents['session:close'][0][] = []
  balancer.on('session:close', (end) => ends.push(end))
  const checked = new Promise<string>((resolve) =>
    balancer.once('backend:check', ({ result }) => resolve(result.text)),
  )
  const socket = await connectTo(balancer.address)
  socket.end('hello')
  t.equal((await readAll(socket)).bytes.toString(), 'hello')
  t.equal(await checked, `127.0.0.1:${backend.port}`)
  await balancer.drain()
  t.match(ends, [{ backend: 'a', code: '--', bytesIn: 5, bytesOut: 5 }])
  const snapshot: Snapshot = balancer.snapshot()
  t.equal(snapshot.state, 'closed')
})
