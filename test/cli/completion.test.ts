import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { completionScript } from '../../src/cli/completion.ts'
import { completionModel } from '../../src/cli/completion-model.ts'
import { helpText } from '../../src/cli/help-text.ts'
import { operateCommands } from '../../src/cli/operate/commands.ts'
import { operateLoaders } from '../../src/cli/operate/loaders.ts'
import { operateHelp, REACH_FLAGS } from '../../src/cli/operate/operate-help.ts'
import { operateNames, outlines } from '../../src/cli/operate/outlines.ts'
import { parseArgs } from '../../src/cli/parse-args.ts'
import { yargsOptions } from '../../src/cli/yargs-options.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-completion-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function scriptFile(shell: 'bash' | 'zsh' | 'fish'): string {
  const path = join(folder, `fairlead.${shell}`)
  writeFileSync(path, completionScript(shell))
  return path
}

/** What bash offers for the last of these words, as it would split them. */
function offered(...words: string[]): string[] {
  const script = [
    'source "$1"; shift',
    'COMP_WORDS=(fairlead "$@"); COMP_CWORD=$#',
    '_fairlead; printf "%s\\n" "${COMPREPLY[@]}"',
  ].join('\n')
  const out = execFileSync('bash', ['-c', script, 'bash', scriptFile('bash'), ...words], { cwd: folder })
  return out
    .toString()
    .split('\n')
    .filter((line) => line !== '')
}

void t.test('bash completes commands, flags of the command, and values of the flag', async (sub) => {
  sub.same(offered('de'), ['demo'])
  sub.same(offered('8080', '--check-p'), ['--check-port', '--check-path'])
  sub.same(offered('--bal'), ['--balance'])
  sub.same(offered('8080', '3001', '--balance', 'le'), ['least-connections'])
  sub.same(offered('8080', '3001', '--balance', '=', 'le'), ['least-connections'])
  sub.same(offered('8080', '3001', '--initial', '='), ['up', 'down'])
  sub.same(offered('8080', '3001', '--retries', ''), [], 'nobody knows which number')
  sub.same(offered('backend', '--un'), ['--unhealthy'])
  sub.same(offered('backend', '--bal'), [])
  sub.same(offered('demo', '--po'), ['--port'])
  sub.same(offered('completion', ''), ['bash', 'zsh', 'fish', '--help', '--version'])
  sub.same(offered('help', 'd'), ['demo', 'drain'])
  sub.same(offered('8080', '3001', '--no-e'), ['--no-eject'])
})

void t.test('bash completes files and folders where those are wanted', async (sub) => {
  writeFileSync(join(folder, 'some file.pem'), '')
  sub.same(offered('8080', '3001', '--backend-ca', 'some'), ['some file.pem'])
  sub.same(offered('8080', '3001', '--error-pages', 'some'), [])
  sub.same(offered('check', 'some'), ['some file.pem'])
  sub.same(offered('check', '--pr'), ['--print'])
})

/** Types `line` and Tab into a zsh of its own, and waits until `rest` stands behind it. */
function typedIntoZsh(line: string, rest: string): void {
  const script = [
    'zmodload zsh/zpty; zpty shell zsh -f -i',
    `zpty -w shell "autoload -Uz compinit; compinit -u -D; source $1; PS1=rea''dy"`,
    "zpty -r shell seen '*ready*'",
    String.raw`zpty -w -n shell "$2"$'\t'`,
    'zpty -r shell seen "*$3*"; zpty -d shell',
  ].join('\n')
  const words = ['-f', '-c', script, 'zsh', scriptFile('zsh'), line, rest]
  execFileSync('zsh', words, { cwd: folder, env: { ...process.env, TERM: 'dumb' }, timeout: 20_000 })
}

