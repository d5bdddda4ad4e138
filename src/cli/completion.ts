import { completionModel } from './completion-model.ts'
import type { CompletedCommand, CompletedFlag } from './completion-model.ts'

/**
 * A script that completes commands, flags and the values of flags. It stands for itself: made from the same table as the
 * flags, it starts no fairlead to find words.
 */
export function completionScript(shell: 'bash' | 'zsh' | 'fish'): string {
  return `${SCRIPTS[shell](completionModel()).join('\n')}\n`
}

const SCRIPTS: Readonly<
  Record<'bash' | 'zsh' | 'fish', (commands: readonly CompletedCommand[]) => string[]>
> = { bash, zsh, fish }

function bash(commands: readonly CompletedCommand[]): string[] {
  const named = commands.map(({ name }) => name).filter((name) => name !== '')
  return [
    '# bash completion for fairlead; source it, or put it into /etc/bash_completion.d',
    '_fairlead() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= words=',
    '  # --flag=value comes as three words.',
    '  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi',
    '  COMPREPLY=()',
    '  case $prev in',
    ...unique(commands).flatMap(bashValues),
    '  esac',
    `  (( COMP_CWORD > 1 )) && case \${COMP_WORDS[1]} in ${named.join('|')}) command=\${COMP_WORDS[1]} ;; esac`,
    '  case $command in',
    ...commands.map(bashWords),
    '  esac',
    `  (( COMP_CWORD == 1 )) && words="${named.join(' ')} $words"`,
    '  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")',
    '}',
    'complete -F _fairlead fairlead',
  ]
}

function bashValues({ flag, value }: CompletedFlag): string[] {
  if (value === 'none') return []
  if (value === 'any') return [`    ${flag}) return ;;`]
  const offer = typeof value === 'string' ? BASH_FILES[value] : bashOffer(`-W '${value.join(' ')}'`)
  return [`    ${flag}) ${offer}; return ;;`]
}

function bashWords({ name, flags, words }: CompletedCommand): string {
  const before = words === 'file' ? `[[ $cur == -* ]] || { ${BASH_FILES.file}; return; }; ` : ''
  const all = [...(words === 'file' ? [] : words), ...flags.map(({ flag }) => flag)]
  return `    ${name === '' ? "''" : name}) ${before}words='${all.join(' ')}' ;;`
}

function bashOffer(how: string): string {
  return `mapfile -t COMPREPLY < <(compgen ${how} -- "$cur")`
}

const BASH_FILES = {
  file: `compopt -o filenames 2>/dev/null; ${bashOffer('-f')}`,
  folder: `compopt -o filenames 2>/dev/null; ${bashOffer('-d')}`,
} as const

function zsh(commands: readonly CompletedCommand[]): string[] {
  const named = commands.filter(({ name }) => name !== '')
  return [
    '#compdef fairlead',
    '_fairlead() {',
    '  local -a commands',
    `  commands=(${named.map(({ name, description }) => zshQuote(`${name}:${description}`)).join(' ')})`,
    '  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then _describe command commands; return; fi',
    '  case $words[2] in',
    ...[...named, ...commands.filter(({ name }) => name === '')].map(
      ({ name, flags, words }) =>
        `    ${name === '' ? '*' : name}) _arguments ${[
          ...flags.map(zshFlag),
          zshQuote(`*: :${zshWords(name, words)}`),
        ].join(' ')} ;;`,
    ),
    '  esac',
    '}',
    'if [[ $funcstack[1] == _fairlead ]]; then _fairlead "$@"; else compdef _fairlead fairlead; fi',
  ]
}

/** Never nothing at all: behind a word that it was told nothing of, `_arguments` completes no flags either. */
function zshWords(name: string, words: CompletedCommand['words']): string {
  if (words === 'file') return ZSH_FILES.file
  return words.length === 0 ? ' ' : `(${name} ${words.join(' ')})`
}

function zshFlag({ flag, description, value }: CompletedFlag): string {
  const told = description.replaceAll(/[[\]:\\]/g, String.raw`\$&`)
  if (value === 'none') return zshQuote(`${flag}[${told}]`)
  const action = typeof value === 'string' ? ZSH_FILES[value] : `(${value.join(' ')})`
  return zshQuote(`*${flag}=[${told}]:value:${action}`)
}

const ZSH_FILES = { file: '_files', folder: '_files -/', any: '' } as const

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function fish(commands: readonly CompletedCommand[]): string[] {
  const named = commands.filter(({ name }) => name !== '')
  const names = named.map(({ name }) => name).join(' ')
  return [
    '# fish completion for fairlead',
    'complete -c fairlead -f',
    ...named.map(
      ({ name, description }) =>
        `complete -c fairlead -n __fish_use_subcommand -a ${name} -d ${fishQuote(description)}`,
    ),
    ...commands.flatMap(({ name, flags, words }) => {
      const when =
        name === '' ? `not __fish_seen_subcommand_from ${names}` : `__fish_seen_subcommand_from ${name}`
      return [
        ...(words === 'file' ? ['-F'] : words.map((word) => `-a ${word}`)).map(
          (offer) => `complete -c fairlead -n ${fishQuote(when)} ${offer}`,
        ),
        ...flags.map((flag) => `complete -c fairlead -n ${fishQuote(when)} ${fishFlag(flag)}`),
      ]
    }),
  ]
}

function fishFlag({ flag, description, value }: CompletedFlag): string {
  const name = `-l ${flag.slice(2)} -d ${fishQuote(description)}`
  if (value === 'none') return name
  if (typeof value !== 'string') return `${name} -x -a ${fishQuote(value.join(' '))}`
  return `${name} ${FISH_FILES[value]}`
}

const FISH_FILES = { file: '-r -F', folder: "-x -a '(__fish_complete_directories)'", any: '-x' } as const

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}

/** Flags mean the same in all commands. */
function unique(commands: readonly CompletedCommand[]): CompletedFlag[] {
  return [...new Map(commands.flatMap(({ flags }) => flags).map((flag) => [flag.flag, flag])).values()]
}
