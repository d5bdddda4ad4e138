import type { Child } from '../child.ts'
import { nginxPreamble, nginxTempPaths, nginxVersion } from '../nginx.ts'
import type { Workspace } from '../workspace.ts'

/** The small-answer web service behind every contender: one process, several ports. */
export interface WebBackends {
  readonly ports: readonly number[]
  readonly child: Child
  /** Answers `/100k` and `/10m` too. */
  readonly hasFiles: boolean
}

export async function startWebBackends(workspace: Workspace, cpu: number): Promise<WebBackends> {
  const ports: number[] = []
  while (ports.length < BACKENDS) ports.push(await workspace.freePort())
  const hasFiles = nginxVersion() !== undefined
  const child = hasFiles ? startNginx(workspace, ports, cpu) : startNode(workspace, ports, cpu)
  for (const port of ports) await child.listening(port)
  return { ports, child, hasFiles }
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
  sendfile on;
${nginxTempPaths(workspace.folder, 'web')}
  server {
${ports.map((port) => `    listen 127.0.0.1:${port} backlog=4096;`).join('\n')}
    root ${workspace.folder};
    location = / { return 200 "hello from the backend\\n"; }
  }
}
`
  workspace.write('100k', 'x'.repeat(100_000))
  workspace.write('10m', 'x'.repeat(10_000_000))
  const file = workspace.write('nginx-web.conf', config)
  return workspace.start('nginx', ['-e', 'stderr', '-p', workspace.folder, '-c', file], { cpu })
}

function startNode(workspace: Workspace, ports: readonly number[], cpu: number): Child {
  return workspace.startProgram('./load/web-backend.js', ports, { cpu })
}
