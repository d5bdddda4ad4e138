import { getEventListeners } from 'node:events'
import { test } from 'tap'
import type { Address } from '../../src/core/address.ts'
import { formatAddress, formatHostPort } from '../../src/core/address.ts'
import type { BackendSpec } from '../../src/core/backend.ts'
import { Backend } from '../../src/core/backend.ts'
import { systemClock, wait } from '../../src/core/clock.ts'
import {
  ClosedError,
  ConfigError,
  FairleadError,
  ListenError,
  RejectedError,
  UnknownBackendError,
} from '../../src/core/errors.ts'
import { Events } from '../../src/core/events.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

void test('an address is written in one way', (t) => {
  const written: readonly (readonly [Address, string])[] = [
    [{ kind: 'tcp', host: '127.0.0.1', port: 3001 }, '127.0.0.1:3001'],
    [{ kind: 'tcp', host: 'db.example.org', port: 5432 }, 'db.example.org:5432'],
    [{ kind: 'tcp', host: '::1', port: 80 }, '[::1]:80'],
    [{ kind: 'tcp', host: '::', port: 0 }, '[::]:0'],
    [{ kind: 'tcp', host: 'fe80::1%eth0', port: 80 }, '[fe80::1%eth0]:80'],
    [{ kind: 'unix', path: '/run/app.sock' }, 'unix:/run/app.sock'],
    [{ kind: 'unix', path: 'a:b' }, 'unix:a:b'],
  ]
  for (const [address, text] of written) t.equal(formatAddress(address), text)
  t.equal(formatHostPort('2001:db8::1', 443), '[2001:db8::1]:443')
  t.equal(formatHostPort('localhost', 443), 'localhost:443')
  t.end()
})

void test('wait', async (t) => {
  void t.test('lasts as long as was asked for', async (sub) => {
    const clock = new ManualClock()
    let isOver = false
    const waiting = wait(clock, 100).then(() => (isOver = true))
    await clock.advanceAsync(99)
    sub.equal(isOver, false)
    await clock.advanceAsync(1)
    sub.equal(isOver, true)
    await waiting
  })

  void t.test(
    'ends early and quietly at an abort, and leaves no timer and no listener behind',
    async (sub) => {
      const clock = new ManualClock()
      const abort = new AbortController()
      const waiting = wait(clock, 100, abort.signal)
      sub.equal(clock.pending, 1)
      abort.abort(new Error('not to be thrown'))
      await waiting
      sub.equal(clock.pending, 0)
      sub.equal(getEventListeners(abort.signal, 'abort').length, 0)
    },
  )

  void t.test('leaves no listener behind when its time is over', async (sub) => {
    const clock = new ManualClock()
    const { signal } = new AbortController()
    const waiting = wait(clock, 100, signal)
    clock.advance(100)
    await waiting
    sub.equal(getEventListeners(signal, 'abort').length, 0)
  })

  void t.test('does not begin under a signal that is aborted already', async (sub) => {
    const clock = new ManualClock()
    await wait(clock, 100, AbortSignal.abort())
    sub.equal(clock.pending, 0)
  })
})

void test("the system's clock tells the time, and its timers can be called off", async (t) => {
  const before = systemClock.now()
  const called: string[] = []
  const cancelled = systemClock.setTimer(() => called.push('cancelled'), 1)
  cancelled.cancel()
  await new Promise<void>((resolve) => systemClock.setTimer(resolve, 5))
  t.same(called, [])
  t.ok(systemClock.now() > before)
  t.ok(Math.abs(systemClock.wallTime() - Date.now()) < 1_000)
})

