import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** What Prometheus' own judge of formats and rules said, and whether it was content. */
export interface Verdict {
  readonly isGood: boolean
  readonly said: string
}

/** Runs `promtool` with these arguments. */
export async function promtool(args: readonly string[], input = ''): Promise<Verdict> {
  const child = spawn('promtool', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  // It may give up before it has read everything: then it says why.
  child.stdin.on('error', (error) => (said += String(error)))
  child.stdin.end(input)
  const [code] = (await ended) as [number | null]
  return { isGood: code === 0, said: said.trim() }
}
