import type { Child } from '../child.ts'
import { nginxPreamble, nginxVersion } from '../nginx.ts'
import type { Workspace } from '../workspace.ts'

/** The small-answer web service behind every contender: one process, several ports. */
export interface WebBackends {
  readonly ports: readonly number[]
  readonly child: Child
}

export async function startWebBackends(workspace: Workspace, cpu: number): Promise<WebBackends> {
  const ports: number[] = []
  while (ports.length < BACKENDS) ports.push(await workspace.freePort())
  const child =
    nginxVersion() === undefined ? startNode(workspace, ports, cpu) : startNginx(workspace, ports, cpu)
  for (const port of ports) await child.listening(port)
  return { ports, child }
}

/** What the backends are, for the table. */
export function webBackendName(): string {
  const version = nginxVersion()
  return version === undefined ? 'Node fixture (nginx is missing: apt install nginx)' : `nginx ${version}`
}

const BACKENDS = 2

function startNginx(workspace: Workspace, ports: readonly number[], cpu: number): Child {
  const config = `
${nginxPreamble(workspace.folder, { name: 'web', connections: 4096 })}
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${workspace.folder}/body;
  proxy_temp_path ${workspace.folder}/proxy;
  fastcgi_temp_path ${workspace.folder}/fastcgi;
  uwsgi_temp_path ${workspace.folder}/uwsgi;
  scgi_temp_path ${workspace.folder}/scgi;
  server {
${ports.map((port) => `    listen 127.0.0.1:${port} backlog=4096;`).join('\n')}
    location / { return 200 "hello from the backend\\n"; }
  }
}
`
  const file = workspace.write('nginx-web.conf', config)
  return workspace.start('nginx', ['-e', 'stderr', '-p', workspace.folder, '-c', file], { cpu })
}

function startNode(workspace: Workspace, ports: readonly number[], cpu: number): Child {
  return workspace.startProgram('./load/web-backend.js', ports, { cpu })
}
