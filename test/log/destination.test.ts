import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test as Tap } from 'tap'
import { Destination } from '../../src/log/destination.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-log-'))

void t.test('lines arrive in order, gathered or one by one, the last ones too', async (sub) => {
  for (const gather of [true, false]) {
    const path = join(folder, `log-${gather}`)
    const destination = new Destination({ fd: openSync(path, 'w'), gather })
    for (let i = 0; i < 2_000; i++) destination.write(`line ${i}\n`)
    await destination.end()
    const expected = Array.from({ length: 2_000 }, (_, i) => `line ${i}\n`).join('')
    sub.equal(readFileSync(path, 'utf8'), expected)
    sub.equal(destination.dropped, 0)
  }
})

void t.test('lines after the end are dropped and counted', async (sub) => {
  const path = join(folder, 'late')
  const destination = new Destination({ fd: openSync(path, 'w'), gather: true })
  destination.write('one\n')
  await destination.end()
  destination.write('two\n')
  await destination.end()
  sub.equal(readFileSync(path, 'utf8'), 'one\n')
  sub.equal(destination.dropped, 1)
})

void t.test('a line that comes while it ends is dropped and counted, and ends nothing', async (sub) => {
  const path = join(folder, 'amid')
  const destination = new Destination({ fd: openSync(path, 'w'), gather: true })
  const ended = destination.end()
  destination.write('late\n')
  await destination.end()
  await ended
  sub.equal(readFileSync(path, 'utf8'), '')
  sub.equal(destination.dropped, 1)
})

void t.test('a full disk: lines are dropped and counted, and the end does not hang', async (sub) => {
  if (!existsSync('/dev/full')) {
    // Other systems have no such device; CI runs on Linux.
    sub.equal(process.env['CI'], undefined)
    return
  }
  await assertBreaks(sub, openSync('/dev/full', 'w'), 'ENOSPC')
})

void t.test('a reader that left: the same', async (sub) => {
  const path = join(folder, 'fifo')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  closeSync(reader)
  await assertBreaks(sub, writer, 'EPIPE')
})

/** A destination whose reader never reads. */
function toStandstill(name: string): { reader: number; clock: ManualClock; destination: Destination } {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const clock = new ManualClock()
  return { reader, clock, destination: new Destination({ fd, gather: true, clock }) }
}

void t.test('a reader that stands still: the end waits a second and no longer', async (sub) => {
  const { reader, clock, destination } = toStandstill('stalled')
  const line = `${'x'.repeat(999)}\n`
  for (let i = 0; i < 200; i++) destination.write(line)
  const ended = destination.end()
  clock.advance(1_000)
  await ended
  sub.ok(destination.broken)
  sub.ok(destination.dropped > 0)
  closeSync(reader)
})

void t.test('a line that finds no room any more is counted once', async (sub) => {
  const { reader, clock, destination } = toStandstill('full')
  const line = `${'x'.repeat(999)}\n`
  for (let i = 0; i < 10_000; i++) destination.write(line) // 10 MB; 8 of them wait
  sub.ok(destination.dropped > 0)
  const ended = destination.end()
  clock.advance(1_000)
  await ended
  sub.ok(destination.dropped <= 10_000, `${destination.dropped} of 10,000`)
  closeSync(reader)
})

/** Three lines into a target that takes none. */
async function assertBreaks(sub: Tap, fd: number, code: string): Promise<void> {
  const errors: (string | undefined)[] = []
  let destination: Destination | undefined
  await new Promise<void>((resolve) => {
    destination = new Destination({
      fd,
      gather: false,
      onBroken: (error) => {
        errors.push(error.code)
        resolve()
      },
    })
    destination.write('one\n')
  })
  const broken = destination as unknown as Destination
  sub.ok(broken.broken)
  broken.write('two\n')
  broken.write('three\n')
  await broken.end()
  sub.equal(broken.dropped, 3)
  sub.same(errors, [code])
}
