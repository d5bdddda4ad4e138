import { readFile } from 'node:fs/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { openApiText } from '../../src/admin/openapi.ts'
import { routes } from '../../src/admin/routes.ts'
import { raw, request } from './raw.ts'
import type { AskOptions, Operated } from './rig.ts'
import { operate } from './rig.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { inProject } from '../helpers/project.ts'
import { connectTo, readBytes } from '../helpers/sockets.ts'

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
}

interface Operation {
  readonly operationId: string
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema?: object }> }>>
}

const text = openApiText(routes)
const document = JSON.parse(text) as Document

void t.test('the document is good OpenAPI 3.1, and the one in the package', async (sub) => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(JSON.parse(text) as Record<string, unknown>)
  sub.ok(valid, JSON.stringify(errors))
  sub.equal(validator.version, '3.1')
  const built = inProject('dist/openapi.json')
  sub.equal(await readFile(built, 'utf8'), text, 'the build wrote it')
  const ids = routes.map(({ id }) => id)
  sub.equal(new Set(ids).size, ids.length, 'each operation has a name of its own')
})

/** One good call of each operation, in an order in which each can work. `{session}` becomes an open one. */
const CALLS: readonly (readonly [id: string, path: string, how?: AskOptions])[] = [
  ['getStatus', '/api/v1/status'],
  ['listPools', '/api/v1/pools'],
  ['getPool', '/api/v1/pools/main'],
  ['listBackends', '/api/v1/backends'],
  ['listBackendsOfPool', '/api/v1/pools/main/backends'],
  [
    'addBackend',
    '/api/v1/pools/main/backends',
    { method: 'POST', json: { address: 'unix:/run/x.sock', id: 'x/y' } },
  ],
  ['getBackend', '/api/v1/pools/main/backends/x~1y'],
  ['changeBackend', '/api/v1/pools/main/backends/x~1y', { method: 'PATCH', json: { weight: 2 } }],
  ['removeBackend', '/api/v1/pools/main/backends/x~1y?wait=1s&close', { method: 'DELETE' }],
  ['listSessions', '/api/v1/sessions?pool=main&most=5'],
  ['killSession', '/api/v1/sessions/{session}', { method: 'DELETE' }],
  ['killSessions', '/api/v1/sessions?client=127.0.0.1', { method: 'DELETE' }],
  ['streamEvents', '/api/v1/events', { method: 'HEAD' }],
  ['addFault', '/api/v1/faults', { method: 'POST', json: { type: 'slicer', averageSize: 9, name: 's' } }],
  ['listFaults', '/api/v1/faults'],
  ['getFault', '/api/v1/faults/s'],
  ['removeFault', '/api/v1/faults/s', { method: 'DELETE' }],
  ['removeFaults', '/api/v1/faults', { method: 'DELETE' }],
  ['getConfig', '/api/v1/config'],
  ['reload', '/api/v1/reload', { method: 'POST' }],
  ['explain', '/api/v1/explain?client=127.0.0.1'],
  ['resetCounters', '/api/v1/counters/reset', { method: 'POST' }],
  ['getMetrics', '/metrics'],
  ['getDocument', '/api/v1/openapi.json'],
  ['isLive', '/livez?verbose'],
  ['isReady', '/readyz?verbose'],
  ['logIn', '/api/v1/login', { method: 'POST', json: { token: '' } }],
  ['logOut', '/api/v1/logout', { method: 'POST' }],
  ['getDashboard', '/'],
  ['getLoginStyle', '/login.css'],
  ['getLoginScript', '/login.js'],
  ['getDashboardFile', '/dashboard/index.html'],
]

void t.test('each documented route answers as documented', async (sub) => {
  await using backend = await echoBackend()
  const operated = await operate(sub, {
    faults: true,
    backends: [`a=127.0.0.1:${backend.port}`],
    admin: {
      reload: () => Promise.resolve({ at: 1, ok: true, changes: [], problems: [], needsRestart: [] }),
    },
  })
  const ajv = new Ajv2020({ strict: false })
  ajv.addSchema({ $id: 'api', components: document.components })
  for (const [id, path, how] of CALLS) {
    const route = routes.find((one) => one.id === id)
    if (route === undefined) throw new Error(`no route ${id}`)
    const real = path.includes('{session}') ? path.replace('{session}', await openSession(operated)) : path
    const { status, headers, json } = await operated.ask(real, how)
    const operation = document.paths[route.path]?.[route.method.toLowerCase()]
    const content = operation?.responses[status]?.content ?? {}
    sub.ok(status < 300 && operation?.responses[status] !== undefined, `${id}: ${status} is documented`)
    const type = headers.get('content-type') ?? ''
    sub.ok(type in content || '*/*' in content, `${id}: ${type}`)
    const schema = content[type]?.schema
    if (schema === undefined) continue
    const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object
    sub.ok(ajv.validate(local, json), `${id}: ${ajv.errorsText()}`)
  }
  sub.strictSame(
    CALLS.map(([id]) => id).toSorted(),
    routes.map(({ id }) => id).toSorted(),
    'none is left out',
  )
})

void t.test('nothing that is not documented answers', async (sub) => {
  const { admin } = await operate(sub)
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'BREW']
  for (const [path, operations] of Object.entries(document.paths)) {
    const known = new Set(Object.keys(operations).map((method) => method.toUpperCase()))
    if (known.has('GET')) known.add('HEAD')
    const real = path.replaceAll(/\{\w+\}/g, 'main')
    for (const method of methods.filter((one) => !known.has(one))) {
      const { status, headers } = await raw(admin.address, request(`${method} ${real}`))
      // The parser of Node knows the methods that there are.
      sub.ok(status === 405 || (method === 'BREW' && status === 400), `${method} ${path}: ${status}`)
      if (status === 405) sub.equal(headers['allow'], [...known].toSorted().join(', '))
    }
  }
  const others = [
    '/api',
    '/api/v1',
    '/api/v2/status',
    '/api/v1/status/x',
    '/index.html',
    '/favicon.ico',
    '/debug',
  ]
  for (const path of others) sub.equal((await raw(admin.address, request(`GET ${path}`))).status, 404, path)
})

/** Gives the number of a session that is open. */
async function openSession({ balancer }: Operated): Promise<string> {
  const socket = await connectTo(balancer.address)
  socket.write('x')
  await readBytes(socket, 1)
  return String(balancer.sessions()[0]?.id)
}
