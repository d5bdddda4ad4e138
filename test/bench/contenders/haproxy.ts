import type { Contender } from '../contender.ts'
import { versionOf } from '../tool.ts'

/** HAProxy in TCP mode with one thread and nothing tuned: no splicing, no checks, no log. */
export const haproxy: Contender = {
  suite: 'tcp',
  name: 'haproxy',
  title: 'HAProxy',
  install: 'apt install haproxy',
  version: haproxyVersion,
  start({ workspace, port, backendPorts, place, sessions }) {
    // Two descriptors a session, and it refuses to start where `ulimit -n` cannot hold twice its maxconn.
    const config = `
global
  nbthread 1
  maxconn ${sessions}
defaults
  mode tcp
  maxconn ${sessions}
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen bench
  bind 127.0.0.1:${port}
  balance roundrobin
${backendPorts.map((backend) => `  server b${backend} 127.0.0.1:${backend}`).join('\n')}
`
    const file = workspace.write(`haproxy-${port}.cfg`, config)
    return workspace.start('haproxy', ['-db', '-f', file], place)
  },
}

export function haproxyVersion(): string | undefined {
  return versionOf('haproxy', ['-v'], /version (\S+)/)
}
