import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { versionOf } from './tool.ts'

/** nginx is a contender (its stream proxy) and, where installed, the web backend of everybody. */
export function nginxVersion(): string | undefined {
  return versionOf('nginx', ['-v'], /nginx\/(\S+)/)
}

/** What loads the stream proxy: a line of configuration, empty where it is built in; undefined = not there. */
export function streamModule(): { readonly load: string } | undefined {
  const result = spawnSync('nginx', ['-V'], { encoding: 'utf8', timeout: 10_000 })
  if (result.error !== undefined) return undefined
  if (/--with-stream(\s|$)/.test(result.stderr)) return { load: '' }
  const [, folder = '/usr/lib/nginx/modules'] = /--modules-path=(\S+)/.exec(result.stderr) ?? []
  const file = join(folder, 'ngx_stream_module.so')
  return existsSync(file) ? { load: `load_module ${file};` } : undefined
}

/** Where HTTP keeps what does not fit into memory; each nginx needs folders of its own. */
export function nginxTempPaths(folder: string, name: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${join(folder, `${name}-${kind}`)};`)
    .join('\n')
}

/** The lines that every configuration starts with: one worker in the foreground, files in `folder` only. */
export function nginxPreamble(folder: string, options: { name: string; connections: number }): string {
  // Started by root, its worker would change to a user that may not read the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `
${user}
daemon off;
worker_processes 1;
pid ${join(folder, `${options.name}.pid`)};
error_log stderr error;
events { worker_connections ${options.connections}; }
`
}
