import t from 'tap'
import type { Test } from 'tap'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import type { RequestEnd } from '../../src/core/events.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { TextClient } from '../handlers/http/rig.ts'
import { connectTo } from '../helpers/sockets.ts'
import { turns } from '../net/conn-rig.ts'
import { closeClean, IO_KINDS } from './rig.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc'

interface Run {
  readonly lb: Balancer
  readonly clock: ManualClock
  readonly ends: RequestEnd[]
  readonly client: () => Promise<TextClient>
  readonly turnUntil: (isSo: () => boolean) => Promise<void>
}

/** Two web servers, a and b, behind a balancer in HTTP mode. */
function overBoth(
  name: string,
  body: (sub: Test, run: Run) => Promise<void>,
  options: Partial<BalancerOptions> = {},
): void {
  for (const io of IO_KINDS) {
    void t.test(`${name} (${io})`, async (sub) => {
      await using a = await httpBackend({ name: 'a' })
      await using b = await httpBackend({ name: 'b' })
      const clock = new ManualClock()
      await using lb = await createBalancer({
        listen: '127.0.0.1:0',
        backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`],
        mode: 'http',
        check: 'off',
        balance: 'first',
        faults: true,
        io,
        clock,
        random: seededRandom(1),
        ...options,
      })
      const ends: RequestEnd[] = []
      lb.on('request:end', (end) => ends.push(end))
      const clients: TextClient[] = []
      const run: Run = {
        lb,
        clock,
        ends,
        client: async () => {
          const client = new TextClient(await connectTo({ kind: 'tcp', host: '127.0.0.1', port: lb.port }))
          clients.push(client)
          return client
        },
        turnUntil: async (isSo) => {
          for (let step = 0; !isSo(); step++) {
            if (step > 5_000) throw new Error('not so after a long time on the clock')
            await clock.advanceAsync(20)
            await turns(3)
          }
        },
      }
      await body(sub, run)
      for (const client of clients) await client[Symbol.asyncDispose]()
      await run.turnUntil(() => lb.snapshot().listeners[0]?.active === 0)
      await closeClean(lb)
    })
  }
}

overBoth(
  'a backend that resets costs a GET nothing, and a POST a 502',
  async (sub, { lb, ends, client, turnUntil }) => {
    const fault = lb.faults.add({ type: 'reset_peer', backend: 'a', name: 'cut' })
    const one = await client()
    one.socket.write(GET)
    await turnUntil(() => ends.length === 1)
    sub.match(ends[0], {
      status: 200,
      backend: 'b',
      tried: [{ backend: 'a', reason: 'ECONNRESET' }],
      faults: ['cut'],
    })
    one.socket.write(POST)
    await turnUntil(() => ends.length === 2)
    sub.match(ends[1], { status: 502, code: 'SH', faults: ['cut'] })
    fault.remove()
    one.socket.write(POST)
    await turnUntil(() => ends.length === 3)
    sub.match(ends[2], { status: 200, backend: 'a', faults: [] })
  },
)

overBoth('a refused connect goes on to the next backend', async (sub, { lb, ends, client, turnUntil }) => {
  lb.faults.add({ type: 'refuse', backend: 'main/a', times: 1, name: 'no' })
  const one = await client()
  one.socket.write(GET + GET)
  await turnUntil(() => ends.length === 2)
  sub.match(ends, [
    { backend: 'b', tried: [{ backend: 'a', reason: 'ECONNREFUSED' }], faults: ['no'] },
    { backend: 'a', tried: [], faults: [] },
  ])
})

overBoth('a backend that says nothing costs a 504', async (sub, { lb, ends, client, turnUntil }) => {
  const fault = lb.faults.add({ type: 'timeout', direction: 'downstream', name: 'hole' })
  const one = await client()
  one.socket.write(GET)
  await waitUntil(() => fault.hits === 1)
  await turnUntil(() => ends.length === 1)
  sub.match(ends, [{ status: 504, code: 'sH', faults: ['hole'] }])
  sub.match(one.text, /^HTTP\/1\.1 504 /)
})

overBoth(
  'a fault of one session follows it over connections that are kept alive',
  async (sub, { lb, ends, client, turnUntil }) => {
    const [one, two] = [await client(), await client()]
    one.socket.write(GET)
    await turnUntil(() => ends.length === 1)
    const second = 2
    const fault = lb.faults.add({ type: 'latency', latencyMs: 300, session: second, name: 'slow' })
    two.socket.write(GET)
    await waitUntil(() => fault.hits === 1)
    await turns()
    sub.equal(ends.length, 1)
    await turnUntil(() => ends.length === 2)
    one.socket.write(GET)
    await waitUntil(() => ends.length === 3)
    sub.same(
      ends.map(({ session, faults }) => [session, ...faults]),
      [[1], [second, 'slow'], [1]],
    )
    sub.ok((ends[1]?.firstByteMs ?? 0) >= 300)
    sub.equal(lb.snapshot().pools[0]?.backends[0]?.sessions, 3)
  },
)

overBoth(
  'a response is cut on its way to the client, with a clean end or a reset',
  async (sub, { lb, ends, client, turnUntil }) => {
    for (const spec of [
      { type: 'limit_data', bytes: 30, listener: 'main' },
      { type: 'reset_peer', afterBytes: 30, listener: 'main' },
    ] as const) {
      using fault = lb.faults.add({ ...spec, times: 1 })
      const one = await client()
      one.socket.write(GET)
      await turnUntil(() => one.end !== undefined)
      sub.match(one.text, /^HTTP\/1\.1 200 OK\r\n/)
      sub.equal(one.text.length, 30)
      sub.equal(fault.hits, 1)
      const other = await client()
      other.socket.write(GET)
      await waitUntil(() => other.text.endsWith('\n'))
    }
    sub.ok(ends.length >= 2)
  },
)

overBoth('a slow line to the client slows no other', async (sub, { lb, ends, client, turnUntil }) => {
  lb.faults.add({ type: 'bandwidth', bytesPerSecond: 1_000, on: 'client', session: 1 })
  const [slow, quick] = [await client(), await client()]
  slow.socket.write(GET + GET)
  quick.socket.write(GET)
  await waitUntil(() => quick.text.endsWith('\n'))
  sub.equal(slow.text, '')
  await turnUntil(() => ends.length === 3 && slow.text.length === 2 * quick.text.length)
  sub.equal(slow.text.split('HTTP/1.1 200 OK').length, 3)
})
