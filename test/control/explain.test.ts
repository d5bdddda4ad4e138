import t from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import type { Explanation, ExplainRequest } from '../../src/core/explanation.ts'
import type { Strategy } from '../../src/core/strategy.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'

function start(options: Partial<BalancerOptions>): Promise<Balancer> {
  return createBalancer({ listen: '127.0.0.1:0', check: 'off', clock: new ManualClock(), ...options })
}

/** `id verdict chance: reason`, one line each. */
function linesOf({ backends }: Explanation): string[] {
  return backends.map(({ id, verdict, chance, reason }) => `${id} ${verdict} ${String(chance)}: ${reason}`)
}

void t.test('tells the very next pick of round-robin, as often as it is asked', async (sub) => {
  await using one = await echoBackend()
  await using other = await echoBackend()
  await using balancer = await start({ backends: [`a=${one.port}@2`, `b=${other.port}`] })
  const served: unknown[] = []
  const told: unknown[] = []
  balancer.on('session:close', ({ backend }) => served.push(backend))
  for (let i = 0; i < 6; i++) {
    for (let again = 0; again < 100; again++) balancer.explain({})
    const explanation = balancer.explain({})
    told.push(explanation.backend)
    if (i === 0) {
      sub.equal(explanation.summary, '127.0.0.1 gets a of pool main, by round-robin')
      sub.strictSame(linesOf(explanation), [
        'a picked 1: picked: its turn by round-robin; 0 open sessions, weight 2',
        'b not-its-turn 0: serves, but round-robin picks a; 0 open sessions, weight 1',
      ])
    }
    const socket = await connectTo(balancer.address)
    socket.end()
    await readAll(socket)
    await waitUntil(() => served.length === i + 1)
  }
  sub.strictSame(told, served)
  sub.strictSame(told, ['a', 'b', 'a', 'a', 'b', 'a'])
})

void t.test('tells what operators did, and that a backup is not needed until it is', async (sub) => {
  await using balancer = await start({ backends: ['a=1', 'b=2', 'c=3', 'd=4'], backup: ['s=9'] })
  balancer.setMode('a', 'maint')
  balancer.setMode('b', 'drain')
  balancer.setWeight('c', 0)
  sub.strictSame(linesOf(balancer.explain({ client: '10.0.0.1' })), [
    'a maint 0: in maintenance, by an operator: no sessions, no checks',
    'b drain 0: drains, by an operator: no new clients, 0 sessions live on',
    'c weight-0 0: weight 0: takes no new sessions',
    'd picked 1: picked: its turn by round-robin; 0 open sessions, weight 1',
    's backup-not-needed 0: backup: not needed while d serves',
  ])
  balancer.setMode('d', 'maint')
  sub.equal(balancer.explain({}).backend, 's')
  balancer.setMode('s', 'maint')
  const none = balancer.explain({})
  sub.equal(none.backend, undefined)
  sub.equal(none.summary, '127.0.0.1 gets no backend: none of pool main serves')
})

