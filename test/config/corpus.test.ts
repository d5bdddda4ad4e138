import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { parse } from 'yaml'
import type * as z from 'zod'
import { check } from '../../src/cli/check.ts'
import type { CommandContext } from '../../src/cli/context.ts'
import { effectiveConfig } from '../../src/config/effective.ts'
import { expandVariables } from '../../src/config/expand-variables.ts'
import type { FairleadConfig } from '../../src/config/file-options.ts'
import type { fileSchema } from '../../src/config/file-schema.ts'
import { jsonSchema } from '../../src/config/json-schema.ts'
import { resolveFile } from '../../src/config/resolve-file.ts'
import { HIDDEN } from '../../src/config/secrets.ts'
import { isSmallForm } from '../../src/config/small-form.ts'
import { readConfigFile } from '../../src/config/source.ts'
import { ConfigError } from '../../src/core/errors.ts'
import { inProject } from '../helpers/project.ts'
import { written } from './written.ts'

const corpus = inProject('fixtures/configs')
const valid = filesIn('valid')
const invalid = filesIn('invalid')
const env = {}

function filesIn(folder: string): string[] {
  return readdirSync(join(corpus, folder))
    .filter((name) => /\.(?:yaml|json|mjs)$/.test(name))
    .map((name) => join(corpus, folder, name))
}

function shortName(path: string): string {
  return path.slice(corpus.length + 1)
}

/** What `fairlead check` prints, and its exit code. */
async function checked(file: string, options: { print?: boolean; json?: boolean } = {}) {
  let printed = ''
  let complaints = ''
  const context = {
    env,
    print: (text: string) => void (printed += text),
    printError: (text: string) => void (complaints += text),
  } as unknown as CommandContext
  const { print = false, json = false } = options
  const code = await check({ command: 'check', file, print, json }, context)
  return { code, printed, complaints }
}

void t.test('there are many of both', async (sub) => {
  sub.ok(valid.length >= 15, `${valid.length} valid`)
  sub.ok(invalid.length >= 40, `${invalid.length} invalid`)
})

void t.test('a valid file is read, and what would run is told', async (sub) => {
  for (const file of valid) {
    const { code, printed, complaints } = await checked(file)
    sub.equal(code, 0, shortName(file))
    sub.match(printed, /is good\n\nlisteners\n {2}\S+ +(?:tcp|http) /)
    sub.equal(complaints, '')
  }
})

void t.test('an invalid file has exactly the expected problems', async (sub) => {
  for (const file of invalid) {
    const expected = readFileSync(`${file}.expected.txt`, 'utf8')
    const problem: unknown = await readConfigFile(file, { env }).catch((error: unknown) => error)
    sub.ok(problem instanceof ConfigError, shortName(file))
    const { code, printed, complaints } = await checked(file)
    sub.equal(complaints.replaceAll(`${join(file, '..')}/`, ''), expected, shortName(file))
    sub.equal(printed, '')
    sub.equal(code, 2)
  }
})

void t.test('check tells programs the same', async (sub) => {
  const [bad = ''] = invalid
  const { code, printed } = await checked(bad, { json: true })
  const told = JSON.parse(printed) as { ok: boolean; problems: { line: number; file: string }[] }
  sub.equal(code, 2)
  sub.match(told, { ok: false, file: bad, problems: [{ file: bad, line: 3 }] })
  const good = await checked(join(corpus, 'valid/minimal.yaml'), { json: true })
  sub.match(JSON.parse(good.printed), {
    ok: true,
    listeners: [{ name: 'main', mode: 'tcp', address: '[::]:8080', leadsTo: ['to main'] }],
    pools: [{ name: 'main', strategy: 'round-robin', backends: '2 backends', check: 'tcp, every 2s' }],
  })
})

void t.test('what check --print says reads into the same configuration', async (sub) => {
  for (const file of valid) {
    const config = await readConfigFile(file, { env })
    const { code, printed } = await checked(file, { print: true })
    sub.equal(code, 0)
    if (config.pools.some(({ strategyFactory }) => strategyFactory !== undefined)) continue
    const said = expandVariables(parse(printed), env).value
    const again = resolveFile(said)
    if (!printed.includes(HIDDEN)) sub.same(again, config, shortName(file))
    sub.same(said, effectiveConfig(config), shortName(file))
    sub.same(effectiveConfig(again), effectiveConfig(config), `${shortName(file)}, read again`)
  }
})

void t.test('what check --print says is a file that check takes, whatever signs are in it', async (sub) => {
  const text = '$${ $$${{NAME} $ { ${UNSET:-x}'
  const file = written(
    'signs.yaml',
    `{ listeners: { web: { listen: 8080, pool: web } }, pools: { web: { backends: [1], check: http, checkBody: '${text}' } } }`,
  )
  const config = await readConfigFile(file, { env })
  sub.equal(config.pools[0]?.check.http.bodyContains, '${ $${{NAME} $ { x')
  for (const json of [false, true]) {
    const { printed } = await checked(file, { print: true, json })
    sub.same(await readConfigFile(written('printed.yaml', printed), { env }), config)
  }
})

void t.test(
  'the JSON Schema takes every valid file in the long form, and the package holds it',
  async (sub) => {
    const schema = jsonSchema()
    const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema)
    for (const file of valid.filter((path) => !path.endsWith('.mjs'))) {
      const content: unknown = parse(readFileSync(file, 'utf8'), { merge: true })
      if (isSmallForm(content)) continue
      sub.ok(validate(content), `${shortName(file)} ${JSON.stringify(validate.errors)}`)
    }
    for (const name of [
      'unknown-keys',
      'numbers',
      'choices',
      'backends-not-a-list',
      'no-listeners',
      'discover',
    ]) {
      const content: unknown = parse(readFileSync(join(corpus, `invalid/${name}.yaml`), 'utf8'))
      sub.notOk(validate(content), name)
    }
    const shipped = readFileSync(inProject('dist/fairlead.schema.json'), 'utf8')
    sub.same(JSON.parse(shipped), JSON.parse(JSON.stringify(schema)))
  },
)

void t.test('every place in the JSON Schema is explained', async (sub) => {
  const { properties } = jsonSchema() as {
    properties: Record<
      string,
      { additionalProperties?: { properties: Record<string, { description?: string }> } }
    >
  }
  for (const part of ['listeners', 'pools']) {
    for (const [key, { description }] of Object.entries(
      properties[part]?.additionalProperties?.properties ?? {},
    )) {
      sub.ok(description, `${part}.${key}`)
    }
  }
})

/** The types that people see are those of the schema; this fails to compile where they part. */
type SameType<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never
const isSame: SameType<FairleadConfig, z.input<typeof fileSchema>> = true
void t.ok(isSame)
