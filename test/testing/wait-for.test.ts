import { EventEmitter } from 'node:events'
import t from 'tap'
import { WaitTimeoutError } from '../../src/core/errors.ts'
import { Events } from '../../src/core/events.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'

void t.test('waitForEvent', async (sub) => {
  void sub.test('gives the arguments of a typed event that satisfies the predicate', async (leaf) => {
    const events = new Events()
    const down = waitForEvent(events, 'backend:down', ({ id }) => id === 'b')
    events.emit('backend:down', { id: 'a', pool: 'p', reason: 'x' })
    events.emit('backend:down', { id: 'b', pool: 'p', reason: 'y' })
    const [event] = await down
    leaf.equal(event.reason, 'y')
    leaf.equal(events.listenerCount('backend:down'), 0)
    leaf.equal(events.listenerCount('error'), 0)
  })

  void sub.test('says what came when the right one did not', async (leaf) => {
    const emitter = new EventEmitter()
    const none = waitForEvent(emitter, 'x', undefined, { timeoutMs: 5 })
    await leaf.rejects(none, { message: 'waited 5 ms for an event x: none came', timeoutMs: 5 })
    const wrong = waitForEvent(emitter, 'x', (n) => n === 3, { timeoutMs: 5 })
    emitter.emit('x', 1)
    emitter.emit('x', 2)
    await leaf.rejects(wrong, {
      message: 'waited 5 ms for an event x that satisfies the predicate: 2 came, the last with [ 2 ]',
      code: 'FAIRLEAD_WAIT_TIMEOUT',
    })
    leaf.equal(emitter.listenerCount('x'), 0)
  })

  void sub.test('ends with an error event, unless that is what is awaited', async (leaf) => {
    const emitter = new EventEmitter()
    const cause = new Error('broken')
    const waiting = waitForEvent(emitter, 'x')
    emitter.emit('error', cause)
    await leaf.rejects(waiting, { message: /an error ended the wait for x: Error: broken/, cause })
    const awaited = waitForEvent(emitter, 'error')
    emitter.emit('error', cause)
    leaf.same(await awaited, [cause])
  })

  void sub.test('ends with what the predicate throws', async (leaf) => {
    const emitter = new EventEmitter()
    const waiting = waitForEvent(emitter, 'x', () => {
      throw new Error('from the predicate')
    })
    emitter.emit('x')
    await leaf.rejects(waiting, /from the predicate/)
  })
})

void t.test('waitUntil', async (sub) => {
  void sub.test('gives the first truthy value, of a function or a promise', async (leaf) => {
    let looks = 0
    leaf.equal(await waitUntil(() => (++looks === 60 ? 'there' : undefined)), 'there')
    leaf.equal(looks, 60)
    leaf.equal(await waitUntil(() => Promise.resolve(7)), 7)
  })

  void sub.test('says what was awaited and what it saw last', async (leaf) => {
    const waiting = waitUntil(() => 0, { timeoutMs: 5, describe: () => 'a number above 0' })
    await leaf.rejects(waiting, { message: 'waited 5 ms for a number above 0: the last value was 0' })
    await leaf.rejects(
      waitUntil(() => null, { timeoutMs: 0, describe: 'x' }),
      WaitTimeoutError,
    )
    await leaf.rejects(
      waitUntil(() => false, { timeoutMs: 0 }),
      /for a condition: the last value was false/,
    )
  })

  void sub.test('looks once more when the time is up', async (leaf) => {
    let looks = 0
    leaf.equal(await waitUntil(() => ++looks, { timeoutMs: 0 }), 1)
  })

  void sub.test('ends with what the predicate throws', async (leaf) => {
    const waiting = waitUntil(() => {
      throw new Error('from the predicate')
    })
    await leaf.rejects(waiting, /from the predicate/)
  })
})
