import { CorruptToxic, HoleToxic, LimitToxic, ResetToxic } from './cutting-toxics.ts'
import type { ByteFaultSpec } from './fault-spec.ts'
import { BandwidthToxic, LatencyToxic, SlicerToxic, SlowCloseToxic } from './scheduled-toxic.ts'
import type { Grip, Toxic } from './toxic.ts'

/** What `spec` does to one direction of one connection. */
export function makeToxic(spec: ByteFaultSpec, grip: Grip): Toxic {
  return (MAKERS[spec.type] as Maker<ByteFaultSpec>)(spec, grip)
}

type Maker<Spec> = (spec: Spec, grip: Grip) => Toxic

/** A new fault of bytes is one line here. */
const MAKERS: { readonly [Type in ByteFaultSpec['type']]: Maker<Extract<ByteFaultSpec, { type: Type }>> } = {
  latency: ({ latencyMs, jitterMs = 0 }, grip) => new LatencyToxic(grip, { latencyMs, jitterMs }),
  bandwidth: (spec, grip) => new BandwidthToxic(grip, spec),
  slicer: ({ averageSize, sizeVariation = 0, delayMs = 0 }, grip) =>
    new SlicerToxic(grip, { averageSize, sizeVariation, delayMs }),
  slow_close: (spec, grip) => new SlowCloseToxic(grip, spec),
  timeout: ({ timeoutMs = 0 }, grip) => new HoleToxic(grip, { timeoutMs }),
  reset_peer: ({ afterMs = 0, afterBytes }, grip) =>
    afterBytes === undefined
      ? new ResetToxic(grip, { afterMs })
      : new LimitToxic(grip, { bytes: afterBytes, end: 'reset' }),
  limit_data: ({ bytes }, grip) => new LimitToxic(grip, { bytes, end: 'close' }),
  half_close: ({ afterBytes = 0 }, grip) => new LimitToxic(grip, { bytes: afterBytes, end: 'fin' }),
  corrupt: (spec, grip) => new CorruptToxic(grip, spec),
}
