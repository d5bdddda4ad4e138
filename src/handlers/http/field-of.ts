/**
 * A field's value in the text of a head, by its name in small letters; empty where there is none. It takes its time, and
 * is for what is rarely asked: logs that want it, and errors.
 */
export function fieldOf(head: string, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(head)?.[1] ?? ''
}
