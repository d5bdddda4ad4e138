import t from 'tap'
import type { Config } from '../../src/config/schema.ts'
import { startBalancer } from '../../src/control/create-balancer.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { at, backendSpec, configOf, httpConfig, listenerConfig, poolConfig } from '../control/configs.ts'
import { freePort } from '../helpers/free-port.ts'
import { Backends, LONG_SESSIONS, MixedLoad, type Places } from './mixed-load.ts'
import { closeClean, IO_KINDS } from './rig.ts'

const RELOADS = 100

for (const io of IO_KINDS) {
  void t.test(
    `F19: 100 reloads under load fail no request and no session, and lose no byte (${io})`,
    async (sub) => {
      await using tcp = await Backends.start(echoBackend)
      await using web = await Backends.start(() => httpBackend())
      const ports = {
        tcp: await freePort(),
        web: await freePort(),
        more: await freePort(),
        taken: tcp.ports[0] as number,
      }
      const configFor = (step: number): Config =>
        configAt(step, { tcp: tcp.ports, web: web.ports, at: ports })
      await using balancer = await startBalancer({ ...configFor(0), io })
      const load = new MixedLoad(ports)
      let refused = 0
      for (let step = 1; step <= RELOADS; step++) {
        const isBad = step % 10 === 0
        const report = await balancer.reload({
          ...(isBad ? badConfig(configFor(step), ports.taken) : configFor(step)),
          io,
        })
        if (!report.ok) refused++
        if (report.ok === isBad) sub.fail(`reload ${step}: ${report.problems.join('; ')}`)
        // Between two reloads traffic must have gone on, or this would test nothing.
        await load.moreOfEach()
      }
      const done = await load.stop()
      sub.equal(refused, RELOADS / 10, 'a bad configuration is refused each time')
      sub.same(done.failures, [], 'nothing failed')
      sub.ok(
        done.requests >= RELOADS && done.connections >= RELOADS,
        `${done.requests} requests, ${done.connections} connections`,
      )
      sub.equal(done.long.length, LONG_SESSIONS)
      for (const { sent, received } of done.long)
        sub.equal(received, sent, 'a long session got back every byte')
      await closeClean(balancer)
    },
  )
}

/** Something of everything changes from step to step: backends, weights, strategies, limits, listeners, routes. */
function configAt(
  step: number,
  facts: { tcp: readonly number[]; web: readonly number[]; at: Places },
): Config {
  const backends = (ports: readonly number[]) =>
    ports
      .map((port, i) => backendSpec('abc'.charAt(i), port, { weight: 1 + ((step + i) % 3) }))
      .filter((_, i) => i === 0 || (step + i) % 3 !== 0)
  const strategy = ['round-robin', 'least-connections', 'power-of-two', 'first'][step % 4] as string
  const explain = step % 2 === 0
  return configOf(
    [
      listenerConfig('tcp', { address: at(facts.at.tcp), pool: 'tcp', idleTimeoutMs: 60_000 + step }),
      listenerConfig(step % 7 === 0 ? 'web' : 'www', {
        address: at(facts.at.web),
        pool: 'web',
        http: { ...httpConfig, explain },
      }),
      ...(step % 5 === 0
        ? []
        : [
            listenerConfig('more', {
              address: at(facts.at.more, step % 2 === 0 ? '0.0.0.0' : '127.0.0.1'),
              pool: 'tcp',
            }),
          ]),
    ],
    [
      poolConfig('tcp', { backends: backends(facts.tcp), strategy, retries: step % 4 }),
      poolConfig('web', {
        backends: backends(facts.web),
        strategy,
        stickiness: step % 3 === 0 ? { kind: 'cookie', name: 'x' } : { kind: 'off' },
        check: { ...poolConfig('x').check, kind: step % 6 < 3 ? 'tcp' : 'http' },
      }),
    ],
  )
}

function badConfig(config: Config, taken: number): Config {
  const address = { kind: 'tcp', host: '127.0.0.1', port: taken } as const
  return { ...config, listeners: [...config.listeners, listenerConfig('bad', { address, pool: 'tcp' })] }
}
