import { createHash } from 'node:crypto'

/** A file as it is served, held in memory. */
export interface StaticFile {
  readonly type: string
  readonly bytes: Buffer
  /** Of its content. */
  readonly etag: string
}

export function staticFile(type: string, content: string | Buffer): StaticFile {
  const bytes = Buffer.from(content)
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
  return { type, bytes, etag: `"${digest}"` }
}
