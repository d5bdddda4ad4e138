import type { TLSSocket } from 'node:tls'
import type { FixtureTls } from './fixture-session.ts'

/** What was said in the handshake of `socket`, which is done. */
export function handshakeOf(socket: TLSSocket): FixtureTls {
  return {
    servername: textOf((socket as { servername?: unknown }).servername),
    alpnProtocol: textOf(socket.alpnProtocol),
    protocol: socket.getProtocol() ?? undefined,
  }
}

/** Node says false or null where there is none. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
