/** For whom a choice is to be explained. */
export interface ExplainRequest {
  /** The client's IP address; default `127.0.0.1`. */
  readonly client?: string | undefined
  /** Default: the first listener. */
  readonly listener?: string | undefined
  /** HTTP mode: as in the request. Default: none, `/`, none. */
  readonly host?: string | undefined
  readonly path?: string | undefined
  /** HTTP mode: fields that stickiness may look at, names in small letters. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Which backend a client would get now, and why each other would be passed over. Nothing was changed by asking. */
export interface Explanation {
  readonly listener: string
  /** undefined: no route takes such a request. */
  readonly pool: string | undefined
  /** In words: which route matched, and why. */
  readonly route: string | undefined
  readonly strategy: string | undefined
  /** The backend that it would get; undefined = none, or one of several by chance: see the `chance` of each. */
  readonly backend: string | undefined
  /** The answer in one sentence. */
  readonly summary: string
  readonly backends: readonly BackendExplanation[]
}

export interface BackendExplanation {
  readonly id: string
  /** Probability of being picked, 0 to 1; undefined where a strategy of the user's cannot tell. */
  readonly chance: number | undefined
  /** `picked`, `possible`, or why it is not even that. */
  readonly verdict:
    | 'picked'
    | 'possible'
    | 'maint'
    | 'drain'
    | 'weight-0'
    | 'down'
    | 'ejected'
    | 'backup-not-needed'
    | 'full'
    | 'not-its-turn'
  /** The same in words, with the facts: the failed check, the time left, the counts. */
  readonly reason: string
}