void test('errors have a stable code, the name of their class, and say what is the matter', (t) => {
  const address: Address = { kind: 'tcp', host: '127.0.0.1', port: 80 }
  const said: readonly (readonly [FairleadError, name: string, code: string, message: string])[] = [
    [
      new ListenError(address, cause('EADDRINUSE')),
      'ListenError',
      'FAIRLEAD_LISTEN',
      'address 127.0.0.1:80 is already in use by another process',
    ],
    [
      new ListenError(address, cause('EACCES')),
      'ListenError',
      'FAIRLEAD_LISTEN',
      'not allowed to listen on 127.0.0.1:80: ports below 1024 and some paths need more rights',
    ],
    [
      new ListenError(address, cause('EADDRNOTAVAIL')),
      'ListenError',
      'FAIRLEAD_LISTEN',
      '127.0.0.1:80 is not an address of this machine',
    ],
    [
      new ListenError({ kind: 'unix', path: '/a/b' }, cause('ENOTDIR')),
      'ListenError',
      'FAIRLEAD_LISTEN',
      'cannot listen on unix:/a/b: listen ENOTDIR',
    ],
    [
      new ListenError(address, new Error('no code')),
      'ListenError',
      'FAIRLEAD_LISTEN',
      'cannot listen on 127.0.0.1:80: no code',
    ],
    [
      new UnknownBackendError('x"', ['a', 'b']),
      'UnknownBackendError',
      'FAIRLEAD_UNKNOWN_BACKEND',
      'no backend "x\\""; there are: a, b',
    ],
    [
      new UnknownBackendError('x', []),
      'UnknownBackendError',
      'FAIRLEAD_UNKNOWN_BACKEND',
      'no backend "x"; there are: none',
    ],
    [new ClosedError(), 'ClosedError', 'FAIRLEAD_CLOSED', 'the balancer is closed'],
    [new RejectedError('FAIRLEAD_X', 'not you'), 'RejectedError', 'FAIRLEAD_X', 'not you'],
  ]
  for (const [error, name, code, message] of said) {
    t.ok(error instanceof FairleadError && error instanceof Error)
    t.match(error, { name, code, message })
  }
  const { cause: why } = new ListenError(address, cause('EACCES'))
  t.match(why, { code: 'EACCES' }, 'the cause is kept')
  t.end()
})

void test('a ConfigError holds every problem and tells all of them', (t) => {
  const problems = [
    { path: '--retries', message: 'is no number' },
    { path: 'backends[2]', message: 'has no port' },
  ]
  const error = new ConfigError(problems)
  t.same(error.problems, problems)
  t.equal(error.code, 'FAIRLEAD_CONFIG')
  t.equal(error.message, '--retries: is no number\nbackends[2]: has no port')
  t.end()
})

void test('a backend', (t) => {
  const spec: BackendSpec = {
    id: 'a',
    address: { kind: 'tcp', host: '127.0.0.1', port: 3001 },
    transport: 'plain',
    weight: 10,
    backup: false,
    maxConnections: 25,
  }
  void t.test('begins ready, healthy and unused', (sub) => {
    sub.match(new Backend(spec, 'web'), {
      ...spec,
      pool: 'web',
      mode: 'ready',
      healthy: true,
      ejected: false,
      active: 0,
      effectiveWeight: 10,
      connectionLimit: 25,
      isFull: false,
    })
    sub.end()
  })
  void t.test('is full at its limit and never without one', (sub) => {
    const limited = new Backend(spec, 'web')
    limited.active = 24
    sub.equal(limited.isFull, false)
    limited.active = 25
    sub.equal(limited.isFull, true)
    const unlimited = new Backend({ ...spec, maxConnections: 0 }, 'web')
    unlimited.active = 1_000_000
    sub.equal(unlimited.isFull, false)
    sub.equal(unlimited.connectionLimit, Infinity)
    sub.end()
  })
  void t.test('has a part of its weight and of its limit, at least one, on its ramp', (sub) => {
    const backend = new Backend(spec, 'web')
    backend.ramp = 0.1
    sub.equal(backend.effectiveWeight, 1)
    sub.equal(backend.connectionLimit, 2)
    backend.active = 2
    sub.equal(backend.isFull, true)
    const small = new Backend({ ...spec, maxConnections: 3 }, 'web')
    small.ramp = 0.1
    sub.equal(small.connectionLimit, 1)
    sub.end()
  })
  t.end()
})

void test('events are wanted while somebody listens', (t) => {
  const events = new Events()
  const listener = (): void => void events
  t.equal(events.wants('session:open'), false)
  events.on('session:open', listener)
  t.equal(events.wants('session:open'), true)
  t.equal(events.wants('session:close'), false)
  events.off('session:open', listener)
  t.equal(events.wants('session:open'), false)
  t.end()
})

function cause(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`listen ${code}`), { code })
}
