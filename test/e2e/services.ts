import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../helpers/free-port.ts'
import type { Command } from './command.ts'
import { finish, launch } from './command.ts'

/** What the tests drive, and the Debian package that has it. */
const PACKAGES = {
  initdb: 'postgresql',
  pgbench: 'postgresql',
  'redis-server': 'redis-server',
  'redis-benchmark': 'redis-tools',
  'redis-cli': 'redis-tools',
  wrk: 'wrk',
  curl: 'curl',
  nc: 'netcat-openbsd',
  script: 'bsdutils',
} as const

export type Tool = keyof typeof PACKAGES

/**
 * For `skip`: false when all tools are there, else what to install. In CI nothing is skipped: a missing tool throws.
 */
export function without(...tools: Tool[]): false | string {
  const missing = tools.filter((tool) => !isUsable(tool))
  if (missing.length === 0) return false
  const packages = [...new Set(missing.map((tool) => PACKAGES[tool]))]
  const hint = `${missing.join(', ')} missing: apt-get install ${packages.join(' ')}`
  if (process.env['CI'] !== undefined) throw new Error(hint)
  return hint
}

/** Where a tool is; Debian keeps PostgreSQL's out of the path. */
export function pathOf(tool: string): string {
  return (
    folders()
      .map((folder) => join(folder, tool))
      .find((path) => existsSync(path)) ?? tool
  )
}

function folders(): string[] {
  const versions = '/usr/lib/postgresql'
  const postgresql = existsSync(versions) ? readdirSync(versions).toSorted().toReversed() : []
  return [
    ...postgresql.map((version) => join(versions, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
}

function isUsable(tool: Tool): boolean {
  if (pathOf(tool) === tool) return false
  // Other systems have an nc that cannot end its sending, and a script with other options.
  if (tool === 'nc') return spawnSync('nc', ['-h'], { encoding: 'utf8' }).stderr.includes('-N')
  if (tool === 'script')
    return spawnSync('script', ['--help'], { encoding: 'utf8' }).stdout.includes('--return')
  return true
}

/** A running service on a port of 127.0.0.1. */
export interface Service extends AsyncDisposable {
  readonly port: number
}

/** A PostgreSQL of its own, which forgets everything; the user is `postgres`, without a password. */
export async function startPostgres(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-pg-'))
  // It refuses to run as root.
  const owner = process.getuid?.() === 0 ? await idsOf('postgres') : undefined
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
  const as = { ...owner, cwd: folder, env: { LC_ALL: 'C' } }
  const data = join(folder, 'data')
  const made = await finish(
    pathOf('initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    as,
  )
  if (made.code !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    fsync: 'off',
    shared_buffers: '16MB',
    max_connections: '40',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = launch(pathOf('postgres'), ['-D', data, '-p', String(port), ...options], as)
  await server.says(/ready to accept connections/, 'stderr')
  // SIGQUIT: at once, and its children with it.
  return service(port, { server, folder, stop: 'SIGQUIT' })
}

/** A Redis of its own, in memory only. */
export async function startRedis(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-redis-'))
  const port = await freePort()
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  const server = launch(pathOf('redis-server'), args, { cwd: folder })
  await server.says(/Ready to accept connections/i)
  return service(port, { server, folder, stop: 'SIGTERM' })
}

function service(
  port: number,
  { server, folder, stop }: { server: Command; folder: string; stop: NodeJS.Signals },
): Service {
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.signal(stop)
      await server.exit()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((which) => finish('id', [which, user])))
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) }
}
