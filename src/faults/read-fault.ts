import { nearestName } from '../config/nearest-name.ts'
import { canonicalIp } from '../core/canonical-ip.ts'
import type { ConfigProblem } from '../core/errors.ts'
import { ConfigError } from '../core/errors.ts'
import { fieldsOf, isConnecting, TYPES } from './fault-fields.ts'
import type { FaultSpec, FaultType } from './fault-spec.ts'

/**
 * A fault as somebody gave it, checked and with its defaults in place. `-` in a type is as good as `_`.
 * @throws {ConfigError} with every problem at once.
 */
export function readFault(given: unknown): FaultSpec {
  const problems: ConfigProblem[] = []
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ConfigError([{ path: 'fault', message: 'a fault is an object with a type' }])
  }
  const fault: Record<string, unknown> = { ...given }
  for (const key of Object.keys(fault)) if (fault[key] === undefined) delete fault[key]
  const type = typeOf(fault['type'])
  const fields = fieldsOf(type)
  fault['type'] = type
  for (const key of Object.keys(fault)) {
    if (key === 'type' || key in fields) continue
    const nearest = nearestName(key, Object.keys(fields))
    const hint = nearest === undefined ? `it has: ${Object.keys(fields).join(', ')}` : `is it ${nearest}?`
    problems.push({ path: key, message: `a ${type} fault has no such setting; ${hint}` })
  }
  for (const [key, { isValid, wants, isRequired }] of Object.entries(fields)) {
    const value = fault[key]
    if (value === undefined ? isRequired === true : !isValid(value)) {
      problems.push({ path: key, message: value === undefined ? `missing: ${wants}` : `wants ${wants}` })
    }
  }
  problems.push(...contradictions(fault))
  if (problems.length > 0) throw new ConfigError(problems)
  // As sessions have it, whichever way it was spelt.
  if (typeof fault['client'] === 'string') fault['client'] = canonicalIp(fault['client'])
  return withDefaults(fault, type)
}

function typeOf(given: unknown): FaultType {
  const type = typeof given === 'string' ? given.replaceAll('-', '_') : ''
  const known = TYPES.find((name) => name === type)
  if (known !== undefined) return known
  const nearest = nearestName(type, TYPES)
  const hint = nearest === undefined ? `there are: ${TYPES.join(', ')}` : `is it ${nearest}?`
  throw new ConfigError([{ path: 'type', message: `no such type of fault; ${hint}` }])
}

function contradictions(fault: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const found: ConfigProblem[] = []
  if (fault['afterMs'] !== undefined && fault['afterBytes'] !== undefined && fault['type'] === 'reset_peer') {
    found.push({ path: 'afterBytes', message: 'after a time or after bytes, not both' })
  }
  if (fault['on'] === 'client' && (fault['pool'] !== undefined || fault['backend'] !== undefined)) {
    found.push({
      path: 'on',
      message: "a client's connection belongs to no pool: name a listener, or nothing",
    })
  }
  return found
}

function withDefaults(fault: Record<string, unknown>, type: FaultType): FaultSpec {
  if (type === 'health') {
    const ok = fault['ok'] === true
    return { ok, code: ok ? 'L7OK' : 'L7STS', text: 'overridden by a fault', ...fault } as FaultSpec
  }
  if (isConnecting(type)) return fault as unknown as FaultSpec
  const isOfListener =
    fault['listener'] !== undefined && fault['pool'] === undefined && fault['backend'] === undefined
  const defaults = {
    on: isOfListener ? 'client' : 'backend',
    direction: type === 'timeout' ? 'both' : 'downstream',
  }
  return { ...defaults, ...fault } as unknown as FaultSpec
}
