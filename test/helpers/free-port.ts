import { silentBackend } from '../../src/testing/silent-backend.ts'

/** Free a moment ago: for what cannot say which port it was given. */
export async function freePort(): Promise<number> {
  const holder = await silentBackend()
  await holder.stop()
  return holder.port
}
