import { spawn } from 'node:child_process'
import { laySiege } from './lay-siege.ts'

// HAProxy with its admin side under siege: besieged-haproxy <configuration> <port> <admin host> <socket> <cpu or -1>
const [config = '', port = '', host = '', haproxySocket = '', cpu = ''] = process.argv.slice(2)

/**
 * A limit of 20,000 descriptors has room for 9,700 sessions: it counts two for each. The load and the besiegers are among
 * them.
 */
const SESSIONS = 8_000

spawn('haproxy', ['-db', '-f', config], { stdio: 'inherit' }).once('spawn', () => {
  const admin = { host, port: Number(port) }
  // It has opened its listeners long before the first of ten thousand connections could be too many.
  setTimeout(
    () => laySiege({ cpu: Number(cpu), port: Number(port), admin, sessions: SESSIONS, haproxySocket }),
    1_000,
  )
})
