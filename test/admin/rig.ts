import type { Test } from 'tap'
import type { AdminOptions, Admin } from '../../src/admin/start-admin.ts'
import { startAdmin } from '../../src/admin/start-admin.ts'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import type { ControlPort } from '../../src/control/port.ts'
import { formatHostPort } from '../../src/core/address.ts'

export interface Operated {
  readonly balancer: Balancer
  readonly control: ControlPort
  readonly admin: Admin
  /** `http://127.0.0.1:PORT` of the admin listener. */
  readonly base: string
  /** Asks the admin listener; `json` becomes the body. */
  readonly ask: (path: string, options?: AskOptions) => Promise<Asked>
}

export interface AskOptions {
  readonly method?: string
  readonly json?: unknown
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export interface Asked {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown
}

const LOOPBACK = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const

/** A balancer on loopback and its admin listener, both closed when the test ends. */
export async function operate(
  t: Test,
  options: Partial<BalancerOptions> & { readonly admin?: Partial<AdminOptions> } = {},
): Promise<Operated> {
  const { admin: adminOptions, ...rest } = options
  const balancer = await createBalancer({
    listen: '127.0.0.1:0',
    backends: ['a=127.0.0.1:1', 'b=127.0.0.1:2'],
    check: 'off',
    ...rest,
  })
  t.teardown(() => balancer.close())
  const control = balancer
  const admin = await startAdmin(control, { address: LOOPBACK, ...adminOptions })
  t.teardown(() => admin.close())
  const { address } = admin
  const base = address.kind === 'tcp' ? `http://${formatHostPort(address.host, address.port)}` : ''
  return { balancer, control, admin, base, ask: (path, how) => askAt(base + path, how) }
}

async function askAt(url: string, { method, json, body, headers }: AskOptions = {}): Promise<Asked> {
  const content = json === undefined ? body : JSON.stringify(json)
  const response = await fetch(url, {
    ...(method === undefined ? {} : { method }),
    ...(content === undefined ? {} : { body: content }),
    headers: { ...(json === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type') === 'application/json' && text !== ''
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  }
}
