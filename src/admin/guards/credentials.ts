import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { ApiError } from '../api-error.ts'
import { Failures } from './failures.ts'

const SESSION_MS = 12 * 3_600_000
/** Sessions that were ended by hand and are remembered as such; the one ended first is forgotten first. */
const MOST_ENDED = 1_000

export interface CredentialsOptions {
  /** undefined = everybody may do everything. */
  readonly token: string | undefined
  /** Tells the cookies of several admin listeners of one host apart: browsers do not, by port. */
  readonly cookieName: string
  readonly clock: Clock
}

/**
 * Who may ask: who shows the token, or the cookie that a login with it gave. The cookie holds no part of the token:
 * when it ends, a number of its own, and a MAC of both with a key of this process, so a restart ends all of them.
 */
export class Credentials {
  readonly #options: CredentialsOptions
  readonly #digest: Buffer | undefined
  readonly #key = randomBytes(32)
  readonly #ended = new Set<string>()
  /** People mistype; programs do not, but may well be many behind one address. */
  readonly #logins: Failures
  readonly #bearers: Failures

  constructor(options: CredentialsOptions) {
    const { token, clock } = options
    this.#options = options
    this.#digest = token === undefined ? undefined : digestOf(token)
    this.#logins = new Failures({ clock, burst: 10, everyMs: 6_000 })
    this.#bearers = new Failures({ clock, burst: 60, everyMs: 1_000 })
  }

  /** @throws {ApiError} 401; 429 to a network that shows many wrong tokens */
  assertKnown(headers: IncomingHttpHeaders, address: string): void {
    if (this.#digest === undefined || this.#hasSession(headers.cookie)) return
    const shown = /^Bearer +([^ ]+) *$/i.exec(headers.authorization ?? '')?.[1]
    if (shown !== undefined) {
      assertPatient(this.#bearers, address)
      if (this.#isToken(shown)) return
      this.#bearers.add(address)
    }
    throw new ApiError(401, {
      code: 'UNAUTHORIZED',
      message:
        shown === undefined
          ? 'show the admin token: Authorization: Bearer ...'
          : 'that is not the admin token',
      headers: {
        'WWW-Authenticate': `Bearer realm="fairlead"${shown === undefined ? '' : ', error="invalid_token"'}`,
      },
    })
  }

  /** Gives the cookie to set; undefined where the token is wrong. @throws {ApiError} 429 */
  logIn(token: string, address: string): string | undefined {
    assertPatient(this.#logins, address)
    if (this.#digest !== undefined && !this.#isToken(token)) {
      this.#logins.add(address)
      return undefined
    }
    const end = (this.#options.clock.wallTime() + SESSION_MS).toString(36)
    const session = `${end}-${randomBytes(9).toString('hex')}`
    return this.#cookie(`${session}.${this.#mac(session)}`, SESSION_MS / 1_000)
  }

  /** Ends the session that is shown, also for whoever has a copy of its cookie. Gives the cookie to set. */
  logOut(headers: IncomingHttpHeaders): string {
    for (const value of this.#shown(headers.cookie)) if (this.#isSession(value)) this.#end(value)
    return this.#cookie('', 0)
  }

  #end(value: string): void {
    this.#ended.add(sessionOf(value))
    for (const first of this.#ended) {
      if (this.#ended.size <= MOST_ENDED) return
      this.#ended.delete(first)
    }
  }

  #cookie(value: string, seconds: number): string {
    return `${this.#options.cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`
  }

  #hasSession(cookies: string | undefined): boolean {
    return this.#shown(cookies).some((value) => this.#isSession(value))
  }

  #shown(cookies = ''): string[] {
    const prefix = `${this.#options.cookieName}=`
    const pairs = cookies.split(';').map((pair) => pair.trim())
    return pairs.filter((pair) => pair.startsWith(prefix)).map((pair) => pair.slice(prefix.length))
  }

  #isSession(value: string): boolean {
    const session = sessionOf(value)
    if (!isSame(digestOf(value), digestOf(`${session}.${this.#mac(session)}`))) return false
    return parseInt(session, 36) > this.#options.clock.wallTime() && !this.#ended.has(session)
  }

  #isToken(shown: string): boolean {
    return this.#digest !== undefined && isSame(digestOf(shown), this.#digest)
  }

  #mac(session: string): string {
    return createHmac('sha256', this.#key).update(session).digest('base64url')
  }
}

/** What stands before the MAC: its end in base 36, a dash, its number. */
function sessionOf(value: string): string {
  return value.slice(0, Math.max(0, value.indexOf('.')))
}

/** Texts of any length become bytes of one length, so that comparing them tells nothing by its time. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isSame(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(a, b)
}

function assertPatient(failures: Failures, address: string): void {
  const waitMs = failures.waitMs(address)
  if (waitMs === 0) return
  throw new ApiError(429, {
    code: 'TOO_MANY_FAILURES',
    message: 'too many wrong tokens from this address (of IPv6: from its /64)',
    headers: { 'Retry-After': String(Math.ceil(waitMs / 1_000)) },
  })
}
