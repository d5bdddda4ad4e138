import type { BackendMode } from '../../core/backend.ts'
import type { Explanation } from '../../core/explanation.ts'
import type { ReloadReport } from '../../core/reload-report.ts'
import type { BackendSnapshot, SessionSnapshot } from '../../core/snapshot.ts'

/** What went wrong with a request, in a sentence for whoever reads it. */
export class ApiFailure extends Error {
  /** Of HTTP; 0 where no answer came. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface BackendChange {
  readonly mode?: BackendMode
  readonly weight?: number
}

/** A backend as it is after a change, and the version that this made. */
export interface Changed {
  readonly pool: string
  readonly backend: BackendSnapshot
  readonly version: number
}

export interface Fault {
  readonly name: string
  readonly type: string
  readonly hits: number
  readonly isSpent: boolean
  readonly pool?: string
  readonly backend?: string
  readonly listener?: string
}

/** The REST API, as far as the page uses it. All of it throws {@link ApiFailure}. */
export const api = {
  /** @param version of what the operator saw; where something else is in force by now the change is refused */
  async change(
    where: { readonly pool: string; readonly id: string },
    change: BackendChange,
    version: number,
  ): Promise<Changed> {
    const path = `pools/${segment(where.pool)}/backends/${segment(where.id)}`
    const { body, headers } = await ask(path, { method: 'PATCH', json: change, version })
    const tag = headers.get('ETag') ?? ''
    return { pool: where.pool, backend: body as BackendSnapshot, version: Number(tag.replaceAll('"', '')) }
  },
  async sessions(query: URLSearchParams): Promise<{ sessions: SessionSnapshot[]; total: number }> {
    return (await ask(`sessions?${query}`)).body as { sessions: SessionSnapshot[]; total: number }
  },
  async killSession(id: number): Promise<void> {
    await ask(`sessions/${id}`, { method: 'DELETE' })
  },
  async explain(query: URLSearchParams): Promise<Explanation> {
    return (await ask(`explain?${query}`)).body as Explanation
  },
  /** A reload that failed is an answer, too. */
  async reload(): Promise<ReloadReport> {
    return (await ask('reload', { method: 'POST', alsoGood: 422 })).body as ReloadReport
  },
  async resetCounters(): Promise<void> {
    await ask('counters/reset', { method: 'POST' })
  },
  async faults(): Promise<readonly Fault[]> {
    return ((await ask('faults')).body as { faults: Fault[] }).faults
  },
  async removeFault(name: string): Promise<void> {
    await ask(`faults/${segment(name)}`, { method: 'DELETE' })
  },
}

let onLoggedOut = (): void => undefined

/** Called where an answer says that the login has ended. */
export function whenLoggedOut(run: () => void): void {
  onLoggedOut = run
}

interface AskOptions {
  readonly method?: string
  readonly json?: unknown
  readonly version?: number
  readonly alsoGood?: number
}

async function ask(path: string, options: AskOptions = {}): Promise<{ body: unknown; headers: Headers }> {
  const { method = 'GET', json, version, alsoGood } = options
  const response = await fetch(`api/v1/${path}`, {
    method,
    headers: {
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(version === undefined ? {} : { 'If-Match': `"${version}"` }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch((error: unknown) => {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError'
    throw new ApiFailure(0, isLate ? 'fairlead took too long to answer' : 'fairlead cannot be reached')
  })
  if (response.ok || response.status === alsoGood) {
    return { body: await response.json(), headers: response.headers }
  }
  if (response.status === 401) onLoggedOut()
  throw await failureOf(response)
}

/** A request that hangs must not hang the button that made it. */
const PATIENCE_MS = 15_000

/** What an answer that is no good says. */
export async function failureOf(response: Response): Promise<ApiFailure> {
  const body = (await response.json().catch(() => undefined)) as
    { error?: { message?: string; details?: readonly { path: string; message: string }[] } } | undefined
  const { message = `fairlead answered ${response.status}`, details = [] } = body?.error ?? {}
  const more = details.map((one) => `${one.path}: ${one.message}`).join('; ')
  return new ApiFailure(
    response.status,
    more === '' || message.includes(more) ? message : `${message} (${more})`,
  )
}

/** As the API wants ids in paths: a slash is `~1`. */
function segment(id: string): string {
  return encodeURIComponent(id.replaceAll('/', '~1'))
}
