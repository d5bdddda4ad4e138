import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { PidFile } from '../../src/service/pid-file.ts'
import { Presence } from '../../src/service/presence.ts'
import { ServiceManager } from '../../src/service/service-manager.ts'
import { resolveOptions } from '../../src/config/resolve.ts'
import { NotifySocket } from '../helpers/notify-socket.ts'

void test('a pid file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-pid-'))
  t.teardown(() => rm(folder, { recursive: true }))

  void t.test('holds the number while it runs, and nothing else is left in its folder', async (sub) => {
    const path = join(folder, 'plain.pid')
    const file = new PidFile(path, 4711)
    file.assertFree()
    file.write()
    sub.equal(await readFile(path, 'utf8'), '4711\n')
    sub.same(
      readdirSync(folder).filter((name) => name.startsWith('plain')),
      ['plain.pid'],
    )
    file.remove()
    await sub.rejects(stat(path), { code: 'ENOENT' })
    file.remove()
  })

  void t.test(
    'of a dead process, of another program, of ourselves or without a number is overwritten',
    async (sub) => {
      const other = spawn('sleep', ['60'])
      sub.teardown(() => other.kill())
      await once(other, 'spawn')
      const dead = spawn('true')
      await once(dead, 'exit')
      for (const text of [`${other.pid}`, `${dead.pid}\n`, `${process.pid}`, '', 'none', '0', '-1']) {
        const path = join(folder, 'stale.pid')
        await writeFile(path, text)
        const file = new PidFile(path)
        file.assertFree()
        file.write()
        sub.equal(await readFile(path, 'utf8'), `${process.pid}\n`, text)
      }
    },
  )

  void t.test('of a fairlead that lives is refused', async (sub) => {
    const path = join(folder, 'living.pid')
    const script = join(folder, 'fairlead.js')
    await writeFile(script, 'setInterval(() => undefined, 1e6)')
    const living = spawn(process.execPath, ['--no-warnings', script], { argv0: process.argv0 })
    sub.teardown(() => living.kill('SIGKILL'))
    await once(living, 'spawn')
    await writeFile(path, `${living.pid}\n`)
    sub.throws(() => new PidFile(path).assertFree(), {
      code: 'FAIRLEAD_PID_FILE',
      path,
      message: `pid file ${path}: process ${living.pid} has it and runs: stop that, or take another file`,
    })
  })

  void t.test('that another process has taken over stays', async (sub) => {
    const path = join(folder, 'taken.pid')
    const file = new PidFile(path, 4711)
    file.write()
    await writeFile(path, '4712\n')
    file.remove()
    sub.equal(await readFile(path, 'utf8'), '4712\n')
  })

  void t.test('that cannot be written is told with its name, and leaves no draft', async (sub) => {
    sub.throws(() => new PidFile(join(folder, 'none', 'x.pid')).write(), {
      code: 'FAIRLEAD_PID_FILE',
      message: /cannot be written: ENOENT/,
    })
    await mkdir(join(folder, 'taken'))
    sub.throws(() => new PidFile(join(folder, 'taken')).write(), { message: /cannot be written: EISDIR/ })
    sub.same(
      readdirSync(folder).filter((name) => /^(none|taken)\./.test(name)),
      ['taken.pid'],
    )
  })
})

void test('the service manager', async (t) => {
  void t.test('hears of readiness, reloads and the end, in that order', async (sub) => {
    await using socket = await NotifySocket.open()
    const env = { ...process.env, NOTIFY_SOCKET: socket.path }
    const problems: string[] = []
    const config = resolveOptions({ listen: 0, backends: [1], shutdownDelay: '5s', shutdownTimeout: '10s' })
    {
      await using presence = new Presence({
        pidFile: undefined,
        env,
        onProblem: (problem) => problems.push(problem),
      })
      sub.notOk('NOTIFY_SOCKET' in env, 'no other child shall use it')
      presence.appear([{ kind: 'tcp', host: '::', port: 80 }])
      presence.reloading()
      presence.ready([
        { kind: 'tcp', host: '::', port: 80 },
        { kind: 'unix', path: '/run/lb.sock' },
      ])
      presence.stopping(config)
    }
    sub.match(await socket.count(4), [
      ['READY=1', 'STATUS=listening on [::]:80'],
      ['RELOADING=1', /^MONOTONIC_USEC=\d+$/, 'STATUS=reloading'],
      ['READY=1', 'STATUS=listening on [::]:80, unix:/run/lb.sock'],
      ['STOPPING=1', 'STATUS=draining', 'EXTEND_TIMEOUT_USEC=20000000'],
    ])
    sub.same(problems, [])
  })

  void t.test('that is not there is not told anything', async (sub) => {
    const problems: string[] = []
    const manager = new ServiceManager({ env: { PATH: '' }, onProblem: (problem) => problems.push(problem) })
    await manager.ready('x')
    sub.same(problems, [])
  })

  void t.test('that cannot be told costs one complaint', async (sub) => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-path-'))
    sub.teardown(() => rm(folder, { recursive: true }))
    const failing = join(folder, 'systemd-notify')
    await writeFile(failing, '#!/bin/sh\necho "no such manager" >&2\nexit 1\n')
    await chmod(failing, 0o755)
    for (const [path, expected] of [
      [join(folder, 'empty'), 'the program systemd-notify is not installed'],
      [`${folder}:${process.env['PATH']}`, 'systemd-notify: no such manager'],
    ] as const) {
      const problems: string[] = []
      const manager = new ServiceManager({
        env: { PATH: path, NOTIFY_SOCKET: join(folder, 'socket') },
        onProblem: (problem) => problems.push(problem),
      })
      void manager.ready('one\ntwo')
      void manager.stopping('x', 0)
      await manager.settled()
      sub.same(problems, [expected])
    }
  })
})