void t.test(
  'tells who is down, since when and why; and that it is tried all the same where all are',
  async (sub) => {
    const clock = new ManualClock()
    await using refusing = await refusingPort()
    const options = { backends: [`a=${refusing.port}`], check: 'tcp', initial: 'down', clock } as const
    await using balancer = await start(options)
    sub.strictSame(linesOf(balancer.explain({})), ['a down 0: down: no check has passed yet'])
    await using trying = await start({ ...options, initial: 'up', whenAllDown: 'try' })
    await waitForEvent(trying, 'backend:down')
    clock.advance(1)
    const [line] = linesOf(trying.explain({}))
    sub.match(
      line,
      /^a picked 1: picked: its turn by round-robin \(tried since none is up: down since 1s: L4CON: /,
    )
    await using failing = await start({ ...options, initial: 'up' })
    await waitForEvent(failing, 'backend:down')
    sub.match(
      linesOf(failing.explain({}))[0],
      /^a down 0: down since \d+s: L4CON: .*ECONNREFUSED.* \(first check\)$/,
    )
  },
)

void t.test('tells who is ejected and for how long', async (sub) => {
  const clock = new ManualClock()
  await using refusing = await refusingPort()
  await using echo = await echoBackend()
  await using balancer = await start({
    backends: [`a=${refusing.port}@256`, `b=${echo.port}`],
    clock,
    balance: 'first',
  })
  const ejected = waitForEvent(balancer, 'backend:eject')
  for (let i = 0; i < 3; i++) {
    const socket = await connectTo(balancer.address)
    socket.end()
    await readAll(socket)
  }
  await ejected
  clock.advance(2_000)
  sub.strictSame(linesOf(balancer.explain({})), [
    'a ejected 0: ejected for 8s more after 3 failed connects',
    'b picked 1: picked: the first that has room; 0 open sessions, weight 1',
  ])
})

void t.test('tells who is full, and that the client would wait', async (sub) => {
  await using echo = await echoBackend()
  await using balancer = await start({ backends: [`a=${echo.port}`], backendMaxConnections: 1, maxQueue: 1 })
  const socket = await connectTo(balancer.address)
  socket.write('x')
  await readBytes(socket, 1)
  const explanation = balancer.explain({})
  sub.strictSame(linesOf(explanation), ['a full 0: full: 1 of 1 sessions'])
  sub.equal(explanation.summary, '127.0.0.1 waits: all of pool main are full, 0 wait already')
  const waiting = await connectTo(balancer.address)
  await waitUntil(() => balancer.snapshot().pools[0]?.queued === 1)
  sub.match(balancer.explain({}).summary, /all of pool main are full, and so is its queue$/)
  waiting.destroy()
  socket.destroy()
})

void t.test(
  'tells the chances where chance decides, and none where a strategy of the user cannot',
  async (sub) => {
    await using random = await start({ backends: ['a=1@3', 'b=2'], balance: 'random' })
    const explanation = random.explain({})
    sub.equal(explanation.backend, undefined)
    sub.equal(explanation.summary, '127.0.0.1 gets one of 2 backends of pool main, by chance (random)')
    sub.strictSame(linesOf(explanation), [
      'a possible 0.75: 75% by random; 0 open sessions, weight 3',
      'b possible 0.25: 25% by random; 0 open sessions, weight 1',
    ])
    await using custom = await start({ backends: ['a=1'], balance: noOdds })
    sub.match(custom.explain({}).summary, /it cannot be asked ahead$/)
    sub.strictSame(linesOf(custom.explain({})), [
      'a possible undefined: custom decides; 0 open sessions, weight 1',
    ])
  },
)

void t.test('tells which route takes a request, and where a cookie or a field leads', async (sub) => {
  await using balancer = await start({
    mode: 'http',
    pools: {
      api: { backends: ['a=1', 'b=2'], sticky: 'header:x-user' },
      web: { backends: ['c=3', 'd=4'], sticky: 'cookie' },
    },
    routes: [
      { host: 'app.test', path: '/api', pool: 'api' },
      { host: '*.test', pool: 'web' },
    ],
  })
  const api = balancer.explain({ host: 'APP.test:80', path: '/api/x?y', headers: { 'x-user': 'kim' } })
  sub.match(api, { pool: 'api', route: 'host app.test, path /api' })
  sub.match(api.summary, /^127\.0\.0\.1 gets [ab] of pool api, by its header x-user$/)
  for (let i = 0; i < 10; i++) {
    const again = balancer.explain({ host: 'app.test', path: '/api', headers: { 'x-user': 'kim' } })
    sub.equal(again.backend, api.backend)
  }
  sub.match(
    linesOf(api)
      .toSorted((x, y) => x.length - y.length)
      .at(-1),
    /its header x-user leads to [ab]|where its header/,
  )
  sub.match(balancer.explain({ host: 'x.test', headers: { cookie: 'fairlead=made-up' } }), {
    pool: 'web',
    route: 'host *.test, path /',
    backend: 'c',
  })
  sub.match(balancer.explain({ host: 'other.org' }), {
    pool: undefined,
    backend: undefined,
    summary: 'no route takes "other.org" /: the client gets 404',
  })
})

void t.test('refuses what cannot be', async (sub) => {
  await using balancer = await start({ backends: [1], mode: 'http' })
  sub.throws(() => balancer.explain({ listener: 'x' }), {
    message: 'listener: no listener "x"; there are: main',
  })
  sub.throws(() => balancer.explain({ client: 'kim' }), { message: 'client: "kim" is no IP address' })
  sub.throws(() => balancer.explain({ path: '/a b' }), {
    message: /^request: such a request would be refused: /,
  })
  for (const [request, message] of NO_REQUESTS)
    sub.throws(() => balancer.explain(request as ExplainRequest), { code: 'FAIRLEAD_CONFIG', message })
})

/** Plain JavaScript may give them. None means the default. */
const NO_REQUESTS: readonly (readonly [request: unknown, message: string])[] = [
  ['10.0.0.7', 'a request to explain must be an object, not "10.0.0.7"'],
  [null, 'a request to explain must be an object, not null'],
  [{ clinet: '10.0.0.7' }, 'clinet: is no field of a request to explain; did you mean client?'],
  [{ client: 7 }, 'client: must be a text, not 7'],
  [{ headers: { cookie: 7 } }, 'headers: must be an object of texts, not {"cookie":7}'],
]

function noOdds(): Strategy {
  return { update: () => {}, pick: () => undefined }
}
