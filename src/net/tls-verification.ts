import { createSecureContext } from 'node:tls'
import type { BackendTlsConfig } from '../config/schema.ts'
import type { TlsVerification } from './socket-io.ts'

/** Reads an operator's certificates once, for all connections of a pool. Throws where they are no certificates. */
export function verificationOf({ ca, verify }: BackendTlsConfig): TlsVerification {
  return { verify, secureContext: ca === undefined ? undefined : createSecureContext({ ca }) }
}
