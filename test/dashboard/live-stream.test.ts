import { test } from 'tap'
import type { Connection } from '../../src/admin/dashboard/live-stream.ts'
import { LiveStream } from '../../src/admin/dashboard/live-stream.ts'

void test('silence is counted from the last thing heard, over whichever connection', async (t) => {
  let now = 1_000
  let tick = doNothing
  t.intercept(performance, 'now', { value: () => now })
  t.intercept(globalThis, 'setInterval', { value: (callback: () => void) => (tick = callback) })
  let asked = 0
  t.intercept(globalThis, 'fetch', {
    value: (_: string, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => {
        asked++
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      }),
  })
  let shown: Connection | undefined
  let onWaiting = doNothing
  const stream = new LiveStream({
    onMessage: doNothing,
    onConnection: (connection) => {
      shown = connection
      if (connection.kind === 'waiting') onWaiting()
    },
  })
  stream.start()
  now += 20_000
  tick()
  t.same(shown, { kind: 'silent', sinceMs: 20_000 })
  const given = new Promise<void>((resolve) => (onWaiting = resolve))
  now += 500
  tick()
  await given
  now += 1_000
  tick()
  t.equal(asked, 2)
  now += 4_500
  tick()
  t.same(shown, { kind: 'silent', sinceMs: 26_000 })
})

function doNothing(): void {
  // Until something else takes its place.
}
