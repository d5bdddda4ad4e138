import type { Contender } from '../contender.ts'
import { nginxPreamble, nginxVersion, streamModule } from '../nginx.ts'

/** nginx's stream proxy with one worker and nothing tuned. */
export const nginx: Contender = {
  suite: 'tcp',
  name: 'nginx',
  title: 'nginx stream',
  install: 'apt install nginx libnginx-mod-stream',
  version: () => (streamModule() === undefined ? undefined : nginxVersion()),
  start({ workspace, port, backendPorts, place, sessions }) {
    // Two connections a session in its count, and some of its own. With max_fails=0 no backend is set aside.
    const config = `
${streamModule()?.load ?? ''}
${nginxPreamble(workspace.folder, { name: `stream-${port}`, connections: 2 * sessions + 64 })}
stream {
  upstream backends {
${backendPorts.map((backend) => `    server 127.0.0.1:${backend} max_fails=0;`).join('\n')}
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_pass backends;
    proxy_timeout 1h;
  }
}
`
    const file = workspace.write(`nginx-stream-${port}.conf`, config)
    return workspace.start('nginx', ['-e', 'stderr', '-p', workspace.folder, '-c', file], place)
  },
}
