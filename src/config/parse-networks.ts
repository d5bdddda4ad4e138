import { isIP } from 'node:net'
import { InvalidValueError, quote } from './invalid-value.ts'

/**
 * Reads addresses and networks: `10.0.0.0/8,192.0.2.1,fd00::/8`.
 *
 * @throws {InvalidValueError}
 */
export function parseNetworks(text: string): readonly string[] {
  return text.split(',').map((part) => parseNetwork(part.trim()))
}

function parseNetwork(text: string): string {
  const [, address = '', prefix] = /^([^/]*)(?:\/(.*))?$/.exec(text) ?? []
  const version = isIP(address)
  if (version === 0 || address.includes('%')) {
    throw new InvalidValueError(`${quote(text)} is no address: write 192.0.2.1, 10.0.0.0/8 or fd00::/8`)
  }
  const most = version === 6 ? 128 : 32
  if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= most)) {
    throw new InvalidValueError(`${quote(text)}: what follows the slash is a number from 0 to ${most}`)
  }
  return text
}
