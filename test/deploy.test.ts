import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { httpBackend } from '../src/testing/http-backend.ts'
import { fairlead, finish } from './e2e/command.ts'
import { inProject, root } from './helpers/project.ts'

const folder = inProject('fixtures/deploy')

interface Container {
  readonly args: readonly string[]
  readonly ports: readonly { name: string; containerPort: number }[]
  readonly volumeMounts: readonly { name: string; mountPath: string }[]
  readonly [probe: `${string}Probe`]: { httpGet: { path: string; port: string } }
}

/** What the tests need of an object of Kubernetes. */
interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec: {
    readonly selector: Record<string, unknown> & { readonly matchLabels?: Record<string, string> }
    readonly ports: readonly { targetPort: string }[]
    readonly template: {
      readonly metadata: { readonly labels: Record<string, string> }
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly containers: readonly Container[]
        readonly volumes: readonly { name: string; configMap?: { name: string } }[]
      }
    }
  }
}

/** What the tests need of a configuration. */
interface FileConfig {
  readonly listeners: Readonly<Record<string, { listen: number }>>
  readonly admin: { readonly listen: string; readonly tokenFile?: string }
  readonly shutdown: { readonly delay: string; readonly timeout: string }
}

async function text(name: string): Promise<string> {
  return readFile(join(folder, name), 'utf8')
}

async function manifest(kind: string): Promise<Manifest> {
  const documents = parseAllDocuments(await text('kubernetes.yaml'))
  const found = documents.map((document) => document.toJS() as Manifest).find((each) => each.kind === kind)
  if (found === undefined) throw new Error(`no ${kind}`)
  return found
}

function seconds(duration: string): number {
  return Number(/^(\d+)s$/.exec(duration)?.[1])
}

void t.test('systemd takes the units, and finds the service hardened', async (sub) => {
  const units = ['fairlead.service', 'fairlead.socket'].map((name) => join(folder, name))
  sub.match(await finish('systemd-analyze', ['verify', '--man=no', ...units]), {
    code: 0,
    stdout: '',
    stderr: '',
  })
  const [service = ''] = units
  const review = await finish('systemd-analyze', ['security', '--offline=true', '--threshold=20', service])
  sub.equal(review.code, 0, `exposure over 2.0 of 10:\n${review.stdout}`)
})

void t.test('the units, the sample configuration and each other agree', async (sub) => {
  const service = await text('fairlead.service')
  const { listeners, shutdown } = parse(await text('fairlead.yaml')) as FileConfig
  const ports = Object.values(listeners).map(({ listen }) => listen)
  const [, socketPort] = /^ListenStream=(\d+)$/m.exec(await text('fairlead.socket')) ?? []
  sub.same(ports, [Number(socketPort)], 'each listener finds its socket by its address')
  const [, stopSeconds] = /^TimeoutStopSec=(\d+)s$/m.exec(service) ?? []
  sub.ok(Number(stopSeconds) > seconds(shutdown.delay) + seconds(shutdown.timeout))
  sub.match(service, /^ExecReload=\/bin\/kill -HUP \$MAINPID$/m)
  sub.match(service, /^NotifyAccess=all$/m, 'systemd-notify is another process than the main one')
})

void t.test('the manifests of Kubernetes select, mount and ask for what is there', async (sub) => {
  const deployment = await manifest('Deployment')
  const { template, selector } = deployment.spec
  const { containers, volumes, terminationGracePeriodSeconds } = template.spec
  const container = containers[0] as Container
  sub.equal(deployment.apiVersion, 'apps/v1')
  sub.match(template.metadata.labels, selector.matchLabels)
  const service = await manifest('Service')
  sub.equal(service.apiVersion, 'v1')
  sub.match(template.metadata.labels, service.spec.selector)
  for (const { targetPort } of service.spec.ports)
    sub.ok(container.ports.some(({ name }) => name === targetPort))
  const budget = await manifest('PodDisruptionBudget')
  sub.equal(budget.apiVersion, 'policy/v1')
  sub.same(budget.spec.selector.matchLabels, selector.matchLabels)

  const configMap = await manifest('ConfigMap')
  const mount = container.volumeMounts.find(({ name }) => name === 'config')
  const volume = volumes.find(({ name }) => name === 'config')
  sub.equal(volume?.configMap?.name, configMap.metadata.name)
  const [file = ''] = Object.keys(configMap.data ?? {})
  sub.same(container.args, ['run', '--config', `${mount?.mountPath}/${file}`, '--watch'])
  const config = parse(configMap.data?.[file] ?? '') as FileConfig
  const portOf = (name: string): number | undefined =>
    container.ports.find((port) => port.name === name)?.containerPort
  sub.equal(portOf('http'), config.listeners['web']?.listen)
  sub.equal(`0.0.0.0:${portOf('admin')}`, config.admin.listen)
  const tokenMount = container.volumeMounts.find(({ name }) => name === 'token')?.mountPath
  sub.equal(config.admin.tokenFile, `${tokenMount}/token`)
  sub.ok(terminationGracePeriodSeconds > seconds(config.shutdown.delay) + seconds(config.shutdown.timeout))
  for (const [probe, path] of [
    ['livenessProbe', '/livez'],
    ['startupProbe', '/livez'],
    ['readinessProbe', '/readyz'],
  ] as const) {
    sub.match(container[probe], { httpGet: { path, port: 'admin' } }, probe)
  }
})

void t.test('what the Dockerfile copies is there, and what it starts runs', async (sub) => {
  const dockerfile = await text('Dockerfile')
  const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  )
  sub.ok(copies.includes('package-lock.json'))
  for (const source of copies) await sub.resolves(stat(join(root, source)), source)
  const [, entry = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? []
  const [program = '', script = '', ...more] = JSON.parse(entry) as string[]
  sub.same([program, more], ['node', []])
  sub.match(dockerfile, /^USER node$/m)

  await using backend = await httpBackend({ name: 'a' })
  await using command = fairlead(['127.0.0.1:0', `http://127.0.0.1:${backend.port}`], {
    bin: join(root, script.replace(/^\/app\//, '')),
  })
  const response = await fetch(`http://127.0.0.1:${await command.port()}/`)
  sub.match(await response.text(), /hello from a/)
  command.signal('SIGTERM')
  sub.same(await command.exit(), { code: 0, signal: null })
})
