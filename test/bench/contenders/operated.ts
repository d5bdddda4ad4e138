import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startAdmin } from '../../../src/admin/start-admin.ts'
import { createBalancer } from '../../../src/control/create-balancer.ts'
import { spareOnlyCpu } from '../../../src/service/spare-only-cpu.ts'
import { laySiege } from './lay-siege.ts'

// fairlead with an admin listener: operated <siege: none, own or next-door> <port> <cpu or -1> <backend port>...
//
// A thousand backends, of which those given serve; under siege it has ten thousand idle sessions besides. `next-door`:
// the siege is of another such process on the same CPU, which runs when this one has nothing to do: what is lost by it
// is lost to the CPU being shared, and not to where the admin side runs.
const [siege = ''] = process.argv.slice(2)
const [port = 0, cpu = -1, ...backendPorts] = process.argv.slice(3).map(Number)

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

if (siege === 'own' && admin.address.kind === 'tcp' && balancer.address.kind === 'tcp') {
  laySiege({ cpu, port: balancer.address.port, admin: admin.address, sessions: SESSIONS })
}
if (siege === 'next-door') {
  const neighbour = [process.execPath, fileURLToPath(import.meta.url), 'own', 0, cpu, ...backendPorts]
  spawn('chrt', ['--idle', '0', ...neighbour].map(String), { stdio: 'inherit' })
}
