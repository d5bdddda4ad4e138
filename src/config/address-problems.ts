import { formatAddress } from '../core/address.ts'
import type { ListenerModel, Model } from './model.ts'
import { formatPlace, type PlacedProblem } from './place.ts'
import { poolsOf } from './resolve-routes.ts'
import { collide, reaches } from './same-address.ts'

/** Two that listen at one address, and backends at which the balancer itself listens. */
export function addressProblems(model: Model): PlacedProblem[] {
  return [...collisions(model), ...loops(model)]
}

function collisions({ listeners, admin, adminPlace }: Model): PlacedProblem[] {
  const taken = [
    ...listeners.map(({ listenPlace, address }) => ({ place: listenPlace, address })),
    ...(admin === undefined ? [] : [{ place: adminPlace, address: admin.address }]),
  ]
  return taken.flatMap(({ place, address }, i) => {
    const before = taken.slice(0, i).find((other) => collide(other.address, address))
    if (before === undefined) return []
    const message = `${formatAddress(address)} is taken by ${formatPlace(before.place)} (${formatAddress(before.address)})`
    return [{ place, message }]
  })
}

/** The first connection would call forth another, and so on. */
function loops(model: Model): PlacedProblem[] {
  return model.listeners.flatMap((listener) =>
    poolsOf(listener, model.pools).flatMap(({ backends }) =>
      backends.flatMap(({ spec, place }) => {
        const address = formatAddress(spec.address)
        if (reaches(spec.address, listener.address)) {
          return [{ place, message: `${address} is where this balancer listens: it would connect to itself` }]
        }
        const next = model.listeners.find((other) => reaches(spec.address, other.address))
        // Told once for each loop, at the first listener of it.
        if (next === undefined || !leadsTo(next, listener, model) || isBefore(next, listener, model))
          return []
        const message = `${address} is listener ${next.name}, which leads back to ${listener.name}: connections would go round`
        return [{ place, message }]
      }),
    ),
  )
}

function isBefore(a: ListenerModel, b: ListenerModel, { listeners }: Model): boolean {
  return listeners.indexOf(a) < listeners.indexOf(b)
}

function leadsTo(
  from: ListenerModel,
  to: ListenerModel,
  model: Model,
  seen: ReadonlySet<ListenerModel> = new Set([from]),
): boolean {
  const next = model.listeners.filter((listener) =>
    poolsOf(from, model.pools).some(({ backends }) =>
      backends.some(({ spec }) => reaches(spec.address, listener.address)),
    ),
  )
  return next.some(
    (listener) =>
      listener === to || (!seen.has(listener) && leadsTo(listener, to, model, new Set([...seen, listener]))),
  )
}
