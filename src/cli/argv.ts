/** What yargs hands over: texts, `true` where a value is missing, arrays where a flag came twice. */
export type Argv = Readonly<Record<string, unknown>>
