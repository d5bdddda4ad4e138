import type { ControlPort, SessionFilter } from '../control/port.ts'
import { ByteText } from '../core/byte-text.ts'
import type { SessionSnapshot } from '../core/snapshot.ts'
import { anything, JsonFields, ms, number, text } from './http/json-fields.ts'
import type { Piece } from './http/pieces.ts'

const SESSION = new JsonFields<SessionSnapshot>({
  id: number,
  listener: text,
  client: text,
  pool: text,
  backend: text,
  tried: (out, tried) => (tried.length === 0 ? out.text('[]') : anything(out, tried)),
  bytesIn: number,
  bytesOut: number,
  queueMs: ms,
  connectMs: ms,
  ageMs: ms,
})

/** The sessions that `filter` means, and how many are open in all, as JSON. */
export function* sessionList(control: ControlPort, filter: SessionFilter): Generator<Piece, void> {
  const out = new ByteText()
  let before = '{"sessions":['
  const steps = control.visitSessions(filter, (session) => {
    out.text(before)
    SESSION.write(out, session)
    out.text('}')
    before = ','
  })
  for (const _ of steps) yield out.piece()
  if (before !== ',') out.text(before)
  out.text('],"total":')
  out.number(control.sessionCount)
  out.text('}')
  yield out.take()
}
