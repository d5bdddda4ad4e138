import { test } from 'tap'
import { RejectedError } from '../../src/core/errors.ts'
import { Session } from '../../src/net/session.ts'
import { ConnectionLimit, LISTENER_FULL } from '../../src/stages/connection-limit.ts'
import type { Stage } from '../../src/stages/stage.ts'
import { admit, makeStages } from '../../src/stages/stages.ts'
import { stageContract } from '../contracts/stage-contract.ts'
import { FakeConn } from '../net/fake-conn.ts'

void test('the connection limit', async (t) => {
  void t.test('keeps the contract of a stage', (sub) => {
    stageContract(sub, {
      code: LISTENER_FULL,
      make: () => {
        const listener = { active: 0 }
        const withActive = (active: number) => () => {
          listener.active = active
          return newSession()
        }
        return {
          stage: new ConnectionLimit({ listener, most: 10 }),
          welcome: withActive(10),
          unwelcome: withActive(11),
        }
      },
    })
    sub.end()
  })

  void t.test('counts the one at the door, and says what the limit is', (sub) => {
    const listener = { active: 1 }
    const stage = new ConnectionLimit({ listener, most: 1 })
    stage.admit()
    listener.active = 2
    sub.throws(() => stage.admit(), {
      code: 'FAIRLEAD_LISTENER_FULL',
      message: /has 1 open sessions, its limit/,
    })
    listener.active = 1
    stage.admit()
    sub.end()
  })

  void t.test('is the first stage of a listener', (sub) => {
    const stages = makeStages({ maxConnections: 5, listener: { active: 6 } })
    sub.equal(stages[0]?.name, 'connection-limit')
    sub.throws(() => admit(stages, newSession()), { code: LISTENER_FULL })
    sub.end()
  })
})

void test('the way through the stages', async (t) => {
  const refusal = new RejectedError('FAIRLEAD_TEST', 'no')

  void t.test('waits for nothing where no stage waits', (sub) => {
    const log: string[] = []
    const way = admit([passing('a', log), passing('b', log)], newSession())
    sub.equal(way, undefined)
    sub.same(log, ['a', 'b'])
    sub.equal(admit([], newSession()), undefined)
    sub.end()
  })

  void t.test('ends at the first refusal', (sub) => {
    const log: string[] = []
    const refusing: Stage = {
      name: 'no',
      admit: () => {
        throw refusal
      },
    }
    sub.throws(() => admit([passing('a', log), refusing, passing('b', log)], newSession()), refusal)
    sub.same(log, ['a'])
    sub.end()
  })

  void t.test('keeps the order where stages wait', async (sub) => {
    const log: string[] = []
    const way = admit(
      [passing('a', log), waiting('b', log), passing('c', log), waiting('d', log)],
      newSession(),
    )
    sub.same(log, ['a', 'b begins'])
    await way
    sub.same(log, ['a', 'b begins', 'b', 'c', 'd begins', 'd'])
  })

  void t.test('ends at the first refusal that had to be waited for, or came after a wait', async (sub) => {
    const log: string[] = []
    const late: Stage = { name: 'late', admit: () => Promise.reject(refusal) }
    await sub.rejects(Promise.resolve(admit([late, passing('a', log)], newSession())), refusal)
    sub.same(log, [])
    const thrown: Stage = {
      name: 'thrown',
      admit: () => {
        throw refusal
      },
    }
    await sub.rejects(
      Promise.resolve(admit([waiting('b', log), thrown, passing('c', log)], newSession())),
      refusal,
    )
    sub.same(log, ['b begins', 'b'])
  })
})

function newSession(): Session {
  return new Session({ name: 'l', onSessionEnd: () => undefined }, new FakeConn().asConn, {
    id: 1,
    startedAt: 0,
  })
}

function passing(name: string, log: string[]): Stage {
  return { name, admit: () => void log.push(name) }
}

function waiting(name: string, log: string[]): Stage {
  return {
    name,
    admit: async () => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(name)
    },
  }
}
