import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:http'

export interface Place {
  readonly port?: number
  readonly host?: string
  /** A unix socket instead. */
  readonly socketPath?: string
}

export interface Asked extends Place {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One HTTP request on a connection of its own; the answer's text. Rejects when the connection breaks. */
export async function ask(to: Asked): Promise<{ readonly status: number; readonly body: string }> {
  const { path = '/', method = 'GET', headers = {}, ...place } = to
  const asked = request({ host: '127.0.0.1', ...place, path, method, headers, agent: false, timeout: 10_000 })
  asked.on('timeout', () => asked.destroy(new Error('no answer within 10 s')))
  const answered = once(asked, 'response')
  asked.end()
  const [response] = (await answered) as [IncomingMessage]
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += String(chunk)
  return { status: response.statusCode ?? 0, body }
}

/** The name of the backend that answers. */
export async function whoAnswers(at: Place): Promise<string> {
  const { body } = await ask(at)
  return /^hello from (\S+):/.exec(body)?.[1] ?? `nobody: ${body}`
}
