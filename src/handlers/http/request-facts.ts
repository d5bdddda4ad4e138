import type { Session } from '../../net/session.ts'
import { clientRequestId } from '../../wire/forwarded-head.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import { fieldOf } from './field-of.ts'
import type { HttpContext } from './http-context.ts'
import type { HttpSession } from './http-session.ts'
import { mayReplay } from './replay-policy.ts'
import type { Route } from './router.ts'

/** What the head of a request says, and what follows from it; it stays so until the request is over. */
export abstract class RequestFacts {
  readonly session: HttpSession
  readonly context: HttpContext
  /** Clock time. */
  readonly startedAt: number
  readonly method: string
  readonly path: string
  readonly requestId: string
  /** 10 or 11. */
  readonly version: number
  /** The protocol that the client may change to. */
  readonly upgrade: string | undefined
  /** The client sends its body only when it is told to. */
  readonly expectsContinue: boolean
  /** It may be sent again, while its body is still whole in memory. */
  readonly isReplayable: boolean
  /** undefined: there is nowhere to go. */
  readonly route: Route | undefined
  /** As the client sent it; what goes to the backend is made of slices of it. */
  readonly #head: string

  /** `head` is used up at once: the same object reads the next request, of whichever session. */
  constructor(session: HttpSession, head: RequestHead) {
    const { context } = session
    this.session = session
    this.context = context
    this.startedAt = context.clock.now()
    this.method = head.method
    this.path = withoutQuery(head.target)
    this.requestId = clientRequestId(head) ?? context.makeRequestId()
    this.version = head.version
    const { upgrade } = head
    this.upgrade = upgrade !== '' && context.config.upgrades.has(upgrade.toLowerCase()) ? upgrade : undefined
    this.expectsContinue = head.expectsContinue
    this.isReplayable = this.upgrade === undefined && mayReplay(head)
    this.route = context.router.find(head.host, this.path)
    this.#head = head.text
  }

  get servedSession(): Session {
    return this.session.session
  }

  get pool(): string {
    return this.route?.access.connect.pool.name ?? ''
  }

  /** A field of the head, by its name in small letters, as the client sent it; empty where there is none. */
  field(name: string): string {
    return fieldOf(this.#head, name)
  }
}

/** What of a request's target goes into logs and is compared with routes. */
export function withoutQuery(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}
