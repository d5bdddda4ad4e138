/** What `fairlead backend` can be. */
export const BACKEND_KINDS = [
  'http',
  'echo',
  'banner',
  'slow',
  'silent',
  'half-closing',
  'resetting',
  'tls',
  'scripted',
  'refusing',
  'blackhole',
] as const

export type BackendKind = (typeof BACKEND_KINDS)[number]

/** One flag of `fairlead backend` that only some kinds have a use for. */
export interface BackendFlag {
  readonly flag: string
  readonly kinds: readonly BackendKind[]
  /** `''` is a switch. */
  readonly value: '' | '<n>' | '<time>' | '<size>' | '<text>' | '<json>'
  readonly text: string
}

export const BACKEND_FLAGS = [
  { flag: 'delay', kinds: ['http'], value: '<time>', text: 'Wait so long before each answer' },
  { flag: 'unhealthy', kinds: ['http'], value: '', text: '/health fails from the start' },
  { flag: 'status', kinds: ['http'], value: '<n>', text: 'Status of each answer' },
  { flag: 'size', kinds: ['http'], value: '<size>', text: 'Bytes in the body of each answer' },
  { flag: 'chunked', kinds: ['http'], value: '', text: 'Send bodies in chunks' },
  { flag: 'close', kinds: ['http'], value: '', text: 'End the connection after each answer' },
  { flag: 'cut', kinds: ['http'], value: '<size>', text: 'Reset after so many bytes of each body' },
  {
    flag: 'says',
    kinds: ['banner', 'slow', 'half-closing', 'resetting'],
    value: '<text>',
    text: 'What it says; \\r and \\n are line ends',
  },
  { flag: 'read-rate', kinds: ['slow'], value: '<size>', text: 'Read so many bytes a second' },
  { flag: 'write-rate', kinds: ['slow'], value: '<size>', text: 'Write so many bytes a second' },
  { flag: 'after-bytes', kinds: ['resetting'], value: '<size>', text: 'Reset after so many bytes received' },
  { flag: 'after', kinds: ['resetting'], value: '<time>', text: 'Reset after so long' },
  {
    flag: 'script',
    kinds: ['scripted'],
    value: '<json>',
    text: 'Steps, or a file with them: [{"expect":"PING"},{"send":"PONG"},"close"]',
  },
  { flag: 'open-after', kinds: ['refusing'], value: '<time>', text: 'Open the port after so long, and echo' },
] as const satisfies readonly BackendFlag[]

export type BackendFlagName = (typeof BACKEND_FLAGS)[number]['flag']
