import { formatAddress } from '../core/address.ts'
import { echoBackend } from '../testing/echo-backend.ts'
import { httpBackend } from '../testing/http-backend.ts'
import type { CommandContext, StopSignal } from './context.ts'
import { EXIT_OK } from './exit-codes.ts'
import type { BackendRequest } from './requests.ts'

/** `fairlead backend`: one fixture backend until a signal ends it. */
export async function backend(request: BackendRequest, context: CommandContext): Promise<number> {
  const { name, port, host, delayMs, healthy, echo } = request
  await using server = echo
    ? await echoBackend({ host, port })
    : await httpBackend({ name, host, port, delayMs, healthy })
  const address = formatAddress(server.address)
  context.print(`backend ${name} ${echo ? 'echoes' : 'speaks HTTP'} on ${address}\n`)
  if (!echo) {
    context.print(`  curl http://${address}\n`)
    context.print(`  curl -X POST http://${address}/health/fail   # and /health/ok\n`)
  }
  await stopSignal(context)
  return EXIT_OK
}

function stopSignal({ signals }: CommandContext): Promise<StopSignal> {
  return new Promise((resolve) => {
    signals.on('SIGTERM', () => resolve('SIGTERM'))
    signals.on('SIGINT', () => resolve('SIGINT'))
  })
}
