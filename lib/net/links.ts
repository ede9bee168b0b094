/**
 * The interfaces and addresses of the calling process's network namespace, asked of the kernel over rtnetlink.
 */
import { closeSync } from 'node:fs'
import { IFF_UP } from './interfaces.ts'
import { attributes, attributeText, dump, NETLINK, openNetlink, SIZES } from './netlink.ts'

/** One interface. */
export interface Link {
  readonly index: number
  readonly name: string
  /** `veth`, `bridge`, … or nothing for lo and hardware. */
  readonly kind: string | undefined
  readonly isUp: boolean
  /** The index of its other end (veth) or of what it lies on, in whichever namespace that is. */
  readonly peerIndex: number | undefined
  /** Whether that other end is in another network namespace. */
  readonly peerIsElsewhere: boolean
  /** The number by which this namespace knows the one of its other end, if that is another. @see ip-netns(8) */
  readonly peerNsid?: number
  /** The index of the bridge that it is a port of. */
  readonly master?: number
  /** IPv4 addresses with their prefix length, `10.0.0.4/24`. */
  readonly addresses: readonly string[]
}

/** An IPv4 address and its prefix length, of a message about addresses; `undefined` if it is of another family. */
export function toAddress(message: Buffer): { readonly index: number; readonly address: string } | undefined {
  // struct ifaddrmsg { u8 family, prefixlen, flags, scope; u32 index; }
  const local = attributes(message.subarray(SIZES.ifaddrmsg)).get(NETLINK.IFA_LOCAL)
  if (local?.length !== 4) return undefined
  return { index: message.readUInt32LE(4), address: `${[...local].join('.')}/${message.readUInt8(1)}` }
}

/** An interface, of a message about interfaces. */
export function toLink(message: Buffer, addresses: readonly string[]): Link {
  // struct ifinfomsg { u8 family, pad; u16 type; s32 index; u32 flags, change; }
  const index = message.readInt32LE(4)
  const found = attributes(message.subarray(SIZES.ifinfomsg))
  const nsid = found.get(NETLINK.IFLA_LINK_NETNSID)?.readInt32LE()
  const master = found.get(NETLINK.IFLA_MASTER)?.readInt32LE()
  return {
    index,
    name: attributeText(found.get(NETLINK.IFLA_IFNAME)) ?? '',
    kind: attributeText(attributes(found.get(NETLINK.IFLA_LINKINFO) ?? Buffer.alloc(0)).get(NETLINK.IFLA_INFO_KIND)),
    isUp: (message.readUInt32LE(8) & IFF_UP) !== 0,
    peerIndex: found.get(NETLINK.IFLA_LINK)?.readInt32LE(),
    peerIsElsewhere: nsid !== undefined,
    ...(nsid !== undefined && { peerNsid: nsid }),
    ...(master !== undefined && { master }),
    addresses,
  }
}

/** Every interface of the network namespace that a socket of {@link openNetlink} is in, in the order of their indexes. */
export function linksBy(fd: number): Link[] {
  const addresses = dump(fd, NETLINK.RTM_GETADDR).map(toAddress)
  return dump(fd, NETLINK.RTM_GETLINK).map(message => {
    const index = message.readInt32LE(4)
    return toLink(
      message,
      addresses.flatMap(one => (one?.index === index ? [one.address] : [])),
    )
  })
}

/**
 * Every interface of the calling thread's network namespace, in the order of their indexes.
 * @throws SyscallError
 * @see rtnetlink(7)
 */
export function links(): Link[] {
  const fd = openNetlink()
  try {
    return linksBy(fd)
  } finally {
    closeSync(fd)
  }
}
