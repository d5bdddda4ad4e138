import type { CheckConfig } from '../config/schema.ts'
import type { Probe } from '../core/probe.ts'
import { httpProbe } from './http-probe.ts'
import type { HttpProbeOptions } from './http-probe.ts'
import { tcpProbe } from './tcp-probe.ts'

/** The probe that `check` asks for, dialling as the backend is dialled; undefined when checks are off. */
export function makeProbe(check: CheckConfig, how: HttpProbeOptions): Probe | undefined {
  return probes[check.kind](check, how)
}

const probes: Record<CheckConfig['kind'], (check: CheckConfig, how: HttpProbeOptions) => Probe | undefined> =
  {
    tcp: (_check, how) => tcpProbe(how),
    http: (check, how) => httpProbe(check.http, how),
    custom: (check) => check.probe,
    off: () => undefined,
  }
