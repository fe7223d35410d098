/**
 * Who an address belongs to. Of IPv6 one customer has a whole network of 64 bits, and a new address for every request.
 */
import { isIP } from 'node:net'

const mapped = '::ffff:'

/** The IPv4 address, or the first 64 bits of one of IPv6. */
export function networkOf(ip: string): string {
  if (ip.startsWith(mapped)) return ip.slice(mapped.length)
  if (isIP(ip) !== 6) return ip
  const [head = [], tail = []] = ip.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
