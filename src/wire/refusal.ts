/** Why a message cannot be taken: the status that a client is answered with, and the reason in words. */
export interface Refusal {
  readonly status: number
  /** Fixed text, never from the wire. */
  readonly reason: string
}

export function refuse(status: number, reason: string): Refusal {
  return { status, reason }
}
