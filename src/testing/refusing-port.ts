import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import type { TcpAddress } from '../core/address.ts'
import { echoBackend } from './echo-backend.ts'
import type { FixtureListenOptions } from './fixture-server.ts'

export interface RefusingPort extends AsyncDisposable {
  /** What a balancer calls it that is given it as a backend; default its address. */
  readonly id: string | undefined
  readonly address: TcpAddress
  readonly port: number
  /**
   * Starts a backend there; the caller disposes of it, and then connects are refused again. `make` is given the
   * place: `open((at) => httpBackend({ ...at, name: 'a' }))`; default an echo.
   */
  open(): ReturnType<typeof echoBackend>
  open<T>(make: (at: Required<Pick<FixtureListenOptions, 'host' | 'port'>>) => Promise<T>): Promise<T>
}

const ATTEMPTS = 10

/**
 * A port of 127.0.0.1 (default: any) where connects are refused. It is not merely free: an open connection of ours has it as its own
 * local port, so the system gives it to nobody else, neither to listen on nor to dial from (a client that happened to
 * dial from the very port that it dials would connect to itself).
 */
export async function refusingPort(options: { port?: number; id?: string } = {}): Promise<RefusingPort> {
  const keeper = createServer().listen(0, '127.0.0.1')
  await once(keeper, 'listening')
  const accepted = new Promise<Socket>((resolve) => keeper.once('connection', resolve))
  const holder = await holdPort((keeper.address() as AddressInfo).port, options.port ?? 0)
  const other = await accepted
  other.on('error', () => undefined) // It only has to be there.
  return new HeldPort(options.id, { keeper, holder, other })
}

interface Held {
  readonly keeper: Server
  readonly holder: Socket
  readonly other: Socket
}

class HeldPort implements RefusingPort {
  readonly id: string | undefined
  readonly address: TcpAddress
  readonly port: number
  readonly #held: Held

  constructor(id: string | undefined, held: Held) {
    this.id = id
    this.port = held.holder.localPort as number
    this.address = { kind: 'tcp', host: '127.0.0.1', port: this.port }
    this.#held = held
  }

  open<T>(make: (at: { host: string; port: number }) => Promise<T> = echoThere<T>): Promise<T> {
    return make({ host: this.address.host, port: this.port })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { keeper, holder, other } = this.#held
    holder.destroy()
    other.destroy()
    keeper.close()
    await once(keeper, 'close')
  }
}

/** Only `open` without arguments comes here, and its type says what it returns. */
function echoThere<T>(at: { host: string; port: number }): Promise<T> {
  return echoBackend(at) as Promise<unknown> as Promise<T>
}

/**
 * Dials `keeperPort` from `wanted`, or from a port that was free a moment ago; somebody may be quicker, so it tries
 * that more than once.
 */
async function holdPort(keeperPort: number, wanted: number): Promise<Socket> {
  for (let attempt = 1; ; attempt++) {
    const localPort = wanted === 0 ? await freePort() : wanted
    const socket = connect({ host: '127.0.0.1', port: keeperPort, localAddress: '127.0.0.1', localPort })
    const failure = await new Promise<Error | undefined>((resolve) => {
      socket.on('error', resolve)
      socket.once('connect', () => resolve(undefined))
    })
    if (failure === undefined) return socket
    if (attempt === ATTEMPTS || wanted !== 0) throw failure
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
