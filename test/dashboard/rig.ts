import type { Test } from 'tap'
import type { Admin, AdminOptions } from '../../src/admin/start-admin.ts'
import { startAdmin } from '../../src/admin/start-admin.ts'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import type { HttpBackend } from '../../src/testing/http-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { testBalancer } from '../../src/testing/test-balancer.ts'

export interface Rig {
  readonly balancer: Balancer
  readonly backends: readonly HttpBackend[]
  readonly url: string
  /** Stops the admin listener, and gives back what starts it again on its port, also for another balancer. */
  readonly cutAdmin: () => Promise<(other?: Balancer) => Promise<void>>
}

/** A balancer before three backends, and its dashboard; all ends with the test. */
export async function rig(
  t: Test,
  { admin, ...options }: Partial<BalancerOptions> & { readonly admin?: Partial<AdminOptions> } = {},
): Promise<Rig> {
  const backends = await Promise.all(['a', 'b', 'c'].map((name) => httpBackend({ name })))
  const balancer = await testBalancer({
    mode: 'http',
    backends: backends.map(({ name, port }) => ({ id: name, address: port })),
    check: 'http',
    checkInterval: '200ms',
    fastInterval: '50ms',
    downInterval: '100ms',
    assertNoLeaks: false,
    ...options,
  })
  const open = (port: number, of = balancer): Promise<Admin> =>
    startAdmin(of, {
      address: { kind: 'tcp', host: '127.0.0.1', port },
      ...admin,
    })
  let running = await open(0)
  t.teardown(async () => {
    await running.close()
    await balancer.close()
    await Promise.all(backends.map((backend) => backend.stop()))
  })
  const { port } = running.address as { port: number }
  const cutAdmin = async (): Promise<(other?: Balancer) => Promise<void>> => {
    await running.close()
    return async (other) => {
      running = await open(port, other)
    }
  }
  return { balancer, backends, url: `http://127.0.0.1:${port}/`, cutAdmin }
}
