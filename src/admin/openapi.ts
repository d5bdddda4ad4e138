import * as z from 'zod'
import { packageVersion } from '../core/package-version.ts'
import type { Parameters } from './http/parameters.ts'
import type { Documented, Route } from './http/route.ts'
import { apiError, named } from './schemas.ts'

type Json = Readonly<Record<string, unknown>>

const COMPONENTS = '#/components/schemas/'

const ABOUT = `Watch and steer a running fairlead.

- **Who may ask.** Where a token is set, every request but \`/livez\`, \`/readyz\` and the login shows it
  (\`Authorization: Bearer ...\`), or the cookie of a login.
- **Paths** have one form: no empty or dot segments, nothing percent-encoded but \`:\`, \`[\` and \`]\`. A slash within
  the id of a backend is written \`~1\`: \`unix:/run/a.sock\` becomes \`unix:~1run~1a.sock\`. So a client writes
  \`encodeURIComponent(id.replaceAll('/', '~1'))\`.
- **Lost updates.** Answers about pools and backends have the version of all that was commanded as their \`ETag\`; a
  change that sends it back as \`If-Match\` is refused with 412 if somebody changed something since.
- **Errors** are JSON: \`{ "error": { "code": "FAIRLEAD_...", "message": "...", "details": [{ "path", "message" }] } }\`.
  Codes are stable. Unknown fields and parameters are refused.`

/** The OpenAPI 3.1 document of `routes`, as it is served and as it ships in the package. */
export function openApiText(routes: readonly Route[]): string {
  return `${JSON.stringify(openApiDocument(routes), null, 2)}\n`
}

function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const at = (paths[route.path] ??= {})
    at[route.method.toLowerCase()] = operation(route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'fairlead admin API',
      version: packageVersion(),
      description: ABOUT,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }, { cookie: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'fairlead-admin-PORT' },
      },
    },
  }
}

function operation(route: Route): Json {
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.access === 'open' ? { security: [] } : {}),
    parameters: [...pathParameters(route.path), ...queryParameters(route.query ?? {}), ...conditions(route)],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(route.body) } },
          },
        }),
    responses: responses(route),
  }
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: PATH_PARAMETERS[name] ?? '',
    schema: { type: 'string' },
  }))
}

function queryParameters(query: Parameters): Json[] {
  return Object.entries(query).map(([name, { description, schema, repeated }]) => ({
    name,
    in: 'query',
    description,
    schema: repeated === true ? { type: 'array', items: schema } : schema,
    ...(schema['enum'] === undefined ? {} : { allowEmptyValue: true }),
  }))
}

function conditions({ matches }: Route): Json[] {
  if (matches !== true) return []
  return [
    { name: 'If-Match', in: 'header', description: 'The ETag of an answer.', schema: { type: 'string' } },
  ]
}

function error(description: string): Documented {
  return { description, schema: apiError }
}

/** Its own, and those that follow from what it takes. */
function responses(route: Route): Json {
  const all: Record<number, Documented> = { ...commonAnswers(route), ...route.answers }
  const entries = Object.entries(all).map(([status, documented]): [string, Json] => {
    const isGood = Number(status) < 400 || route.type !== undefined || documented.schema !== undefined
    const schema = documented.schema ?? (isGood ? undefined : apiError)
    const content =
      Number(status) === 304
        ? undefined
        : schema === undefined
          ? { [route.type ?? 'application/json']: {} }
          : { 'application/json': { schema: jsonSchema(schema) } }
    return [status, { description: documented.description, ...(content === undefined ? {} : { content }) }]
  })
  return Object.fromEntries(entries)
}

function commonAnswers(route: Route): Record<number, Documented> {
  return {
    400: error('The request is not good; `details` say where.'),
    ...(route.access === 'open' ? {} : { 401: error('The token is missing or wrong.') }),
    403: error('The `Host` is not one of ours, or the page that asks is of another origin.'),
    ...(route.path.includes('{') ? { 404: error('There is no such thing.') } : {}),
    406: error('`Accept` excludes what is here.'),
    ...(route.matches === true
      ? { 412: error('Something was changed since the version of `If-Match`.') }
      : {}),
    ...(route.method === 'GET'
      ? {}
      : { 413: error('The body is too long.'), 415: error('The body is no JSON in UTF-8.') }),
    429: error('Too many wrong tokens from this address (of IPv6: from its /64).'),
  }
}

function jsonSchema(schema: z.ZodType): Json {
  const known = named.get(schema)
  if (known !== undefined) return { $ref: `${COMPONENTS}${known.id}` }
  const { $defs: _named, ...own } = z.toJSONSchema(schema, { metadata: named, io: 'input' })
  return withoutMarks(JSON.parse(JSON.stringify(own).replaceAll('"#/$defs/', `"${COMPONENTS}`)) as Json)
}

function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(named, { uri: (id) => `${COMPONENTS}${id}`, io: 'input' })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutMarks(schema as Json)]))
}

/** What a schema says of itself when it stands alone. */
function withoutMarks({ $schema: _schema, $id: _id, ...schema }: Json): Json {
  return schema
}

const TAGS = {
  status: 'What it does right now.',
  backends: 'Pools and their backends.',
  sessions: 'Open sessions.',
  events: 'What happens, as it happens.',
  faults: 'Faults on purpose, for tests.',
  process: 'Configuration and the process as a whole.',
  health: 'For probes of fairlead itself.',
  dashboard: 'For browsers.',
}

const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  fault: 'Name of the fault.',
  pool: 'Name of the pool.',
  backend: 'Id of the backend, with `~1` for a slash.',
  session: 'Number of the session.',
  file: 'Name of the file.',
}
