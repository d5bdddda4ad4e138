/** In the JSON Schema: a text that holds a variable, of which nobody knows yet what it will say. */
export const VARIABLE = { type: 'string', pattern: '\\$\\{' } as const
