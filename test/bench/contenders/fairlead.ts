import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { repository } from '../workspace.ts'

/** As it comes, but for the session log and the checks, which the others do not have on either. */
export const fairlead = variant({ name: 'fairlead', title: 'fairlead' })

/** Without Node's internals: what is left where the fast path finds a Node that it does not know. */
export const fairleadSockets = variant({
  name: 'fairlead-sockets',
  title: 'fairlead (sockets)',
  env: { FAIRLEAD_IO: 'sockets' },
})

export const fairleadChecks = variant({
  name: 'fairlead-checks',
  title: 'fairlead (checks)',
  check: 'tcp',
  optional: true,
})

interface Variant {
  readonly name: string
  readonly title: string
  readonly env?: Readonly<Record<string, string>>
  readonly check?: string
  readonly optional?: boolean
}

function variant({ name, title, env = {}, check = 'off', optional = false }: Variant): Contender {
  return {
    name,
    title,
    optional,
    install: 'npm run build',
    version: () => (existsSync(join(repository, 'dist/cli/main.js')) ? packageVersion() : undefined),
    start({ workspace, port, backendPorts, place }) {
      const quiet = ['--log-level', 'warn', '--no-session-log', '--check', check]
      const args = [join(repository, 'bin/fairlead.js'), `127.0.0.1:${port}`, ...backendPorts.map(String)]
      return workspace.start(process.execPath, [...args, ...quiet], { ...place, env })
    },
  }
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}
