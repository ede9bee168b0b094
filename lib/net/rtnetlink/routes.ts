/**
 * Routes, of both families: `ip route`, without the program.
 */
import { FAMILY, familyOf, ipBytes, ipText, prefixOf } from '../ip.ts'
import { attribute, attributes, NETLINK, SIZES } from '../netlink.ts'
import { indexOf, objects, request, u32 } from './request.ts'

/** `<linux/rtnetlink.h>`: the table that is asked first of all that are not the kernel's own; who made a route; its type. */
export const ROUTE = {
  RT_TABLE_MAIN: 254,
  RTPROT_BOOT: 3,
  RT_SCOPE_UNIVERSE: 0,
  RT_SCOPE_LINK: 253,
  RTN_UNICAST: 1,
} as const

/** Where packets for some addresses go. */
export interface Way {
  /** Who takes them from here, on one of the caller's own wires. Without it everybody in the destination is on the wire. */
  readonly gateway?: string
  /** The interface by which they leave; with a gateway the kernel finds it. */
  readonly link?: string
}

/** `struct rtmsg { u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags; }` and its attributes. */
function rtmsg(destination: string, { gateway, link }: Way): Buffer {
  const isDefault = destination === 'default'
  const family = isDefault ? familyOf(gateway ?? '') : familyOf(destination)
  const { address, length } = isDefault ? { address: '', length: 0 } : prefixOf(destination)
  const isOnWire = gateway === undefined && family === FAMILY.AF_INET
  const scope = isOnWire ? ROUTE.RT_SCOPE_LINK : ROUTE.RT_SCOPE_UNIVERSE
  const head = [family, length, 0, 0, ROUTE.RT_TABLE_MAIN, ROUTE.RTPROT_BOOT, scope, ROUTE.RTN_UNICAST, 0, 0, 0, 0]
  return Buffer.concat([
    Buffer.from(head),
    ...(isDefault ? [] : [attribute(NETLINK.RTA_DST, ipBytes(address))]),
    ...(gateway === undefined ? [] : [attribute(NETLINK.RTA_GATEWAY, ipBytes(gateway))]),
    ...(link === undefined ? [] : [attribute(NETLINK.RTA_OIF, u32(indexOf(link)))]),
  ])
}

const wordsOf = (destination: string, { gateway, link }: Way) =>
  Symbol([destination, ...(gateway ? [`via ${gateway}`] : []), ...(link ? [`dev ${link}`] : [])].join(' '))

/**
 * Adds a route to the main table of the calling thread's network.
 * @param destination `10.9.0.0/24`, `fd00::/64`, or `default` for whatever no other route is for
 * @param way by whom, or by which interface
 * @throws SyscallError EEXIST, ENETUNREACH (nobody knows where the gateway is), ENETDOWN, ENODEV
 * @see ip-route(8)
 */
export function addRoute(destination: string, way: Way): void {
  const flags = NETLINK.NLM_F_CREATE | NETLINK.NLM_F_EXCL
  request('RTM_NEWROUTE', flags, rtmsg(destination, way), [wordsOf(destination, way)])
}

/** Removes a route from the main table of the calling thread's network. @throws SyscallError ESRCH (there is none) */
export function removeRoute(destination: string, way: Way): void {
  request('RTM_DELROUTE', 0, rtmsg(destination, way), [wordsOf(destination, way)])
}

/** The routes of the main table of the calling thread's network, in words: `default via 10.9.0.1`, `10.9.0.0/24`. */
export function routes(family: number = FAMILY.AF_INET): string[] {
  return objects('RTM_GETROUTE', family).flatMap(message => {
    if (message.readUInt8(4) !== ROUTE.RT_TABLE_MAIN || message.readUInt8(0) !== family) return []
    const found = attributes(message.subarray(SIZES.rtmsg))
    const [to, gateway] = [found.get(NETLINK.RTA_DST), found.get(NETLINK.RTA_GATEWAY)]
    const destination = to ? `${ipText(to)}/${message.readUInt8(1)}` : 'default'
    return [gateway ? `${destination} via ${ipText(gateway)}` : destination]
  })
}
