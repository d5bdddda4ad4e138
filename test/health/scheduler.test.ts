import { test } from 'tap'
import type { Address } from '../../src/core/address.ts'
import type { Backend } from '../../src/core/backend.ts'
import { makeBackend, PASSED, FAILED, Rig, script, untilAborted } from './rig.ts'

void test('the course of checks', async (t) => {
  void t.test('is exact: first at once, fast in transition, slower while down (F14)', async (sub) => {
    await using rig = new Rig(script('+ + - - - - + - + + +'))
    rig.start()
    await rig.turn(25_000)
    sub.same(rig.log.slice(0, 13), [
      '0 a ok',
      '2000 a ok',
      '4000 a failed',
      '4500 a failed',
      '5000 a failed',
      '5000 a DOWN L4CON: connect ECONNREFUSED 127.0.0.1:3001 (3 of 3 failed)',
      '9000 a failed',
      '13000 a ok',
      '13500 a failed',
      '17500 a ok',
      '18000 a ok',
      '18000 a UP L7OK: 200 OK (2 of 2 passed)',
      '20000 a ok',
    ])
    const [backend] = rig.backends
    sub.match(backend, { healthy: true, checks: 13, failedChecks: 5 })
    sub.equal(backend?.healthySince, rig.wallTimeAtStart + 18_000)
    sub.same(backend?.lastCheck, { ...PASSED, durationMs: 0 })
  })

  void t.test('takes a backend down at once whose first check fails', async (sub) => {
    await using rig = new Rig(script('- + +'))
    rig.start()
    sub.equal(rig.backends[0]?.healthy, true, 'up until then: accepting does not wait for checks')
    await rig.turn(0)
    sub.same(rig.log, ['0 a failed', '0 a DOWN L4CON: connect ECONNREFUSED 127.0.0.1:3001 (first check)'])
    sub.equal(rig.backends[0]?.healthy, false)
  })

  void t.test('brings a backend that starts down up after rise successes', async (sub) => {
    await using rig = new Rig(script('+ +'), { initial: 'down' })
    sub.equal(rig.backends[0]?.healthy, false)
    rig.start()
    await rig.turn(500)
    sub.same(rig.log, ['0 a ok', '500 a ok', '500 a UP L7OK: 200 OK (2 of 2 passed)'])
  })

  void t.test('counts the interval from the end of a check', async (sub) => {
    await using rig = new Rig(async (clock) => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 700))
      return PASSED
    })
    rig.start()
    await rig.turn(4_000)
    sub.same(rig.log, ['700 a ok', '3400 a ok'])
    sub.equal(rig.backend.lastCheck?.durationMs, 700)
  })

  void t.test('never has two in flight for a backend', async (sub) => {
    let inFlight = 0
    let most = 0
    await using rig = new Rig(async (clock) => {
      most = Math.max(most, ++inFlight)
      await new Promise<void>((resolve) => clock.setTimer(resolve, 700))
      inFlight--
      return PASSED
    })
    rig.start()
    for (let i = 0; i < 50; i++) {
      rig.health.checkNow(rig.backend)
      rig.health.watch(rig.backend)
      rig.health.resume(rig.backend)
      await rig.turn(100)
    }
    sub.equal(most, 1)
    sub.same(rig.log, ['700 a ok', '1900 a ok', '3100 a ok', '4300 a ok'])
  })

  void t.test('varies each interval by a tenth at most, either way', async (sub) => {
    for (const [random, due] of [
      [0, 1_800],
      [0.25, 1_900],
      [0.999_999, 2_200],
    ] as const) {
      await using rig = new Rig(script('+'), {}, { random: () => random })
      rig.start()
      await rig.turn(0)
      sub.equal(Math.round(rig.clock.nextInMs ?? 0), due)
    }
  })

  void t.test('is never slower in transition than elsewhere', async (sub) => {
    await using rig = new Rig(script('+ - -'), { intervalMs: 100 })
    rig.start()
    await rig.turn(200)
    sub.same(rig.log, ['0 a ok', '100 a failed', '200 a failed'])
  })

  void t.test('starts all at once in a small pool, and one after the other in a large one', async (sub) => {
    sub.same(await firstChecks(32, 2_000), Array(32).fill(0))
    const hundred = await firstChecks(100, 2_000)
    sub.same(
      hundred,
      Array.from(Array(100).keys(), (i) => i * 2),
    )
    const crowded = await firstChecks(100, 100)
    sub.equal(crowded.length, 90, 'all within one interval, however many there are')
  })

  void t.test('checks a backend that is added later at once', async (sub) => {
    await using rig = new Rig(script('+'), {}, { backends: 0 })
    rig.start()
    await rig.turn(1_234)
    rig.health.watch(makeBackend('late'))
    await rig.turn(0)
    sub.same(rig.log, ['1234 late ok'])
  })

  void t.test('leaves backends alone and healthy when checks are off', async (sub) => {
    await using rig = new Rig(script('-'), { kind: 'off', initial: 'down' })
    rig.start()
    rig.health.checkNow(rig.backend)
    await rig.turn(10_000)
    sub.same(rig.log, [])
    sub.match(rig.backend, { healthy: true, checks: 0, lastCheck: undefined })
    sub.equal(rig.clock.pending, 0)
  })

  void t.test('checks the port that was asked for, but keeps a unix socket', async (sub) => {
    const seen: Address[] = []
    await using rig = new Rig(
      (_clock, address) => {
        seen.push(address)
        return PASSED
      },
      { port: 9_999 },
      { backends: 0 },
    )
    rig.start()
    rig.health.watch(makeBackend('tcp', { kind: 'tcp', host: '::1', port: 1 }))
    rig.health.watch(makeBackend('unix', { kind: 'unix', path: '/run/app.sock' }))
    sub.same(seen, [
      { kind: 'tcp', host: '::1', port: 9_999 },
      { kind: 'unix', path: '/run/app.sock' },
    ])
  })
})

