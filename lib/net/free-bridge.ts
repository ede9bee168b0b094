/**
 * Names and addresses for a bridge with two containers and a way out, that nobody uses yet.
 */
import { freeAddresses, freeInterfaceName, freePrefix } from './free-network.ts'
import { reserve } from './reservation.ts'

/** The addresses of one family, and how many of their bits are the network. */
export interface Addresses {
  /** The network of the bridge, `10.9.0.0/24`. */
  readonly subnet: string
  readonly length: number
  /** The bridge's own. */
  readonly gateway: string
  /** Those of the two containers. */
  readonly one: string
  readonly two: string
  /** The machine's address on the wire to the world, and the world's. */
  readonly outer: string
  readonly world: string
}

/** What {@link freeBridge} has found. */
export interface FreeBridge {
  readonly bridge: string
  /** The machine's ends of the cables: to the first container, to the second, and to the world. */
  readonly cables: readonly [string, string, string]
  /** For each family that is wanted: of IPv4, and behind it of IPv6. */
  readonly nets: readonly [Addresses, ...Addresses[]]
}

/** Names that have a byte in them, from 9 on as in 10.9.0.1: `9`, `a`, … `ff`. */
const withByte = (name: (byte: string) => string) => Array.from({ length: 247 }, (_, i) => name((i + 9).toString(16)))
/** Of IPv6: networks for private use (RFC 4193), and some for documentation (RFC 3849), the first choice first. */
const IPV6 = {
  bridge: withByte(byte => `fd${byte.padStart(2, '0')}::`),
  wire: withByte(byte => `2001:db8:${byte}::`),
} as const

/** The addresses of IPv6 in two networks, as `fd09::` names one. */
const addresses6 = (bridge: string, wire: string): Addresses => ({
  subnet: `${bridge}/64`,
  length: 64,
  gateway: `${bridge}1`,
  one: `${bridge}2`,
  two: `${bridge}3`,
  outer: `${wire}1`,
  world: `${wire}7`,
})

/** Other hosts in the /24 of an address: those with these last bytes, or the next where that is the address itself. */
function siblings(address: string, hosts: readonly number[]): string[] {
  const own = Number(address.split('.')[3])
  const free = hosts.map((host, i) => (hosts.slice(0, i + 1).includes(own) ? host + 1 : host))
  return free.map(host => address.replace(/\d+$/, String(host)))
}

/**
 * The names and addresses that a lab asks for, or others where the machine or another lab uses those already, which it
 * says. They are reserved until the lab ends.
 * @param wanted the bridge's name and address, the machine's address on the wire to the world, and whether there is IPv6
 * @param tell is called with the reason when another is taken
 * @throws UsageError, CannotRun as {@link freeAddresses}; CannotRun as {@link freePrefix}
 */
export function freeBridge(
  wanted: { readonly bridge: string; readonly gateway: string; readonly outside: string; readonly ipv6: boolean },
  tell: (text: string) => void,
): FreeBridge {
  const name = (one: string) => {
    const found = freeInterfaceName(one, reserve)
    if (found !== one) tell(`This machine has a ${one} already; I take ${found}.`)
    return found
  }
  const range = (addresses: readonly string[]) => {
    const found = freeAddresses(addresses, reserve)
    if (found[0] !== addresses[0]) tell(`This machine uses the network of ${addresses[0]} already; I take ${found[0]}.`)
    return found as [string, string, string]
  }
  const prefix = (wanted: readonly string[]) => {
    const found = freePrefix(wanted, reserve)
    if (found !== wanted[0]) tell(`This machine uses the network of ${wanted[0]} already; I take ${found}.`)
    return found
  }
  const [gateway, one, two] = range([wanted.gateway, ...siblings(wanted.gateway, [2, 3])])
  const [outer, world] = range([wanted.outside, ...siblings(wanted.outside, [7])])
  const cables = [name('one0'), name('two0'), name('uplink0')] as const
  const net = { subnet: gateway.replace(/\d+$/, '0/24'), length: 24, gateway, one, two, outer, world }
  const bridge = name(wanted.bridge)
  return { bridge, cables, nets: wanted.ipv6 ? [net, addresses6(prefix(IPV6.bridge), prefix(IPV6.wire))] : [net] }
}
