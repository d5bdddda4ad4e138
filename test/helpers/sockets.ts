import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { Address } from '../../src/core/address.ts'
import { formatAddress } from '../../src/core/address.ts'

const DEFAULT_TIMEOUT_MS = 10_000

/**
 * A connected client socket: half-open allowed, without delay, its `error` listener attached, so that a reset never
 * ends the test process. Rejects when the connect fails.
 */
export function connectTo(address: Address, options: { timeoutMs?: number } = {}): Promise<Socket> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, allowHalfOpen: true, noDelay: true })
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no connection to ${formatAddress(address)} within ${timeoutMs} ms`))
    }, timeoutMs)
    socket.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
  })
}

/** All that a socket received from the call on. */
export interface Received {
  readonly bytes: Buffer
  readonly length: number
  readonly sha256: string
  /** Node 20 and 22 may take an RST for an end; where that matters, use a raw peer. `closed`: without either. */
  readonly end: 'end' | 'closed' | `error:${string}`
}

/** Reads until the end, an error or the close of the socket's read side; leaves its write side as it is. */
export function readAll(socket: Socket, options: { timeoutMs?: number } = {}): Promise<Received> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      finish()
    }
    const done = (end: Received['end']): void => {
      const bytes = Buffer.concat(chunks, length)
      settle(() => resolve({ bytes, length, sha256: sha256(bytes), end }))
    }
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk)
      length += chunk.length
    }
    const onEnd = (): void => done('end')
    const onError = (error: NodeJS.ErrnoException): void => done(`error:${error.code ?? error.message}`)
    const onClose = (): void => done('closed')
    const timer = setTimeout(() => {
      settle(() => reject(new Error(`no end within ${timeoutMs} ms; ${length} bytes came`)))
    }, timeoutMs)
    if (socket.readableEnded) return done('end')
    if (socket.destroyed) return done(socket.errored === null ? 'closed' : errorEnd(socket.errored))
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

/** Reads exactly `length` bytes and leaves the socket paused, with what came behind them put back. */
export function readBytes(
  socket: Socket,
  length: number,
  options: { timeoutMs?: number } = {},
): Promise<Buffer> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let come = 0
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onEnd)
      finish()
    }
    const failed = (why: string): void =>
      settle(() => reject(new Error(`${come} of ${length} bytes came, then ${why}`)))
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk)
      come += chunk.length
      if (come < length) return
      const all = Buffer.concat(chunks, come)
      socket.pause()
      settle(() => resolve(all.subarray(0, length)))
      if (come > length) socket.unshift(all.subarray(length))
    }
    const onEnd = (): void => failed('the end')
    const onError = (error: Error): void => failed(error.message)
    const timer = setTimeout(() => failed(`nothing more within ${timeoutMs} ms`), timeoutMs)
    if (length === 0) return settle(() => resolve(Buffer.alloc(0)))
    if (socket.readableEnded || socket.destroyed) return failed('the end')
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onEnd)
    socket.resume() // It may have been paused by an earlier read.
  })
}

/** Resolves when both ways are closed; at once when they are already. */
export function closed(socket: Socket, options: { timeoutMs?: number } = {}): Promise<void> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  return new Promise((resolve, reject) => {
    if (socket.closed) return resolve()
    const onClose = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(() => {
      socket.off('close', onClose)
      reject(new Error(`a socket did not close within ${timeoutMs} ms`))
    }, timeoutMs)
    socket.once('close', onClose)
    socket.resume() // Nothing closes while its end lies unread.
  })
}

/** SHA-256 in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function errorEnd(error: NodeJS.ErrnoException): `error:${string}` {
  return `error:${error.code ?? error.message}`
}
