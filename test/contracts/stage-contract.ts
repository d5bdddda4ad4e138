import type { Test } from 'tap'
import { RejectedError } from '../../src/core/errors.ts'
import type { Session } from '../../src/net/session.ts'
import type { Stage } from '../../src/stages/stage.ts'

export interface StageContractOptions {
  /** A stage of its own for each subtest, and sessions for it. */
  readonly make: () => {
    readonly stage: Stage
    /** Passes. */
    readonly welcome: () => Session
    /** Is refused; undefined where the stage refuses nobody. */
    readonly unwelcome: (() => Session) | undefined
  }
  /** `code` of its rejections. */
  readonly code: string
}

/** What every stage owes the listener. */
export function stageContract(t: Test, { make, code }: StageContractOptions): void {
  void t.test('has a name of its own', (sub) => {
    sub.match(make().stage.name, /^[a-z]+(-[a-z]+)*$/)
    sub.end()
  })

  void t.test('lets a session pass, time after time, and leaves its conn alone', async (sub) => {
    const { stage, welcome } = make()
    for (let i = 0; i < 100; i++) {
      const session = welcome()
      const passed = stage.admit(session)
      sub.ok(passed === undefined || passed instanceof Promise)
      await passed
      sub.equal(session.conn.closed, false)
      sub.equal(session.holder, undefined)
    }
  })

  void t.test('refuses with a RejectedError and its code; resetting is for the listener', async (sub) => {
    const { stage, unwelcome } = make()
    if (unwelcome === undefined) {
      sub.pass('refuses nobody')
      return
    }
    for (let i = 0; i < 3; i++) {
      const session = unwelcome()
      const rejection: unknown = await Promise.resolve()
        .then(() => stage.admit(session))
        .then(
          () => undefined,
          (error: unknown) => error,
        )
      sub.ok(rejection instanceof RejectedError)
      sub.match(rejection, { code, message: /./ })
      sub.equal(session.conn.closed, false)
    }
  })

  void t.test('lets the next one pass after a refusal', async (sub) => {
    const { stage, welcome, unwelcome } = make()
    if (unwelcome !== undefined) {
      await Promise.resolve()
        .then(() => stage.admit(unwelcome()))
        .catch(() => undefined) // That it refuses is another test's matter.
    }
    await stage.admit(welcome())
    sub.pass('it passed')
  })
}
