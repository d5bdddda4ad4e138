import type { Handle, PeerName } from './handle-bindings.ts'

/** Who is at the far side of a handle; nobody on a unix socket, and after a reset. */
export function readPeerName(handle: Handle): Required<PeerName> {
  const peer: PeerName = {}
  if (handle.getpeername === undefined || handle.getpeername(peer) !== 0) return { address: '', port: 0 }
  return { address: withoutMapping(peer.address ?? ''), port: peer.port ?? 0 }
}

/** An IPv4 client of a dual-stack listener is an IPv4 client. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
