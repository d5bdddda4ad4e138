import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A network of its own, on this machine, with nothing but a loopback device. */
export interface NetworkNamespace extends AsyncDisposable {
  /** The command that runs the one behind it in there. */
  readonly enter: readonly string[]
}

/**
 * Makes a network namespace with these settings of the kernel, such as `net.ipv4.tcp_wmem`. Needs Linux and either
 * root or the right to make user namespaces.
 */
export async function networkNamespace(
  settings: Readonly<Record<string, string>> = {},
): Promise<NetworkNamespace> {
  const isRoot = process.getuid?.() === 0
  const writes = Object.entries(settings).map(
    ([name, value]) => `echo ${value} > /proc/sys/${name.replaceAll('.', '/')}`,
  )
  const script = ['set -e', 'ip link set lo up', ...writes, 'echo ready', 'exec cat'].join('; ')
  const child = spawn('unshare', [isRoot ? '-n' : '-rn', 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  const ready = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'exit').then(() => false),
  ])
  if (!ready) throw new Error(`no network namespace: ${said}`)
  const { pid } = child
  const target = isRoot ? ['-n'] : ['-U', '--preserve-credentials', '-n']
  return {
    enter: ['nsenter', '-t', String(pid), ...target],
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
