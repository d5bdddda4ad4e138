import { createSecureContext, TLSSocket } from 'node:tls'
import { echo } from './echo-backend.ts'
import type { FixtureListenOptions } from './fixture-server.ts'
import type { FixtureSession } from './fixture-session.ts'
import type { Behaviour } from './raw-fixture.ts'
import { RawFixture } from './raw-fixture.ts'
import { handshakeOf } from './handshake.ts'
import { testCertificate, testCertificateKey } from './test-certificate.ts'

/** `complete`; `hang`: the client's hello is never answered; `reset`: it is answered with an RST. */
export type TlsHandshake = 'complete' | 'hang' | 'reset'

export interface TlsBackendOptions extends FixtureListenOptions {
  /** What it does once the handshake is done; default it echoes. */
  readonly behaviour?: Behaviour | undefined
  /** Default `complete`. */
  readonly handshake?: TlsHandshake | undefined
  /** Application protocols to choose from; default none. */
  readonly alpn?: readonly string[] | undefined
  /** PEM; default `testCertificate`, which clients have to be told to trust. */
  readonly certificate?: string | undefined
  /** PEM; default its key. */
  readonly key?: string | undefined
}

/**
 * Speaks TLS, and then does what its `behaviour` says. A session's `tls` tells what the client's hello said, its
 * `error` why a handshake failed.
 */
export async function tlsBackend(options: TlsBackendOptions = {}): Promise<TlsBackend> {
  const fixture = new TlsBackend(options)
  await fixture.start()
  return fixture
}

export class TlsBackend extends RawFixture {
  /** Of connections from now on. */
  handshake: TlsHandshake
  /** Of connections from now on, PEM. */
  certificate: string
  key: string
  /** Of connections from now on. */
  alpn: readonly string[]

  /** Use {@link tlsBackend}. */
  constructor(options: TlsBackendOptions) {
    super(options, options.behaviour ?? echo())
    this.handshake = options.handshake ?? 'complete'
    this.certificate = options.certificate ?? testCertificate
    this.key = options.key ?? testCertificateKey
    this.alpn = options.alpn ?? []
  }

  protected override get scheme(): string {
    return 'tls'
  }

  protected override serve(session: FixtureSession): void {
    if (this.handshake === 'hang') return void session.socket.resume()
    if (this.handshake === 'reset') return void session.socket.once('data', () => session.reset())
    const { behaviour, alpn } = this
    const secure = new TLSSocket(session.socket, {
      isServer: true,
      secureContext: createSecureContext({ cert: this.certificate, key: this.key }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    })
    secure.on('error', (error: NodeJS.ErrnoException) => {
      session.error ??= error.code ?? error.message
    })
    // The socket beneath, which TLS has taken over, tells of no end.
    secure.on('end', () => {
      session.fin = true
      if (session.tls === undefined) secure.destroy() // It left amid the handshake.
    })
    secure.on('secure', () => {
      session.tls = handshakeOf(secure)
      session.record(secure)
      behaviour(session)
    })
  }
}
