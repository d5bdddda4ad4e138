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

const TEXTS = fields('listener', 'client', 'pool', 'backend')
const COUNTS = fields('bytesIn', 'bytesOut')
const TIMES = fields('queueMs', 'connectMs', 'ageMs')

/** Names, each with what stands before its value. */
function fields<Name extends keyof SessionSnapshot>(...names: Name[]): (readonly [Name, string])[] {
  return names.map((name) => [name, `,"${name}":`])
}

/** As JSON, times to the microsecond. */
function writeSession(out: ByteText, session: SessionSnapshot): void {
  const { tried } = session
  out.text('{"id":')
  out.number(session.id)
  for (const [name, before] of TEXTS) {
    const text = session[name]
    if (text === undefined) continue
    out.text(before)
    out.quoted(text)
  }
  out.text(',"tried":')
  out.text(tried.length === 0 ? '[]' : JSON.stringify(tried))
  for (const [name, before] of COUNTS) {
    out.text(before)
    out.number(session[name])
  }
  for (const [name, before] of TIMES) {
    out.text(before)
    out.rounded(session[name])
  }
  out.text('}')
}
