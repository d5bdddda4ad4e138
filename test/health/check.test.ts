import { test } from 'tap'
import type { CheckResult } from '../../src/core/backend.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Probe, ProbeResult } from '../../src/core/probe.ts'
import { TimerWheel } from '../../src/core/timer-wheel.ts'
import { HealthScheduler } from '../../src/health/scheduler.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { CHECK, FAILED, makeBackend, PASSED, Rig, untilAborted } from './rig.ts'

/** Time can pass in it without a timer being served: they come late then, as after SIGSTOP. */
class StallableClock extends ManualClock {
  #stalledMs = 0

  stall(ms: number): void {
    this.#stalledMs += ms
  }

  override now(): number {
    return super.now() + this.#stalledMs
  }
}

const throwing: Probe = () => {
  throw new TypeError('no such thing')
}

const rejecting: Probe = () => Promise.reject(new TypeError('no such thing'))

void test('a probe', async (t) => {
  void t.test('that hangs and ignores its abort fails at the timeout, and blocks nothing', async (sub) => {
    const settle: ((result: ProbeResult) => void)[] = []
    let calls = 0
    await using rig = new Rig(() => {
      if (++calls > 1) return PASSED
      return new Promise<ProbeResult>((resolve) => settle.push(resolve))
    })
    rig.start()
    await rig.turn(1_200)
    await rig.turn(0)
    sub.match(rig.log, [
      /^1[012]00 a failed$/,
      /DOWN L7TOUT: no result in time, limit 1000 ms \(first check\)$/,
    ])
    settle[0]?.(PASSED)
    await rig.turn(0)
    sub.equal(rig.backend.checks, 1, 'its late result counts for nothing')
    await rig.turn(6_000)
    sub.match(rig.log.at(-1), /UP/)
    sub.equal(rig.wheel.size, 0)
  })

  void t.test('that tells at its abort what it waited for is heard', async (sub) => {
    await using rig = new Rig((_clock, _address, signal) =>
      untilAborted(signal, { ...FAILED, code: 'L6TOUT' }),
    )
    rig.start()
    await rig.turn(1_500)
    sub.equal(rig.backend.lastCheck?.code, 'L6TOUT')
  })

  void t.test('that passes or throws only because of its abort has timed out', async (sub) => {
    for (const ending of [PASSED, new Error('This operation was aborted')]) {
      await using rig = new Rig((_clock, _address, signal) => untilAborted(signal, ending))
      rig.start()
      await rig.turn(1_500)
      sub.match(rig.backend.lastCheck, {
        ok: false,
        code: 'L7TOUT',
        text: 'no result in time, limit 1000 ms',
      })
    }
  })

  void t.test('may take for ever when the timeout is 0', async (sub) => {
    await using rig = new Rig((_clock, _address, signal) => untilAborted(signal, FAILED), { timeoutMs: 0 })
    rig.start()
    await rig.turn(3_600_000)
    sub.equal(rig.backend.checks, 0)
  })

  void t.test('that throws or rejects fails with the error as its text', async (sub) => {
    for (const probe of [throwing, rejecting]) {
      await using rig = new Rig(() => PASSED, { probe })
      rig.start()
      await rig.turn(0)
      sub.match(rig.backend.lastCheck, { ok: false, code: 'L7RSP', text: 'no such thing' })
    }
  })

  void t.test('that returns something else fails', async (sub) => {
    const others = [undefined, null, true, 'L7OK', {}, { ok: true }, { ok: true, code: 'L7OK' }]
    const wrong = [
      { ...PASSED, ok: 1 },
      { ...PASSED, code: 'FINE' },
      { ...PASSED, text: 200 },
    ]
    for (const other of [...others, ...wrong]) {
      await using rig = new Rig(() => other as unknown as ProbeResult)
      rig.start()
      await rig.turn(0)
      sub.match(
        rig.backend.lastCheck,
        { ok: false, code: 'L7RSP', text: 'the probe returned no ProbeResult: ok, code and text' },
        JSON.stringify(other),
      )
    }
  })

  void t.test('that says more than anybody reads is cut short', async (sub) => {
    await using rig = new Rig(() => ({ ...PASSED, text: 'x'.repeat(16_000) }))
    rig.start()
    await rig.turn(0)
    sub.equal(rig.backend.lastCheck?.text, 'x'.repeat(256))
  })

  void t.test(
    'that fails for want of our own descriptors or ports counts for nothing (F10, F11)',
    async (sub) => {
      const faults = ['EMFILE', 'EADDRNOTAVAIL', 'ENOBUFS']
      const thrown = faults.map((code) => Object.assign(new Error(`connect ${code}`), { code }))
      const replies: (() => ProbeResult)[] = [
        ...thrown.map((error) => () => {
          throw error
        }),
        () => FAILED,
      ]
      const reported: (string | undefined)[] = []
      await using rig = new Rig(
        () => (replies.shift() ?? (() => PASSED))(),
        {},
        { onLocalFault: (_backend, error) => reported.push(error.code) },
      )
      rig.start()
      await rig.turn(5_999)
      sub.same(reported, faults)
      sub.match(rig.backend, { healthy: true, checks: 0, failedChecks: 0, lastCheck: undefined })
      await rig.turn(1)
      sub.match(rig.log.at(-1), /DOWN .*\(first check\)$/, 'the first real result still is the first')
    },
  )
})

