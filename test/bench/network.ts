import { spawnSync } from 'node:child_process'
import type { Child } from './child.ts'
import type { Tool } from './tool.ts'
import type { Workspace } from './workspace.ts'

/** A network of its own, loopback only, for processes that are started in it. It lives as long as `child`. */
export interface Network {
  readonly child: Child
  /** What to put before a command so that it runs in there. */
  readonly enter: readonly string[]
}

/**
 * A network with the packets of Ethernet, whose sockets buffer little. On the machine's own loopback, with packets
 * of 64 KiB, the kernel takes 4 MB and more for a stalled connection; 2,000 pairs would need more than all TCP
 * may have (`tcp_mem`), so most of them would never get as far as to stall. Here some 200 KB pass through a
 * balancer before the client's side is full, as with a stalled client on a real network.
 *
 * Rejects where the kernel does not let this user make a network.
 */
export async function startSmallNetwork(workspace: Workspace): Promise<Network> {
  const setUp = [
    'ip link set lo up mtu 1500',
    'echo 4096 16384 131072 > /proc/sys/net/ipv4/tcp_wmem',
    'echo 4096 131072 131072 > /proc/sys/net/ipv4/tcp_rmem',
    'echo ready',
    'exec sleep infinity',
  ]
  const child = workspace.start('unshare', [...unshareFlags, 'sh', '-c', setUp.join(' && ')])
  await child.printed('ready', 5000)
  const user = isRoot ? [] : ['--user', '--preserve-credentials']
  return { child, enter: ['nsenter', '--target', String(child.pid), '--net', ...user] }
}

/** Whether this user may make such networks, in the shape of a tool that a metric needs. */
export const networks: Tool = {
  name: 'a network namespace',
  install: 'run as root, or allow user namespaces',
  version: () => (spawnSync('unshare', [...unshareFlags, 'ip', 'link']).status === 0 ? 'allowed' : undefined),
}

const isRoot = process.getuid?.() === 0
const unshareFlags = isRoot ? ['--net'] : ['--map-root-user', '--net']
