import t from 'tap'
import { visibleConfig } from '../../src/admin/resources/visible-config.ts'
import { check } from '../../src/cli/check.ts'
import type { CommandContext } from '../../src/cli/context.ts'
import { readConfigFile } from '../../src/config/source.ts'
import { written } from './written.ts'

const env = { ADMIN_TOKEN: 'hush-admin', CHECK_TOKEN: 'hush-check', BACKEND_KEY: 'hush-key' }

/** All that `fairlead check FILE` says. */
async function told(file: string, options: { print?: boolean; json?: boolean } = {}): Promise<string> {
  const { print = false, json = false } = options
  let text = ''
  const say = (part: string): void => void (text += part)
  const context = { env, print: say, printError: say } as unknown as CommandContext
  await check({ command: 'check', file, print, json }, context)
  return text
}

void t.test('what is printed of a configuration hides what is sent to backends', async (sub) => {
  const file = written(
    'good.yaml',
    [
      'listeners:',
      "  web: { listen: 8080, mode: http, routes: [{ pool: web, setRequestHeaders: { X-Key: '${BACKEND_KEY}' }, setResponseHeaders: { X-Zone: a } }] }",
      'pools:',
      "  web: { backends: [3001], check: http, checkHeader: { Authorization: 'Bearer ${CHECK_TOKEN}' } }",
      "admin: { listen: 8090, token: '${ADMIN_TOKEN}' }",
    ].join('\n'),
  )
  for (const json of [false, true]) {
    const printed = await told(file, { print: true, json })
    sub.notMatch(printed, 'hush')
    for (const name of ['X-Key', 'Authorization', 'token']) {
      sub.match(printed, new RegExp(`"?${name}"?: "?\\(hidden\\)`), name)
    }
    sub.match(printed, /"?X-Zone"?: "?a/, 'clients see it, and so may everybody')
  }
  sub.notMatch(JSON.stringify(visibleConfig(await readConfigFile(file, { env }))), 'hush')
})

/** A file that is right but for these parts. */
function yaml({ admin = '8090', header = '{}', route = '{ pool: web }', end = '' }): string {
  return [
    `listeners: { web: { listen: 8080, mode: http, routes: [${route}] } }`,
    `pools: { web: { backends: [3001], check: http, checkHeader: ${header} } }`,
    `admin: ${admin}`,
    end,
  ].join('\n')
}

void t.test('what is told of a wrong configuration quotes no secret', async (sub) => {
  const wrong: Readonly<Record<string, [string, RegExp]>> = {
    'a list around admin.yaml': [
      yaml({ admin: '[{ listen: 4190, token: hush-admin }]' }),
      /not \[\{"listen":4190,"token":"…"\}\]/,
    ],
    'a number as the token.yaml': [yaml({ admin: '[{ tokens: { a: [4711471147] } }]' }), /"tokens":"…"/],
    'a slip in the key.yaml': [yaml({ admin: '[{ tokn: hush-admin }]' }), /not \[\{"tokn":"…"\}\]/],
    'a list of texts.yaml': [yaml({ admin: '[8090, hush-admin]' }), /not \[8090,"…"\]/],
    'a header without a colon.yaml': [
      yaml({ header: 'Authorization Bearer hush' }),
      /not a text without a name and a colon/,
    ],
    'a line break in a header.yaml': [
      yaml({ header: '{ Authorization: "Bearer hush\\r\\nX: y" }' }),
      /checkHeader: must be "Name: value", not a value with a control character/,
    ],
    'a character of no header.yaml': [
      yaml({ header: '{ Authorization: "Bearer hush☃" }' }),
      /the value of Authorization: no HTTP field can carry "☃"/,
    ],
    'a list in a header.yaml': [
      yaml({ header: '{ Authorization: [hush] }' }),
      /not a list as the value of "Authorization"/,
    ],
    'a wrong header of a request.yaml': [
      yaml({ route: '{ pool: web, setRequestHeaders: { X-Key: [hush] } }' }),
      /X-Key must be a text, not a list/,
    ],
    'a header of a request as a text.yaml': [
      yaml({ route: "{ pool: web, setRequestHeaders: 'X-Key: hush' }" }),
      /setRequestHeaders: must be an object such as .+, not a text/,
    ],
    'a variable that is none.yaml': [
      yaml({ header: "{ Authorization: 'Bearer ${hush!}' }" }),
      /holds "\$\{" that begins no variable/,
    ],
    'a token that looks like an alias.yaml': [
      yaml({ admin: '{ listen: 8090, token: *hush-admin }' }),
      /Unresolved alias/,
    ],
    'a token that looks like a tag.yaml': [
      yaml({ admin: '{ listen: 8090, token: !hush!admin x }' }),
      /:3: no tag is known here/,
    ],
    'a block that is none.yaml': [
      yaml({ end: 'pidFile: | hush' }),
      /:4: cannot be read as YAML: Not a YAML token/,
    ],
    'broken.json': [
      '{ "listeners": {},\n  "admin": { "listen": 4190, "token": hush-SECRET-3" } }',
      /:2: cannot be read as JSON: column 39 wants a value, texts in double quotes/,
    ],
  }
  for (const [name, [text, expected]] of Object.entries(wrong)) {
    const file = written(name, text)
    for (const json of [false, true]) {
      const says = await told(file, { json })
      sub.notMatch(says, /hush|47114/, name)
      if (!json) sub.match(says, expected, name)
    }
  }
})
