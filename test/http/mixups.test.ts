import t from 'tap'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { openDescriptors, overBothIos } from '../faults/rig.ts'
import { unrulyBackend } from './unruly-backend.ts'
import { unrulyLoad } from './unruly-load.ts'

const CONNECTIONS = 64
const REQUESTS = 6_000

for (const seed of [1, 2]) {
  overBothIos(
    t,
    `resets on all sides mix up no answers, and end none as if it were whole (seed ${seed})`,
    async (sub, start) => {
      const before = openDescriptors()
      const random = seededRandom(seed)
      const backends = await Promise.all([1, 2, 3].map(() => unrulyBackend(random)))
      const listening = openDescriptors()
      const lb = await start({
        mode: 'http',
        backends: backends.map(({ port }) => port),
        balance: seed === 1 ? 'round-robin' : 'least-connections',
        eject: false,
      })
      const totals = await unrulyLoad({ port: lb.port, connections: CONNECTIONS, requests: REQUESTS, random })
      sub.strictSame(totals.wrong, [])
      const { whole, refused, cut, aborted } = totals
      sub.equal(whole + refused + cut + aborted, REQUESTS, 'each is accounted for')
      sub.ok(whole > REQUESTS * 0.6, `${whole} were answered whole`)
      for (const [what, count] of Object.entries({ refused, cut, aborted }))
        sub.ok(count > 20, `${count} were ${what}`)
      sub.ok((lb.snapshot().pools[0]?.replays ?? 0) > 20, 'some were replayed')
      await lb.waitForIdle()
      // Each had one at most at a time.
      const idle = backends.reduce((sum, { active }) => sum + active, 0)
      sub.ok(idle <= CONNECTIONS, `${idle} connections are kept`)
      await lb.close()
      await waitUntil(() => openDescriptors() === listening, {
        describe: () => `${openDescriptors()} descriptors to be ${listening}`,
      })
      for (const backend of backends) {
        await waitUntil(() => backend.active === 0)
        await backend.stop()
      }
      await waitUntil(() => openDescriptors() === before)
    },
  )
}
