import type { Contender } from '../contender.ts'
import { nginxPreamble, nginxTempPaths, nginxVersion } from '../nginx.ts'

/** nginx's HTTP proxy with one worker, connections to backends kept as its manual says, and nothing else tuned. */
export const nginxHttp: Contender = {
  suite: 'http',
  name: 'nginx-http',
  title: 'nginx http',
  install: 'apt install nginx',
  version: nginxVersion,
  start({ workspace, port, backendPorts, place, sessions }) {
    const name = `http-${port}`
    // Without a limit on requests, as HAProxy has none; with max_fails=0 no backend is set aside.
    const config = `
${nginxPreamble(workspace.folder, { name, connections: 2 * sessions + 64 })}
http {
  access_log off;
  client_max_body_size 0;
  keepalive_requests 1000000000;
${nginxTempPaths(workspace.folder, name)}
  upstream backends {
${backendPorts.map((backend) => `    server 127.0.0.1:${backend} max_fails=0;`).join('\n')}
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://backends;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`
    const file = workspace.write(`nginx-http-${port}.conf`, config)
    return workspace.start('nginx', ['-e', 'stderr', '-p', workspace.folder, '-c', file], place)
  },
}