void test('a stalled loop', async (t) => {
  void t.test('fails no check by the time that passed in it (F22)', async (sub) => {
    const clock = new StallableClock()
    const settle: ((result: ProbeResult) => void)[] = []
    await using rig = new Rig(
      () => new Promise<ProbeResult>((resolve) => settle.push(resolve)),
      {},
      { clock },
    )
    rig.start()
    await rig.turn(100)
    clock.stall(5_000)
    await rig.turn(700)
    sub.same(rig.log, [], 'not 1 s of loop time yet, though 5.8 s by the clock')
    settle[0]?.(PASSED)
    await rig.turn(0)
    sub.match(rig.backend, { healthy: true, checks: 1, failedChecks: 0 })
    sub.equal(rig.backend.lastCheck?.durationMs, 5_800, 'the time that it really took')
  })

  void t.test(
    'does not spare a check that has been silent for its timeout of loop time (F22)',
    async (sub) => {
      const clock = new StallableClock()
      await using rig = new Rig((_c, _a, signal) => untilAborted(signal, FAILED), {}, { clock })
      rig.start()
      clock.stall(5_000)
      await rig.turn(1_300)
      sub.equal(rig.backend.failedChecks, 1)
    },
  )

  void t.test(
    'leaves answers that wait in sockets their turn, even in the tick that is late (F22)',
    async (sub) => {
      await using fixture = await httpBackend()
      for (const kind of ['tcp', 'http'] as const) {
        // An HTTP check needs a few turns for its steps; a TCP check one: its deadline is the first late tick.
        const timeoutMs = kind === 'tcp' ? 10 : 400
        const wheel = new TimerWheel({
          clock: systemClock,
          resolutionMs: timeoutMs / (kind === 'tcp' ? 1 : 10),
        })
        const backend = makeBackend('a', fixture.address)
        const result = await new Promise<CheckResult>((resolve) => {
          const health = new HealthScheduler({
            check: { ...CHECK, kind, timeoutMs },
            clock: systemClock,
            random: () => 0.5,
            wheel,
            onVerdict: () => undefined,
            onResult: (_backend, found) => {
              health.close()
              resolve(found)
            },
          })
          health.watch(backend)
          health.start()
          block(timeoutMs * 2)
        })
        sub.equal(result.ok, true, `${kind}: ${result.code} ${result.text}`)
        sub.equal(wheel.size, 0)
      }
    },
  )
})

/** Stands still with the whole event loop. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
