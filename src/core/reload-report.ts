/** What a reload did. */
export interface ReloadReport {
  readonly at: number
  /** False: nothing was changed, and `problems` say why. */
  readonly ok: boolean
  /** One line each, in words: `pool web: backend c added (127.0.0.1:3003)`. Empty where nothing differed. */
  readonly changes: readonly string[]
  readonly problems: readonly string[]
  /** What the new configuration says and only a restart brings: `io`, `faults`, `log`, `pidFile`. */
  readonly needsRestart: readonly string[]
}
