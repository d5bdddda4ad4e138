import type { ConnectionOptions } from 'node:tls'
import { checkServerIdentity } from 'node:tls'
import { testCertificate } from '../../src/testing/test-certificate.ts'

/** What a client needs to accept the fixtures that speak TLS. */
export const trust: ConnectionOptions = {
  ca: testCertificate,
  // Node 22.23 matches no IPv6 address with a certificate: https://github.com/nodejs/node/issues/64144
  checkServerIdentity: (host, peer) => (host === '::1' ? undefined : checkServerIdentity(host, peer)),
}
