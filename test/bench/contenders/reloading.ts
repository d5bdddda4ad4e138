import type { BalancerOptions } from '../../../src/config/options.ts'
import { createBalancer } from '../../../src/control/create-balancer.ts'

// fairlead that is given another configuration all the time: reloading <port> <backend port>...
const [port = 0, ...backendPorts] = process.argv.slice(2).map(Number)

const EVERY_MS = 50

/** The first backend is there in every other one; the weights differ in all. */
function configuration(round: number): BalancerOptions {
  const backends = backendPorts.map((address, i) => ({ address, weight: 1 + ((round + i) % 5) }))
  return {
    listen: `127.0.0.1:${port}`,
    mode: 'http',
    backends: round % 2 === 0 ? backends : backends.slice(1),
    idleTimeout: `${60 + (round % 3)}s`,
  }
}

let round = 0
const balancer = await createBalancer(configuration(round))
setInterval(() => void reload(), EVERY_MS)

/** One that is refused would make the figures of another balancer. */
async function reload(): Promise<void> {
  const { ok, problems } = await balancer.reconfigure(configuration(++round))
  if (!ok) throw new Error(problems.join('; '))
}
