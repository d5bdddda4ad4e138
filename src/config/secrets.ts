/** Stands for a secret. */
export const HIDDEN = '(hidden)'

export function hidden(secret: string | undefined): string | undefined {
  return secret === undefined ? undefined : HIDDEN
}

/**
 * Header fields that we send to backends, with their names alone: their values are how a balancer shows backends who it
 * is. What clients get is no secret, and is shown.
 */
export function hiddenValues(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, HIDDEN]))
}

/** The second net: what a later setting calls a secret is hidden even if nobody thought of it. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

const SECRET_NAME = /token|secret|password|passphrase|privatekey|^key$/i
