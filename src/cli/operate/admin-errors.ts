import { type Address, formatAddress } from '../../core/address.ts'
import { FairleadError } from '../../core/errors.ts'

/** The admin listener of a running balancer cannot be reached, or is none. */
export class UnreachableError extends FairleadError {
  constructor(address: Address, why: string, options?: { cause?: unknown }) {
    super(
      'FAIRLEAD_UNREACHABLE',
      `no answer from a balancer at ${formatAddress(address)}: ${why}; it must run with --admin, and --admin here must say where`,
      options,
    )
  }
}

/** The balancer answered, and refused. */
export class RefusedError extends FairleadError {
  readonly status: number

  constructor(status: number, code: string, message: string) {
    super(code, message)
    this.status = status
  }
}

export const NO_BALANCER = 'what answers there is no admin listener'

/** What the system says of a connection, in words. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  const { code = '', message } = error
  if (code.startsWith('HPE_')) return NO_BALANCER // Its bytes are no HTTP.
  return REASONS[code] ?? (code || message)
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  EACCES: 'this user may not open the socket',
  ECONNRESET: 'the connection was closed before an answer',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that host',
}

/**
 * What the API says of an error; undefined where it is not told as the API tells errors. Anything may answer at an address,
 * so nothing is taken on trust.
 */
export function refusalOf(status: number, answer: unknown): RefusedError | undefined {
  const error = fieldOf(answer, 'error')
  const message = fieldOf(error, 'message')
  const code = fieldOf(error, 'code')
  if (typeof message !== 'string' || typeof code !== 'string') return undefined
  if (status === 401) return new RefusedError(status, code, `${message}; ${HOW_TO_BE_LET_IN}`)
  return new RefusedError(status, code, [message, ...detailsOf(error, message)].join('; '))
}

const HOW_TO_BE_LET_IN = 'give it by --admin-token-file FILE or FAIRLEAD_ADMIN_TOKEN'

/** Some errors say it all in their message already. */
function detailsOf(error: unknown, told: string): string[] {
  const details = fieldOf(error, 'details')
  return (Array.isArray(details) ? (details as unknown[]) : []).flatMap((detail) => {
    const message = fieldOf(detail, 'message')
    if (typeof message !== 'string' || told.includes(message)) return []
    return [`${String(fieldOf(detail, 'path'))}: ${message}`]
  })
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
