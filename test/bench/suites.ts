/** `tcp`: connections are balanced. `http`: requests are. Each has its contenders and its figures. */
export type SuiteName = 'tcp' | 'http'

export interface Suite {
  readonly name: SuiteName
  /** The contender that all ratios are to. */
  readonly reference: string
  /** The contender that the goals are asked of. */
  readonly own: string
}

export const suites: readonly Suite[] = [
  { name: 'tcp', reference: 'haproxy', own: 'fairlead' },
  { name: 'http', reference: 'haproxy-http', own: 'fairlead-http' },
]

export const references: readonly string[] = suites.map((suite) => suite.reference)
