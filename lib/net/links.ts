/**
 * The interfaces and addresses of the calling process's network namespace, asked of the kernel over rtnetlink.
 */
import { call, libcFunction } from '../machine/libc.ts'

const libcSocket = libcFunction('int socket(int domain, int type, int protocol)')
const libcSend = libcFunction('long send(int fd, const uint8_t *buf, size_t len, int flags)')
const libcRecv = libcFunction('long recv(int fd, _Out_ uint8_t *buf, size_t len, int flags)')
const libcClose = libcFunction('int close(int fd)')

export const AF_NETLINK = 16
export const SOCK_RAW_CLOEXEC = 3 | 0o2000000
/** Messages and attributes, `<linux/netlink.h>`, `<linux/rtnetlink.h>`, `<linux/if_link.h>`, `<linux/if_addr.h>`. */
export const NETLINK = {
  NLM_F_REQUEST: 0x1,
  NLM_F_DUMP: 0x300,
  NLMSG_DONE: 3,
  RTM_GETLINK: 18,
  RTM_GETADDR: 22,
  IFLA_IFNAME: 3,
  IFLA_LINK: 5,
  IFLA_LINKINFO: 18,
  IFLA_LINK_NETNSID: 37,
  IFLA_INFO_KIND: 1,
  IFA_LOCAL: 2,
} as const
/** `sizeof(struct nlmsghdr)`, `sizeof(struct ifinfomsg)`, `sizeof(struct ifaddrmsg)`. */
export const SIZES = { nlmsghdr: 16, ifinfomsg: 16, ifaddrmsg: 8 } as const

const IFF_UP = 1

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
  /** IPv4 addresses with their prefix length, `10.0.0.4/24`. */
  readonly addresses: readonly string[]
}

/** Splits attributes (`struct rtattr`: u16 length, u16 type, payload, padded to 4) by their type. */
function attributes(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at)
    if (length < 4) break
    found.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return found
}

const text = (bytes: Buffer | undefined) => bytes?.toString('latin1').replace(/\0.*$/, '')

/** Asks for all objects of one type and returns their messages without the header. */
function dump(fd: number, type: number): Buffer[] {
  const request = Buffer.alloc(SIZES.nlmsghdr + SIZES.ifinfomsg)
  request.writeUInt32LE(request.length, 0)
  request.writeUInt16LE(type, 4)
  request.writeUInt16LE(NETLINK.NLM_F_REQUEST | NETLINK.NLM_F_DUMP, 6)
  call('send', libcSend, [fd, request, request.length, 0], [fd, Symbol('RTM_GET…')])
  const messages: Buffer[] = []
  for (;;) {
    const buffer = Buffer.alloc(65536)
    const length = call('recv', libcRecv, [fd, buffer, buffer.length, 0], [fd])
    for (let at = 0; at < length; ) {
      const size = buffer.readUInt32LE(at)
      if (buffer.readUInt16LE(at + 4) === NETLINK.NLMSG_DONE || size < SIZES.nlmsghdr) return messages
      messages.push(buffer.subarray(at + SIZES.nlmsghdr, at + size))
      at += (size + 3) & ~3
    }
  }
}

function addressesByIndex(messages: Buffer[]): Map<number, string[]> {
  const found = new Map<number, string[]>()
  for (const message of messages) {
    // struct ifaddrmsg { u8 family, prefixlen, flags, scope; u32 index; }
    const local = attributes(message.subarray(SIZES.ifaddrmsg)).get(NETLINK.IFA_LOCAL)
    if (local?.length !== 4) continue
    const index = message.readUInt32LE(4)
    found.set(index, [...(found.get(index) ?? []), `${[...local].join('.')}/${message.readUInt8(1)}`])
  }
  return found
}

function toLink(message: Buffer, addresses: Map<number, string[]>): Link {
  // struct ifinfomsg { u8 family, pad; u16 type; s32 index; u32 flags, change; }
  const index = message.readInt32LE(4)
  const found = attributes(message.subarray(SIZES.ifinfomsg))
  return {
    index,
    name: text(found.get(NETLINK.IFLA_IFNAME)) ?? '',
    kind: text(attributes(found.get(NETLINK.IFLA_LINKINFO) ?? Buffer.alloc(0)).get(NETLINK.IFLA_INFO_KIND)),
    isUp: (message.readUInt32LE(8) & IFF_UP) !== 0,
    peerIndex: found.get(NETLINK.IFLA_LINK)?.readInt32LE(),
    peerIsElsewhere: found.has(NETLINK.IFLA_LINK_NETNSID),
    addresses: addresses.get(index) ?? [],
  }
}

/**
 * Every interface of the calling thread's network namespace, in the order of their indexes.
 * @throws SyscallError
 * @see rtnetlink(7)
 */
export function links(): Link[] {
  const fd = call('socket', libcSocket, [AF_NETLINK, SOCK_RAW_CLOEXEC, 0])
  try {
    const addresses = addressesByIndex(dump(fd, NETLINK.RTM_GETADDR))
    return dump(fd, NETLINK.RTM_GETLINK).map(message => toLink(message, addresses))
  } finally {
    libcClose(fd)
  }
}