void test('a failed connect of traffic', async (t) => {
  void t.test('brings the next check forward to now', async (sub) => {
    await using rig = new Rig(script('+ + +'))
    rig.start()
    await rig.turn(1_300)
    rig.health.checkNow(rig.backend)
    await rig.turn(2_000)
    sub.same(rig.log, ['0 a ok', '1300 a ok', '3300 a ok'])
  })

  void t.test('costs no more than one check per fast interval, in whatever storm', async (sub) => {
    await using rig = new Rig(script('+'))
    rig.start()
    for (let ms = 0; ms < 2_000; ms += 10) {
      for (let i = 0; i < 20; i++) rig.health.checkNow(rig.backend)
      await rig.turn(10)
    }
    sub.same(rig.log, ['0 a ok', '500 a ok', '1000 a ok', '1500 a ok', '2000 a ok'])
  })

  void t.test('never puts a check off that is due sooner', async (sub) => {
    await using rig = new Rig(script('+ - - -'), {}, { random: () => 0 })
    rig.start()
    await rig.turn(1_800)
    rig.health.checkNow(rig.backend)
    await rig.turn(1_000)
    sub.same(rig.log.slice(0, 4), ['0 a ok', '1800 a failed', '2250 a failed', '2700 a failed'])
  })

  void t.test('finds a dead backend within fast intervals from there', async (sub) => {
    await using rig = new Rig(script('+ - - -'))
    rig.start()
    await rig.turn(600)
    rig.health.checkNow(rig.backend)
    await rig.turn(1_000)
    sub.match(rig.log.at(-1), /^1600 a DOWN/)
  })

  void t.test('hurries no check of a backend that is down, suspended or unknown', async (sub) => {
    await using rig = new Rig(script('- -'))
    rig.start()
    await rig.turn(1_000)
    rig.health.checkNow(rig.backend)
    rig.health.checkNow(makeBackend('stranger'))
    await rig.turn(2_999)
    sub.equal(rig.backend.checks, 1)
    rig.health.pause(rig.backend)
    rig.health.checkNow(rig.backend)
    await rig.turn(10_000)
    sub.equal(rig.backend.checks, 1)
  })

  void t.test('hurries none either of one that is up and was suspended between two checks', async (sub) => {
    await using rig = new Rig(script('+'))
    rig.start()
    await rig.turn(1_300)
    rig.health.pause(rig.backend)
    rig.health.checkNow(rig.backend)
    await rig.turn(10_000)
    sub.same(rig.log, ['0 a ok'])
  })
})

