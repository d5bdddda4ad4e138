import { formatAddress } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import { quote } from './invalid-value.ts'

/** Two backends of one name could not be told apart; one address twice would be counted as two backends. */
export function duplicateBackends<Item extends { readonly spec: BackendSpec }>(
  items: readonly Item[],
): { readonly item: Item; readonly message: string }[] {
  const found: { item: Item; message: string }[] = []
  const ids = new Set<string>()
  const addresses = new Set<string>()
  for (const item of items) {
    const { id } = item.spec
    const address = formatAddress(item.spec.address)
    if (addresses.has(address)) {
      found.push({ item, message: `${address} is a backend already: give each address once` })
    } else if (ids.has(id)) {
      found.push({ item, message: `the name ${quote(id)} is taken: name each backend differently` })
    }
    addresses.add(address)
    ids.add(id)
  }
  return found
}
