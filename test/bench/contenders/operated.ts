import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import type * as AdminModule from '../../../src/admin/start-admin.ts'
import type * as BalancerModule from '../../../src/control/balancer.ts'
import { repository } from '../workspace.ts'

// fairlead with an admin listener: operated <port> <cpu or -1> <load: 0 or 1> <backend port>...
//
// A thousand backends, of which those given serve; with the load, ten thousand idle sessions besides and an admin
// side under siege. The siege is a process of its own, on another CPU than the balancer. There the load that is measured
// runs as well: the siege gets what that leaves of the CPU (a low priority alone would let it finish its turn first), or
// its own pauses would be measured.
const [port = 0, cpu = -1, load = 0, ...backendPorts] = process.argv.slice(2).map(Number)

const BACKENDS = 1_000
const SESSIONS = 10_000

// As it is built for users, not as it is compiled for the benchmark: it looks for its package.json.
const dist = join(repository, 'dist')
const { createBalancer } = (await import(join(dist, 'control/balancer.js'))) as typeof BalancerModule
const { startAdmin } = (await import(join(dist, 'admin/start-admin.js'))) as typeof AdminModule

const spare = Array.from({ length: BACKENDS - backendPorts.length }, (_, i) => `spare${i}=127.0.0.2:${i + 1}`)
const balancer = await createBalancer({
  listen: `127.0.0.1:${port}`,
  mode: 'http',
  backends: [...backendPorts.map(String), ...spare],
  check: 'off',
  keepAliveTimeout: '1h',
  // Left alone it counts two descriptors a session; an idle one of HTTP has one.
  maxConnections: SESSIONS + 1_000,
})
for (let i = 0; i < spare.length; i++) balancer.setMode(`spare${i}`, 'maint')
const admin = await startAdmin(balancer, {
  address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
})

if (load === 1) {
  const program = fileURLToPath(new URL('../load/admin-load.js', import.meta.url))
  const adminPort = admin.address.kind === 'tcp' ? admin.address.port : 0
  const args = ['chrt', '--idle', '0', process.execPath, program, port, adminPort, SESSIONS].map(String)
  const pin = cpu < 0 ? [] : ['taskset', '-c', String((cpu + 1) % availableParallelism())]
  const [file = '', ...rest] = [...pin, ...args]
  spawn(file, rest, { stdio: 'inherit' })
}
