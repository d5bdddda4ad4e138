import type { ControlPort, SessionFilter } from '../control/port.ts'
import { ByteText } from '../core/byte-text.ts'
import type { SessionSnapshot } from '../core/snapshot.ts'
import type { Piece } from './http/pieces.ts'

/** The sessions that `filter` means, and how many are open in all, as JSON. */
export function* sessionList(control: ControlPort, filter: SessionFilter): Generator<Piece, void> {
  const out = new ByteText()
  let before = '{"sessions":['
  const steps = control.visitSessions(filter, (session) => {
    out.text(before)
    writeSession(out, session)
    before = ','
  })
  for (const _ of steps) yield out.piece()
  if (before !== ',') out.text(before)
  out.text('],"total":')
  out.number(control.sessionCount)
  out.text('}')
  yield out.take()
}

/** What `JSON.stringify` gives, times to the microsecond. */
function writeSession(out: ByteText, session: SessionSnapshot): void {
  const { backend, tried } = session
  out.text('{"id":')
  out.number(session.id)
  out.text(',"listener":')
  out.quoted(session.listener)
  out.text(',"client":')
  out.quoted(session.client)
  out.text(',"pool":')
  out.quoted(session.pool)
  if (backend !== undefined) {
    out.text(',"backend":')
    out.quoted(backend)
  }
  out.text(',"tried":')
  out.text(tried.length === 0 ? '[]' : JSON.stringify(tried))
  out.text(',"bytesIn":')
  out.number(session.bytesIn)
  out.text(',"bytesOut":')
  out.number(session.bytesOut)
  out.text(',"queueMs":')
  out.rounded(session.queueMs)
  out.text(',"connectMs":')
  out.rounded(session.connectMs)
  out.text(',"ageMs":')
  out.rounded(session.ageMs)
  out.text('}')
}
