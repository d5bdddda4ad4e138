import type { Contender } from '../contender.ts'
import { haproxyVersion } from './haproxy.ts'

/** HAProxy in HTTP mode with one thread: idle connections to backends are shared, no checks, no log. */
export const haproxyHttp: Contender = {
  suite: 'http',
  name: 'haproxy-http',
  title: 'HAProxy http',
  install: 'apt install haproxy',
  version: haproxyVersion,
  start({ workspace, port, backendPorts, place, sessions }) {
    const config = `
global
  nbthread 1
  maxconn ${sessions}
defaults
  mode http
  maxconn ${sessions}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-request 10s
  timeout http-keep-alive 60s
  http-reuse always
  option forwardfor
listen bench
  bind 127.0.0.1:${port}
  balance roundrobin
${backendPorts.map((backend) => `  server b${backend} 127.0.0.1:${backend}`).join('\n')}
`
    const file = workspace.write(`haproxy-http-${port}.cfg`, config)
    return workspace.start('haproxy', ['-db', '-f', file], place)
  },
}
