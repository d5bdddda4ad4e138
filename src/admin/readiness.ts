/** One reason for being ready, or not. */
export interface ReadinessCheck {
  /** As `?verbose` prints it. */
  readonly name: string
  /** undefined = good, else what is wrong, in words. Cheap: probes ask often. */
  problem(): string | undefined
}
