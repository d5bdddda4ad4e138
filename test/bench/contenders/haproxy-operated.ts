import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { haproxyVersion } from './haproxy.ts'
import { MOST_SIEGE_MS, SIEGE_STANDS } from './siege-stands.ts'

const SERVERS = 1_000
const ADMIN_HOST = '127.0.0.2'

/**
 * HAProxy with what `fairlead-busy-admin` has: a thousand servers of which few serve, idle sessions, and a siege of what
 * it offers operators: its Prometheus exporter, its page of statistics as CSV, and the list of sessions on its socket. It
 * has no event streams.
 */
export const haproxyBusyAdmin: Contender = {
  suite: 'http',
  name: 'haproxy-busy-admin',
  title: 'HAProxy http (admin under load)',
  install: 'apt install haproxy',
  optional: true,
  isBesieged: true,
  version: haproxyVersion,
  start({ workspace, port, backendPorts, place }) {
    const socket = join(workspace.folder, `haproxy-${port}.sock`)
    const spare = Array.from({ length: SERVERS - backendPorts.length }, (_, i) => i + 1)
    const config = `
global
  nbthread 1
  maxconn 9700
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  maxconn 9700
  timeout connect 5s
  timeout client 1h
  timeout server 60s
  timeout http-request 10s
  timeout http-keep-alive 1h
  http-reuse always
  option forwardfor
frontend admin
  bind ${ADMIN_HOST}:${port}
  timeout http-keep-alive 10s
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /stats
listen bench
  bind 127.0.0.1:${port}
  balance roundrobin
${backendPorts.map((backend) => `  server b${backend} 127.0.0.1:${backend}`).join('\n')}
${spare.map((i) => `  server spare${i} 127.0.0.3:${i} disabled`).join('\n')}
`
    const file = workspace.write(`haproxy-operated-${port}.cfg`, config)
    const args = [file, port, ADMIN_HOST, socket, place.cpu ?? -1]
    return workspace.startProgram('./contenders/besieged-haproxy.js', args, place)
  },
  settled: (child) => child.printed(SIEGE_STANDS, MOST_SIEGE_MS),
}
