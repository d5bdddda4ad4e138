import { existsSync, readFileSync } from 'node:fs'
import type { Contender } from '../contender.ts'
import type { SuiteName } from '../suites.ts'
import { inProject } from '../../helpers/project.ts'

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

/** The same in HTTP mode: forwarding fields, request ids and strict parsing are on, as they always are. */
export const fairleadHttp = variant({ suite: 'http', name: 'fairlead-http', title: 'fairlead http' })

export const fairleadHttpSockets = variant({
  suite: 'http',
  name: 'fairlead-http-sockets',
  title: 'fairlead http (sockets)',
  env: { FAIRLEAD_IO: 'sockets' },
})

interface Variant {
  /** Default `tcp`; also the mode that fairlead runs in. */
  readonly suite?: SuiteName
  readonly name: string
  readonly title: string
  readonly env?: Readonly<Record<string, string>>
  readonly check?: string
  readonly optional?: boolean
}

function variant({
  suite = 'tcp',
  name,
  title,
  env = {},
  check = 'off',
  optional = false,
}: Variant): Contender {
  return {
    suite,
    name,
    title,
    optional,
    install: 'npm run build',
    version: () => (existsSync(inProject('dist/cli/main.js')) ? packageVersion() : undefined),
    start({ workspace, port, backendPorts, place }) {
      const quiet = ['--log-level', 'warn', '--no-session-log', '--check', check, '--mode', suite]
      const args = [inProject('bin/fairlead.js'), `127.0.0.1:${port}`, ...backendPorts.map(String)]
      return workspace.start(process.execPath, [...args, ...quiet], { ...place, env })
    },
  }
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8')) as {
    version: string
  }
  return version
}
