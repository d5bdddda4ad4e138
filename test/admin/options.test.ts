import { createServer } from 'node:net'
import { test } from 'tap'
import type { AdminOptions } from '../../src/admin/start-admin.ts'
import { startAdmin } from '../../src/admin/start-admin.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import { freePort } from '../helpers/free-port.ts'

const WRONG: readonly (readonly [options: object | undefined, message: string])[] = [
  [undefined, 'the options of an admin listener must be an object, not undefined'],
  [{}, "address: is missing: { kind: 'tcp', host, port } or { kind: 'unix', path }"],
  [{ address: 8090 }, "address: must be { kind: 'tcp', host, port } or { kind: 'unix', path }, not 8090"],
  [{ tokenn: 'x' }, 'tokenn: is no field of the options of an admin listener; did you mean token?'],
  [{ token: 123456 }, 'token: must be a text, not a number'],
  [{ hosts: 'lb.internal' }, 'hosts: must be a list of names, not "lb.internal"'],
  [{ reload: true }, 'reload: must be a function, not true'],
  [{ checks: [{ name: 'disk' }] }, 'checks: must be a list of { name, problem() }, not [{"name":"…"}]'],
  [{ dashboard: './pages' }, 'dashboard: must be the URL of a folder, not "./pages"'],
  [{ clock: {} }, 'clock: must be a clock: { now, wallTime, setTimer }, not {}'],
  [{ limits: { streams: '5' } }, 'streams: must be a whole number from 0, not "5"'],
]

void test('wrong options of an admin listener are told before anything listens', async (t) => {
  const port = await freePort()
  const address = { kind: 'tcp', host: '127.0.0.1', port }
  await using balancer = await createBalancer({ listen: 0, backends: [1], check: 'off' })
  for (const [options, message] of WRONG) {
    const isOther = options !== undefined && Object.keys(options).length > 0 && !('address' in options)
    const given = (isOther ? { address, ...options } : options) as AdminOptions
    await t.rejects(startAdmin(balancer, given), { code: 'FAIRLEAD_CONFIG', message })
  }
  const unfinished = Promise.resolve(balancer) as unknown as Balancer
  await t.rejects(startAdmin(unfinished, { address: { kind: 'tcp', host: '127.0.0.1', port } }), {
    code: 'FAIRLEAD_CONFIG',
    message: 'an admin listener needs a balancer, as createBalancer resolves to it, not {}',
  })
  const other = createServer()
  await new Promise<void>((resolve, reject) => other.once('error', reject).listen(port, '127.0.0.1', resolve))
  await new Promise((resolve) => other.close(resolve))
})