void t.test('zsh completes flags behind other words, their values, and files', (sub) => {
  writeFileSync(join(folder, 'my file.yaml'), '')
  for (const [line, rest] of [
    ['fairlead drain b --wa', 'it'],
    ['fairlead 8080 3001 --balance=le', 'ast-connections'],
    ['fairlead 8080 3001 --no-ej', 'ect'],
    ['fairlead check --pr', 'int'],
    ['fairlead check my', String.raw`\\ file.yaml`],
    ['fairlead run --config my', String.raw`\\ file.yaml`],
  ] as const) {
    typedIntoZsh(line, rest)
    sub.pass(line)
  }
  sub.end()
})

void t.test('zsh and fish take their scripts, and offer the same', async (sub) => {
  for (const shell of ['zsh', 'fish'] as const) execFileSync(shell, ['-n', scriptFile(shell)])
  writeFileSync(join(folder, 'some file.pem'), '')
  const lines = ['8080 --balance le', 'backend --un', 'check some', 'drain some']
  const asked = lines.map((line) => `complete -C "fairlead ${line}"`)
  const script = [`source ${scriptFile('fish')}`, ...asked].join('; ')
  const out = execFileSync('fish', ['--no-config', '-c', script], { cwd: folder }).toString()
  const [value, flag, ...files] = out.trimEnd().split('\n')
  sub.match(value, /^least-connections\t/)
  sub.match(flag, /^--unhealthy\t/)
  sub.same(files, ['some file.pem'])
})

function shortened(flag: string): string {
  return flag.replace(/^--(no-)?/, '')
}

void t.test('every flag that a command takes is completed, and no other', async (sub) => {
  for (const topic of ['run', 'demo', 'backend', 'completion'] as const) {
    const command = completionModel().find(({ name }) => name === (topic === 'run' ? '' : topic))
    const flags = (command?.flags ?? []).map(({ flag }) => shortened(flag))
    sub.same(new Set(flags), new Set(Object.keys(yargsOptions(topic))), topic)
  }
})

void t.test('the help of each command is one screen, and fits it', async (sub) => {
  for (const topic of ['run', 'demo', 'backend', 'completion'] as const) {
    const lines = helpText(topic, { columns: 80, all: false }).trimEnd().split('\n')
    sub.ok(lines.length <= 24, `${topic}: ${lines.length} lines`)
    sub.ok(Math.max(...lines.map(({ length }) => length)) <= 92, topic)
  }
})

void t.test('a command to a running balancer is known everywhere, or nowhere', async (sub) => {
  sub.same(
    operateCommands.map(({ name }) => name),
    operateNames,
  )
  sub.same(Object.keys(operateLoaders), operateNames)
  const everything = helpText('run', { columns: 80, all: true })
  for (const command of operateCommands) {
    const { name, words, summary, flags } = command
    sub.equal((await operateLoaders[name]?.())?.name, name)
    sub.same(
      outlines.filter((outline) => outline.name === name),
      [{ name, words, summary }],
    )
    const completed = completionModel().find((known) => known.name === name)
    const expected = [...flags, ...REACH_FLAGS].map(({ flag }) => `--${flag}`)
    sub.same(
      completed?.flags.map(({ flag }) => flag),
      [...expected, '--help'],
    )
    const help = operateHelp(command, { columns: 80 })
    for (const flag of expected) sub.match(help, `  ${flag}`)
    const lines = help.trimEnd().split('\n')
    sub.ok(lines.length <= 24 && Math.max(...lines.map(({ length }) => length)) <= 80, name)
    sub.match(everything, `fairlead ${name}`)
  }
  sub.same(offered('dr'), ['drain'])
  sub.same(offered('drain', '--w'), ['--wait'])
  sub.same(offered('help', 'ev'), ['events'])
})

void t.test('a shell is asked for by its name', async (sub) => {
  const context = { env: {}, columns: 80 }
  sub.same(await parseArgs(['completion', 'zsh'], context), { command: 'completion', shell: 'zsh' })
  for (const words of [['completion'], ['completion', 'tcsh']]) {
    const wrong = 'completion for which shell? One of bash, zsh, fish'
    await sub.rejects(parseArgs(words, context), { message: wrong })
  }
  await sub.rejects(parseArgs(['completion', 'bash', 'more'], context), {
    message: '"more" is not expected here; see fairlead completion --help',
  })
})