void test('the end of checks', async (t) => {
  void t.test('aborts what is in flight, ignores its result, and leaves no timer', async (sub) => {
    const endings: ((rig: Rig) => void)[] = [
      (rig) => rig.health.pause(rig.backend),
      (rig) => rig.health.unwatch(rig.backend),
      (rig) => rig.health.close(),
    ]
    for (const end of endings) {
      let aborted = 0
      await using rig = new Rig((_clock, _address, signal) => {
        signal.addEventListener('abort', () => aborted++)
        return untilAborted(signal, FAILED)
      })
      rig.start()
      await rig.turn(50)
      end(rig)
      sub.equal(aborted, 1)
      sub.equal(rig.wheel.size, 0)
      sub.equal(rig.clock.pending, 0)
      await rig.turn(10_000)
      sub.same(rig.log, [])
    }
  })

  void t.test('leaves no timer either between two checks, and none of a storm', async (sub) => {
    await using rig = new Rig(script('+'), {}, { backends: 100 })
    rig.start()
    await rig.turn(100)
    for (const backend of rig.backends) rig.health.checkNow(backend)
    rig.health.close()
    sub.equal(rig.clock.pending, 0)
    rig.health.start()
    rig.health.watch(makeBackend('too late'))
    sub.equal(rig.clock.pending, 0)
  })

  void t.test('may come from a listener of a result', async (sub) => {
    await using rig = new Rig(script('+'), {}, { onResult: () => rig.health.close() })
    rig.start()
    await rig.turn(0)
    sub.equal(rig.clock.pending, 0)
  })

  void t.test('does not begin for one in maintenance before it is out of it', async (sub) => {
    await using rig = new Rig(script('+ +'))
    rig.backend.mode = 'maint'
    rig.start()
    await rig.turn(60_000)
    sub.same(rig.log, [])
    rig.backend.mode = 'ready'
    rig.health.resume(rig.backend)
    await rig.turn(0)
    sub.same(rig.log, ['60000 a ok'])
  })

  void t.test('of a suspension makes the next check a first one', async (sub) => {
    await using rig = new Rig(script('+ - - +  - + +'))
    rig.start()
    await rig.turn(2_500)
    rig.health.pause(rig.backend)
    await rig.turn(60_000)
    sub.equal(rig.backend.healthy, true, 'nothing is known of it: it stays as it was')
    rig.health.resume(rig.backend)
    rig.health.resume(rig.backend)
    await rig.turn(0)
    sub.equal(rig.log.at(-1), '62500 a ok')
    await rig.turn(1_000)
    rig.health.pause(rig.backend)
    rig.health.resume(rig.backend)
    await rig.turn(4_500)
    sub.same(rig.log.slice(4), [
      '63500 a failed',
      '63500 a DOWN L4CON: connect ECONNREFUSED 127.0.0.1:3001 (first check)',
      '67500 a ok',
      '68000 a ok',
      '68000 a UP L7OK: 200 OK (2 of 2 passed)',
    ])
  })
})

void test('one that another scheduler has watched', async (t) => {
  void t.test('stays as it was found while there are checks', async (sub) => {
    await using rig = new Rig(script('+'))
    for (const healthy of [true, false]) {
      const backend = adopted(healthy)
      rig.health.adopt(backend)
      sub.match(backend, { healthy, healthySince: 1, healthReason: '' })
    }
    sub.same(rig.log, [])
  })

  void t.test(
    'is up from now on where there are no checks any more, and was told if it was down',
    async (sub) => {
      await using rig = new Rig(script('+'), { kind: 'off' })
      const [up, down] = [adopted(true), adopted(false)]
      await rig.turn(5_000)
      rig.health.adopt(up)
      rig.health.adopt(down)
      sub.match(up, { healthy: true, healthySince: 1 })
      sub.match(down, {
        healthy: true,
        healthySince: rig.wallTimeAtStart + 5_000,
        healthReason: 'checks are off',
      })
      sub.same(rig.log, ['5000 adopted UP checks are off'])
    },
  )
})

function adopted(healthy: boolean): Backend {
  const backend = makeBackend('adopted')
  backend.healthy = healthy
  backend.healthySince = 1
  return backend
}

/** When each of many backends got its first check. */
async function firstChecks(backends: number, intervalMs: number): Promise<number[]> {
  await using rig = new Rig(script('+'), { intervalMs }, { backends })
  rig.start()
  await rig.turn(intervalMs * 0.899)
  return rig.log.map((line) => Number.parseFloat(line))
}
