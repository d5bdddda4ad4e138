import { createServer as createHttpsServer } from 'node:https'
import type { RequestListener } from 'node:http'
import type { ConnectionOptions } from 'node:tls'
import { checkServerIdentity, createServer as createTlsServer } from 'node:tls'
import type { FixtureListenOptions } from '../../src/testing/fixture-server.ts'
import { FixtureServer } from '../../src/testing/fixture-server.ts'

/** Accepts, shakes hands, and says nothing. */
export async function tlsBackend(options: FixtureListenOptions = {}): Promise<FixtureServer> {
  const server = createTlsServer({ key, cert: certificate }, (socket) => {
    socket.on('error', () => undefined) // The fixture records the raw socket's errors.
    socket.on('end', () => socket.end()).resume()
  })
  server.on('tlsClientError', () => undefined) // A client that does not trust us is what some tests want.
  const fixture = new FixtureServer(server, options)
  await fixture.start()
  return fixture
}

export async function httpsBackend(
  answer: RequestListener,
  options: FixtureListenOptions = {},
): Promise<FixtureServer> {
  const fixture = new FixtureServer(createHttpsServer({ key, cert: certificate }, answer), options)
  await fixture.start()
  return fixture
}

/** Self-signed for localhost, 127.0.0.1 and ::1, from 2020 to 2120. */
const certificate = `
-----BEGIN CERTIFICATE-----
MIIBdjCCARygAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLqNsnzZSUjr20hL
3nnXtfABE3snsbb00sxHYSOWBc2RAWTGC4hiPfQymKnrGJ8BzYQ0jgd/pwBToMHs
Js7AiWSjXTBbMCwGA1UdEQQlMCOCCWxvY2FsaG9zdIcEfwAAAYcQAAAAAAAAAAAA
AAAAAAAAATAMBgNVHRMEBTADAQH/MB0GA1UdDgQWBBTL1leWx+W3Zp2unDxM6Z4w
BkKeCjAKBggqhkjOPQQDAgNIADBFAiEAvAhOwkv9YJv2dNkFoc2dOZa/1ZlFIL3b
l0qrSctouZMCIGT9O8OYUsWMk61Isc5q4LSWRkCEapOpQQw6Qt6QtKNv
-----END CERTIFICATE-----
`

/** Protects nothing: only these tests use it. */
const key = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXhppsOYw6TyRiRNH
fNJKB6Yr0vecBklXhgwHlJ30bHuhRANCAAS6jbJ82UlI69tIS95517XwARN7J7G2
9NLMR2EjlgXNkQFkxguIYj30Mpip6xifAc2ENI4Hf6cAU6DB7CbOwIlk
-----END PRIVATE KEY-----
`

/** What a client needs to accept these backends. */
export const trust: ConnectionOptions = {
  ca: certificate,
  // Node 22.23 matches no IPv6 address with a certificate: https://github.com/nodejs/node/issues/64144
  checkServerIdentity: (host, peer) => (host === '::1' ? undefined : checkServerIdentity(host, peer)),
}
