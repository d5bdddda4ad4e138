/** One message of a stream of server-sent events; what it lacks is `''`. */
export interface StreamMessage {
  readonly event: string
  readonly id: string
  readonly data: string
}

const NOTHING: StreamMessage = { event: '', id: '', data: '' }

/**
 * Messages out of the lines of such a stream, so far as our own server writes them: one line of data each. Those that hold
 * nothing are told too: they are signs of life.
 */
export async function* readMessages(lines: AsyncIterable<string>): AsyncGenerator<StreamMessage> {
  let message = NOTHING
  for await (const line of lines) {
    const colon = line.indexOf(': ')
    const name = line.slice(0, colon)
    if (Object.hasOwn(NOTHING, name)) message = { ...message, [name]: line.slice(colon + 2) }
    if (line !== '') continue
    yield message
    message = NOTHING
  }
}
