import type { Address } from '../core/address.ts'
import { formatAddress, formatHostPort } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import type { ConfigProblem } from '../core/errors.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { MOST_CONNECTIONS } from './limits.ts'
import {
  type BackendText,
  isBackendId,
  MOST_WEIGHT,
  parseBackendText,
  splitBackends,
} from './parse-backend.ts'
import type { Problems } from './problems.ts'
import { unknownKeyProblems } from './unknown-keys.ts'

export interface BackendContext {
  /** Where `input` stands, for problems. */
  readonly path: string
  readonly backup: boolean
  readonly maxConnections: number
  readonly problems: Problems
}

export interface ReadBackend {
  readonly spec: BackendSpec
  /** Given as `http://` or `https://`. */
  readonly isHttp: boolean
  /** Where it stands, for problems. */
  readonly path: string
}

/** Reads one entry of a list of backends; a text may hold several. What is wrong goes to `problems`. */
export function readBackends(input: unknown, context: BackendContext): ReadBackend[] {
  const { path, problems } = context
  if (typeof input === 'number' || typeof input === 'string') {
    const parts = problems.attempt(path, () => splitBackends(String(input))) ?? []
    return parts.flatMap((part) => {
      const text = problems.attempt(path, () => parseBackendText(part))
      return text === undefined ? [] : [place(text, {}, context)]
    })
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    problems.add({
      path,
      message: `must be a port, an address or an object with an address, not ${quote(input)}`,
    })
    return []
  }
  return readObject(input as Readonly<Record<string, unknown>>, context)
}

/** Two backends of one name could not be told apart; one address twice would be counted as two backends. */
export function duplicateProblems(placed: readonly Pick<ReadBackend, 'spec' | 'path'>[]): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const ids = new Map<string, string>()
  const addresses = new Map<string, string>()
  for (const { spec, path } of placed) {
    const address = formatAddress(spec.address)
    const sameAddress = addresses.get(address)
    const sameId = ids.get(spec.id)
    if (sameAddress !== undefined) {
      problems.push({
        path,
        message: `${address} is a backend already: give each address once`,
      })
    } else if (sameId !== undefined) {
      problems.push({
        path,
        message: `the name ${quote(spec.id)} is taken: name each backend differently`,
      })
    }
    addresses.set(address, sameAddress ?? path)
    ids.set(spec.id, sameId ?? path)
  }
  return problems
}

const KEYS = ['address', 'id', 'weight', 'backup', 'maxConnections']

function readObject(input: Readonly<Record<string, unknown>>, context: BackendContext): ReadBackend[] {
  const { path, problems } = context
  // A handle that has an address, such as a fixture of ours, has much else, which is none of ours.
  if (!isHandle(input)) {
    problems.add(
      ...unknownKeyProblems(input, { known: KEYS, path, what: 'an option of a backend', list: true }),
    )
  }
  const text = problems.attempt(`${path}.address`, () => readAddress(input['address']))
  const id = problems.attempt(`${path}.id`, () => readId(input['id'], text))
  const weight = problems.attempt(`${path}.weight`, () => readWeight(input['weight'], text))
  const maxConnections = problems.attempt(`${path}.maxConnections`, () =>
    readCount(input['maxConnections'], {
      most: MOST_CONNECTIONS,
      what: `a whole number from 0 to ${MOST_CONNECTIONS}`,
    }),
  )
  const backup = problems.attempt(`${path}.backup`, () => readFlag(input['backup']))
  return text === undefined ? [] : [place(text, { id, weight, maxConnections, backup }, context)]
}

function isHandle(input: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(input)
  return prototype !== Object.prototype && prototype !== null
}

/** An address that is one already. */
function addressOf(value: unknown): Address | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, host, port, path } = value as Readonly<Record<string, unknown>>
  if (kind === 'unix' && typeof path === 'string') return parseBackendText(`unix:${path}`).address
  if (kind !== 'tcp' || typeof host !== 'string' || typeof port !== 'number') return undefined
  return parseBackendText(formatHostPort(host, port)).address
}

function readAddress(value: unknown): BackendText {
  if (typeof value === 'number') return parseBackendText(String(value))
  if (typeof value === 'string') {
    if (value.includes(',') && !value.startsWith('unix:')) {
      throw new InvalidValueError(`${quote(value)} holds several addresses: give each backend its own object`)
    }
    return parseBackendText(value)
  }
  const address = addressOf(value)
  if (address !== undefined) {
    return { address, id: undefined, weight: undefined, transport: 'plain', isHttp: false }
  }
  if (value === undefined) throw new InvalidValueError("is missing: give 3001 or 'host:3001'")
  throw new InvalidValueError(`must be a port or an address, not ${quote(value)}`)
}

function readId(value: unknown, text: BackendText | undefined): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !isBackendId(value)) {
    throw new InvalidValueError(
      `${quote(value)} cannot name a backend: use letters, digits and . _ : - / [ ], at most 128`,
    )
  }
  if (text?.id !== undefined) {
    throw new InvalidValueError(`stands here and in the address (${quote(text.id)}): name it once`)
  }
  return value
}

function readWeight(value: unknown, text: BackendText | undefined): number | undefined {
  if (value !== undefined && text?.weight !== undefined) {
    throw new InvalidValueError(`stands here and in the address (@${text.weight}): give it once`)
  }
  return readCount(value, { most: MOST_WEIGHT, what: `a whole number from 0 to ${MOST_WEIGHT}` })
}

function readCount(value: unknown, limit: { most: number; what: string }): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= limit.most) return value
  throw new InvalidValueError(`must be ${limit.what}, not ${quote(value)}`)
}

function readFlag(value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw new InvalidValueError(`must be true or false, not ${quote(value)}`)
}

interface Explicit {
  readonly id?: string | undefined
  readonly weight?: number | undefined
  readonly backup?: boolean | undefined
  readonly maxConnections?: number | undefined
}

function place(text: BackendText, explicit: Explicit, context: BackendContext): ReadBackend {
  const spec: BackendSpec = {
    id: explicit.id ?? text.id ?? idOf(formatAddress(text.address)),
    address: text.address,
    transport: text.transport,
    weight: explicit.weight ?? text.weight ?? 1,
    backup: explicit.backup ?? context.backup,
    maxConnections: explicit.maxConnections ?? context.maxConnections,
  }
  return { spec, isHttp: text.isHttp, path: context.path }
}

/** Paths may hold what names may not. */
function idOf(address: string): string {
  return address.replaceAll(/[^A-Za-z0-9._:[\]/-]/g, '_').slice(0, 128)
}
