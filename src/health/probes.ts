import type { CheckConfig } from '../config/schema.ts'
import type { BackendTransport } from '../core/backend.ts'
import type { Probe } from '../core/probe.ts'
import { httpProbe } from './http-probe.ts'
import { tcpProbe } from './tcp-probe.ts'

/** The probe that `check` asks for, dialling as the backend is dialled; undefined when checks are off. */
export function makeProbe(check: CheckConfig, transport: BackendTransport): Probe | undefined {
  return probes[check.kind](check, transport)
}

const probes: Record<
  CheckConfig['kind'],
  (check: CheckConfig, transport: BackendTransport) => Probe | undefined
> = {
  tcp: (_check, transport) => tcpProbe({ transport }),
  http: (check, transport) => httpProbe(check.http, { transport }),
  custom: (check) => check.probe,
  off: () => undefined,
}
