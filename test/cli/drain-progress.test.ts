import t from 'tap'
import { DrainProgress, progressText } from '../../src/cli/drain-progress.ts'
import type { OpenLog } from '../../src/cli/open-log.ts'
import { createPaint } from '../../src/log/paint.ts'
import { PrettyLog } from '../../src/log/pretty-log.ts'
import type { LogEntry } from '../../src/log/log.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

const plan = { shutdownDelayMs: 2_000, shutdownTimeoutMs: 30_000 }

void t.test('what is left, and for how long', async (sub) => {
  const cases: [Parameters<typeof progressText>, string][] = [
    [[plan, { sessions: 12, elapsedMs: 0 }], 'draining: accepting for 2s more, 12 sessions open'],
    [[plan, { sessions: 1, elapsedMs: 1_001 }], 'draining: accepting for 1s more, 1 session open'],
    [[plan, { sessions: 12, elapsedMs: 14_000 }], 'draining: 12 sessions left, 18s'],
    [[plan, { sessions: 1, elapsedMs: 40_000 }], 'draining: 1 session left, 0'],
    [
      [
        { ...plan, shutdownTimeoutMs: 0 },
        { sessions: 3, elapsedMs: 2_000 },
      ],
      'draining: 3 sessions left, as long as it takes',
    ],
  ]
  for (const [args, expected] of cases) sub.equal(progressText(...args), expected)
})

function at(seconds: number): string {
  return `draining: 12 sessions left, ${seconds}s; Ctrl-C ends at once`
}

/** A log that keeps what it is given, and a drain of so many sessions on it. */
function rig(options: { terminal: boolean; sessions: number; delayMs?: number }): {
  written: string[]
  entries: LogEntry[]
  clock: ManualClock
  progress: DrainProgress
  pretty: PrettyLog
} {
  const written: string[] = []
  const entries: LogEntry[] = []
  const clock = new ManualClock()
  const paint = createPaint(false)
  const pretty = new PrettyLog({
    destination: { write: (text) => written.push(text) },
    paint,
    clock,
    level: 'info',
  })
  const log = { write: (entry: LogEntry) => entries.push(entry) }
  const open = { log, paint, pretty: options.terminal ? pretty : undefined } as unknown as OpenLog
  const progress = new DrainProgress({ open, onTerminal: options.terminal, columns: 60, clock })
  progress.begin({
    config: { shutdownDelayMs: options.delayMs ?? 0, shutdownTimeoutMs: 30_000 },
    snapshot: () => ({ listeners: [{ active: options.sessions }] }) as never,
  })
  return { written, entries, clock, progress, pretty }
}

void t.test(
  'on a terminal it is one line, written anew each second, below all others, and gone at the end',
  (sub) => {
    const { written, clock, progress, pretty } = rig({ terminal: true, sessions: 12 })
    clock.advance(1_000)
    pretty.raw('a line\n')
    progress.end()
    pretty.raw('the last\n')
    sub.same(written, [
      at(30),
      `\r\u001B[K${at(29)}`,
      `\r\u001B[Ka line\n${at(29)}`,
      '\r\u001B[K',
      'the last\n',
    ])
    sub.equal(clock.pending, 0, 'no timer is left')
    sub.end()
  },
)

void t.test('on a terminal with no session open there is nothing to see', (sub) => {
  const { written, progress } = rig({ terminal: true, sessions: 0 })
  progress.end()
  sub.same(written, [])
  sub.end()
})

void t.test('a narrow terminal gets as much as it has room for', (sub) => {
  const { written } = rig({ terminal: true, sessions: 0, delayMs: 5_000 })
  sub.same(written, ['draining: accepting for 5s more, 0 sessions open; Ctrl-C end'.slice(0, 59)])
  sub.end()
})

void t.test('elsewhere it is a line of the log each five seconds', (sub) => {
  const { written, entries, clock, progress } = rig({ terminal: false, sessions: 2 })
  clock.advance(11_000)
  progress.end()
  sub.same(written, [])
  sub.match(entries, [
    { event: 'process:drain', level: 'info', msg: 'draining: 2 sessions left, 25s', fields: { sessions: 2 } },
    { event: 'process:drain', msg: 'draining: 2 sessions left, 20s' },
  ])
  sub.equal(entries.length, 2)
  sub.end()
})
