import { connect } from 'node:net'
import type { Address } from '../../src/core/address.ts'

/** What clients do in turn, so that a third of the sessions ends in a reset of theirs. */
const WAYS = ['exchange', 'exchange', 'abort'] as const

/** Many at once, but few enough for the listener's queue and for the ports of this machine. */
const AT_ONCE = 50

export interface ShortSessions {
  /** Exchanged a few bytes and ended cleanly on both sides. */
  readonly completed: number
  /** Reset by the client, at whatever stage they were: connecting, early bytes, amid the echo. */
  readonly aborted: number
  /** What none should be: an echo that differs, or an error of a session that was not aborted. */
  readonly failed: number
}

/** Runs `count` short sessions against an echo behind `address`, a third of them aborted. */
export async function runShortSessions(address: Address, count: number): Promise<ShortSessions> {
  const totals = { completed: 0, aborted: 0, failed: 0 }
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      totals[await shortSession(address, index)]++
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return totals
}

function shortSession(address: Address, index: number): Promise<keyof ShortSessions> {
  const isAborted = WAYS[index % WAYS.length] === 'abort'
  const said = `session ${index}`
  return new Promise((resolve) => {
    let heard = ''
    let failed = false
    const socket = connect({ ...address, allowHalfOpen: true, noDelay: true })
    socket.setEncoding('latin1')
    socket.on('error', () => (failed = true))
    socket.on('connect', () => {
      // Every third abort comes before a byte, every third behind early bytes, every third amid the echo.
      if (isAborted && index % 9 === 2) {
        socket.resetAndDestroy()
        return
      }
      socket.write(said, () => {
        if (isAborted && index % 9 === 5) socket.resetAndDestroy()
      })
      if (!isAborted) socket.end()
    })
    socket.on('data', (text: string) => {
      heard += text
      if (isAborted) socket.resetAndDestroy()
    })
    socket.on('close', () => {
      if (isAborted) resolve('aborted')
      else resolve(!failed && heard === said ? 'completed' : 'failed')
    })
  })
}
