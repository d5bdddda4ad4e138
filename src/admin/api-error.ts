import { FairleadError } from '../core/errors.ts'

/** One thing wrong with a request: which parameter or field, and what would be right. */
export interface ApiProblem {
  readonly path: string
  readonly message: string
}

/** What a caller of the API is told instead of an answer. */
export class ApiError extends FairleadError {
  readonly status: number
  readonly details: readonly ApiProblem[]
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    what: {
      /** Without `FAIRLEAD_`. */
      readonly code: string
      readonly message: string
      readonly details?: readonly ApiProblem[]
      readonly headers?: Readonly<Record<string, string>>
    },
  ) {
    super(`FAIRLEAD_${what.code}`, what.message)
    this.status = status
    this.details = what.details ?? []
    this.headers = what.headers ?? {}
  }
}

export function badRequest(message: string, details: readonly ApiProblem[] = []): ApiError {
  return new ApiError(400, { code: 'BAD_REQUEST', message, details })
}

export function notFound(message: string): ApiError {
  return new ApiError(404, { code: 'NOT_FOUND', message })
}
