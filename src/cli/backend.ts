import { formatAddress } from '../core/address.ts'
import type { Address } from '../core/address.ts'
import { bannerBackend } from '../testing/banner-backend.ts'
import { blackholeBackend } from '../testing/blackhole-backend.ts'
import { echoBackend } from '../testing/echo-backend.ts'
import { halfClosingBackend } from '../testing/half-closing-backend.ts'
import { httpBackend } from '../testing/http-backend.ts'
import { refusingPort } from '../testing/refusing-port.ts'
import { resettingBackend } from '../testing/resetting-backend.ts'
import { scriptedBackend } from '../testing/scripted-backend.ts'
import { silentBackend } from '../testing/silent-backend.ts'
import { slowBackend } from '../testing/slow-backend.ts'
import { tlsBackend } from '../testing/tls-backend.ts'
import type { BackendKind } from './backend-flags.ts'
import type { CommandContext, StopSignal } from './context.ts'
import { EXIT_OK } from './exit-codes.ts'
import type { BackendRequest } from './requests.ts'

/** `fairlead backend`: one fixture backend until a signal ends it. */
export async function backend(request: BackendRequest, context: CommandContext): Promise<number> {
  const { name, kind } = request
  await using server = await START[kind](request)
  const address = formatAddress(server.address)
  // One that was given no name is called "backend", which need not be said twice.
  const who = name === 'backend' ? name : `backend ${name}`
  context.print(`${who} ${WORDS[kind]} on ${address}\n`)
  if (kind === 'http') {
    context.print(`  curl http://${address}\n`)
    context.print(`  curl -X POST http://${address}/health/fail   # and /health/ok\n`)
  }
  await stopSignal(context)
  return EXIT_OK
}

interface Started extends AsyncDisposable {
  readonly address: Address
}

const START: Readonly<Record<BackendKind, (request: BackendRequest) => Promise<Started>>> = {
  http: httpBackend,
  echo: echoBackend,
  banner: ({ says, ...listen }) => bannerBackend({ ...listen, banner: says }),
  slow: slowBackend,
  silent: silentBackend,
  'half-closing': halfClosingBackend,
  resetting: resettingBackend,
  tls: tlsBackend,
  scripted: ({ script = [], ...listen }) => scriptedBackend({ ...listen, script }),
  refusing: startRefusing,
  blackhole: blackholeBackend,
}

const WORDS: Readonly<Record<BackendKind, string>> = {
  http: 'speaks HTTP',
  echo: 'echoes',
  banner: 'speaks first and then echoes',
  slow: 'is slow',
  silent: 'accepts and says nothing',
  'half-closing': 'ends its side at once and reads on',
  resetting: 'accepts and resets',
  tls: 'echoes over TLS',
  scripted: 'plays its script',
  refusing: 'refuses connections',
  blackhole: 'lets connects neither succeed nor fail',
}

/** Refuses, and after a while opens. */
async function startRefusing({ port, openAfterMs }: BackendRequest): Promise<Started> {
  const refusing = await refusingPort({ port })
  if (openAfterMs === undefined) return refusing
  let opening: ReturnType<typeof echoBackend> | undefined
  const timer = setTimeout(() => {
    opening = refusing.open()
  }, openAfterMs)
  return {
    address: refusing.address,
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      await (await opening)?.stop()
      await refusing[Symbol.asyncDispose]()
    },
  }
}

function stopSignal({ signals }: CommandContext): Promise<StopSignal> {
  return new Promise((resolve) => {
    signals.on('SIGTERM', () => resolve('SIGTERM'))
    signals.on('SIGINT', () => resolve('SIGINT'))
  })
}
