import { once } from 'node:events'
import t from 'tap'
import { resolveFile } from '../../src/config/resolve-file.ts'
import { startService } from '../../src/service/service.ts'

// In a process of its own: the admin listener's code is read only now, which takes longer than the first checks.
void t.test(
  'what the first checks find is heard, by whoever starts it and by its admin listener',
  async (sub) => {
    await using service = await startService({
      config: resolveFile({
        listeners: { in: { listen: '127.0.0.1:0', pool: 'main' } },
        pools: {
          main: {
            backends: [{ id: 'a', address: 1 }],
            check: () => Promise.resolve({ ok: false, code: 'L4CON', text: 'refused' }),
          },
        },
        admin: 0,
      }),
    })
    const { balancer, adminAddress } = service
    const heard: string[] = []
    balancer.on('backend:down', ({ id }) => heard.push(id))
    if (balancer.snapshot().pools[0]?.backends[0]?.lastCheck === undefined)
      await once(balancer, 'backend:down')
    sub.same(heard, ['a'])
    const port = adminAddress?.kind === 'tcp' ? adminAddress.port : 0
    const stream = await fetch(`http://127.0.0.1:${port}/api/v1/events?since=0&snapshot`)
    let text = ''
    for await (const piece of stream.body ?? []) {
      text += Buffer.from(piece).toString()
      if (text.includes('event: snapshot')) break
    }
    sub.match(text, /"name":"backend:down","data":\{"id":"a"/)
  },
)
