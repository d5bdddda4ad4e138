/**
 * A certificate for `localhost`, `127.0.0.1` and `::1`, from 2020 to 2120, signed by itself: give it to clients as a CA
 * (`backendCa`, `NODE_EXTRA_CA_CERTS`, `tls.connect({ ca })`). Its key is public, so it protects nothing: trust it in
 * tests only.
 */
export const testCertificate = `
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

/** The key of {@link testCertificate}. Everybody has it. */
export const testCertificateKey = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXhppsOYw6TyRiRNH
fNJKB6Yr0vecBklXhgwHlJ30bHuhRANCAAS6jbJ82UlI69tIS95517XwARN7J7G2
9NLMR2EjlgXNkQFkxguIYj30Mpip6xifAc2ENI4Hf6cAU6DB7CbOwIlk
-----END PRIVATE KEY-----
`
