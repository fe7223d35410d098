/**
 * Which addresses a stranger may have us connect to: those of the public internet, and no other.
 *
 * Owns:     the list of what is not public, and a look-up that refuses it. It is asked when a connection is made, with the
 *           address that is connected to: a name that is public when it is looked at and private a moment later gets
 *           nowhere.
 */
import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const closed = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  closed.addSubnet(net, bits, 'ipv4')
}
for (const [net, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  closed.addSubnet(net, bits, 'ipv6')
}

/** An IPv4 address that is written as an IPv6 one is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  const family = isIP(mapped)
  if (family === 0) return false
  // Other spellings of mapped addresses.
  if (family === 6 && /^::ffff:/i.test(mapped)) return false
  return !closed.check(mapped, family === 4 ? 'ipv4' : 'ipv6')
}

export const notPublic = 'the address is not public'

/** As `dns.lookup`, but an address that is not public is no answer. For `http.request`. */
export const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, '', 0)
    const first = addresses[0]
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return done(Object.assign(new Error(notPublic), { code: 'ENOTPUBLIC' }), '', 0)
    }
    if (options.all === true) return done(null, addresses)
    done(null, first.address, first.family)
  })
}
