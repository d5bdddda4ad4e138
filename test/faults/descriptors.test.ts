import t from 'tap'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { get, ok, scripted, TextClient } from '../handlers/http/rig.ts'
import { connectTo } from '../helpers/sockets.ts'
import { IO_KINDS } from './rig.ts'
import { startBalancerProcess } from './start-balancer-process.ts'

/** Loading the program takes more than 64 where many of its files are opened at once. */
const FEW_DESCRIPTORS = 128
const MANY_IDLE = 8

for (const io of IO_KINDS) {
  void t.test(
    `F10: idle connections to backends give their descriptors to a request that needs one (${io})`,
    async (sub) => {
      await using busy = await scripted((connection) => {
        // Each holds a connection of its own until the last of them asks.
        connection.socket.once('data', () => {
          if (busy.text.split('GET ').length - 1 < MANY_IDLE) return
          for (const { socket } of busy.connections) socket.write(ok('a'))
        })
      })
      await using other = await scripted(() => {})
      await using lb = await startBalancerProcess({
        descriptors: FEW_DESCRIPTORS,
        options: {
          listen: '127.0.0.1:0',
          mode: 'http',
          backends: [`b=${other.port}`],
          pools: { busy: { backends: [busy.port] } },
          routes: [{ path: '/busy', pool: 'busy' }, { pool: 'main' }],
          check: 'off',
          maxConnections: 1_000,
          explain: true,
          io,
        },
      })
      const place = await lb.address()
      const clients: TextClient[] = []
      while ((await lb.descriptors()) < FEW_DESCRIPTORS - 2 * MANY_IDLE) {
        clients.push(new TextClient(await connectTo(place)))
        await waitUntil(async () => (await lb.snapshot()).listeners[0]?.active === clients.length)
      }
      for (const client of clients.slice(0, MANY_IDLE)) client.write(get('/busy'))
      for (const client of clients.slice(0, MANY_IDLE)) await client.received('\r\n\r\na')
      sub.equal(busy.active, MANY_IDLE, 'all are kept')
      // Each takes a descriptor more, until there is none.
      const asking = clients.slice(MANY_IDLE)
      let asked = 0
      while (!lb.seen.some(({ name }) => name === 'fault:local') && asked < asking.length) {
        asking[asked++]?.write(get('/held'))
        await waitUntil(() => other.connections.length === asked, { describe: `request ${asked}` })
        await (await other.connection(asked)).received('\r\n\r\n')
        await lb.snapshot() // What it has told of before is told by then.
      }
      sub.match(
        lb.seen.find(({ name }) => name === 'fault:local'),
        { payload: { code: 'EMFILE' } },
        `it came at request ${asked}`,
      )
      await waitUntil(() => busy.connections.every(({ session }) => session.fin))
      for (const { socket } of other.connections) socket.write(ok('b'))
      const answers = await Promise.all(asking.slice(0, asked).map((client) => client.received('\r\n\r\nb')))
      sub.strictSame(
        answers.filter((text) => text.includes('X-Fairlead-Tried: ')).length,
        1,
        'one had to try twice',
      )
      sub.match(answers.at(-1), /^HTTP\/1\.1 200 [^]*\r\nX-Fairlead-Tried: b \(EMFILE\)\r\n/)
      sub.match((await lb.snapshot()).pools[0]?.backends[0], {
        connectFailures: 0,
        ejected: false,
        healthy: true,
      })
      for (const client of clients) client.socket.end()
      await waitUntil(async () => (await lb.snapshot()).listeners[0]?.active === 0)
    },
  )
}
