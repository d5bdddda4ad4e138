import { startAdmin } from '../../../src/admin/start-admin.ts'
import { createBalancer } from '../../../src/control/balancer.ts'
import { spareOnlyCpu } from '../../../src/service/spare-only-cpu.ts'
import { laySiege } from './lay-siege.ts'

// fairlead with an admin listener: operated <port> <cpu or -1> <load: 0 or 1> <backend port>...
//
// A thousand backends, of which those given serve; with the load, ten thousand idle sessions besides and an admin
// side under siege.
const [port = 0, cpu = -1, load = 0, ...backendPorts] = process.argv.slice(2).map(Number)

const BACKENDS = 1_000
const SESSIONS = 10_000

// As the program does.
spareOnlyCpu()
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

if (load === 1 && admin.address.kind === 'tcp')
  laySiege({ cpu, port, admin: admin.address, sessions: SESSIONS })
