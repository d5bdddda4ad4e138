import type { IncomingMessage } from 'node:http'
import type * as z from 'zod'
import { ApiError, badRequest } from '../api-error.ts'

/** No change is nearly as long. */
export const MOST_BODY_BYTES = 128 * 1024
const NONE = Buffer.alloc(0)

/**
 * Reads a JSON body and checks it. A route without a body takes none.
 *
 * @throws {ApiError} 400, 413, 415
 */
export async function readBody(request: IncomingMessage, schema: z.ZodType | undefined): Promise<unknown> {
  const { headers } = request
  if (headers['content-type'] !== undefined || headers['content-encoding'] !== undefined) assertJson(headers)
  const bytes = hasBody(headers) ? await readBytes(request) : NONE
  // A browser sends a body without a type to anybody, unasked.
  if (bytes.length > 0) assertJson(headers)
  if (schema === undefined) {
    if (bytes.length > 0) throw badRequest('no body is wanted here')
    return undefined
  }
  const result = schema.safeParse(parseJson(bytes))
  if (result.success) return result.data
  throw badRequest(
    'the body is not good',
    result.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.') || 'body', message })),
  )
}

function assertJson(headers: IncomingMessage['headers']): void {
  const isJson = /^application\/json *(?:; *charset="?utf-8"?)? *$/i.test(headers['content-type'] ?? '')
  if (isJson && headers['content-encoding'] === undefined) return
  throw new ApiError(415, {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'send application/json in UTF-8, without a content encoding',
    headers: { Accept: 'application/json' },
  })
}

/** What has neither is over with its head. RFC 9112, section 6.3. */
function hasBody(headers: IncomingMessage['headers']): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BODY_BYTES) throw tooLong()
  const chunks: Buffer[] = []
  let length = 0
  // Not `for await`: leaving that early destroys the socket, and with it the answer that says why.
  return await new Promise((resolve, reject) => {
    request.on('error', () => reject(badRequest('the body broke off')))
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= MOST_BODY_BYTES) chunks.push(chunk)
      else reject(tooLong())
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
  })
}

function tooLong(): ApiError {
  return new ApiError(413, {
    code: 'BODY_TOO_LONG',
    message: `a body may be ${MOST_BODY_BYTES} bytes long`,
    headers: { Connection: 'close' },
  })
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw badRequest('a JSON body is wanted here')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), refuseProto)
  } catch (error) {
    // Also a RangeError: the reviver goes as deep as the text does.
    throw badRequest(error instanceof ProtoError ? error.message : 'the body is no JSON in UTF-8')
  }
}

class ProtoError extends Error {}

function refuseProto(name: string, value: unknown): unknown {
  if (name === '__proto__') throw new ProtoError('no field may be called __proto__')
  return value
}
