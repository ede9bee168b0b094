/**
 * Sockets of the kernel's own protocol for networks, and how its messages are taken apart. See rtnetlink(7).
 */
import { call, lastErrno, libcFunction } from '../machine/libc.ts'
import { closeQuietly } from '../machine/poll.ts'

const libcSocket = libcFunction('int socket(int domain, int type, int protocol)')
const libcBind = libcFunction('int bind(int fd, const uint8_t *addr, unsigned int addrlen)')
const libcSend = libcFunction('long send(int fd, const uint8_t *buf, size_t len, int flags)')
const libcRecv = libcFunction('long recv(int fd, _Out_ uint8_t *buf, size_t len, int flags)')
const libcSetsockopt = libcFunction(
  'int setsockopt(int fd, int level, int name, const uint8_t *value, unsigned int len)',
)

export const AF_NETLINK = 16
/** What a socket is about: networks, or netfilter's rules and connections. `<linux/netlink.h>` */
export const NETLINK_ROUTE = 0
export const NETLINK_NETFILTER = 12
export const SOCK_RAW_CLOEXEC = 3 | 0o2000000
/** Messages, groups and attributes, `<linux/netlink.h>`, `<linux/rtnetlink.h>`, `<linux/if_link.h>`, `<linux/if_addr.h>`,
 * `<linux/neighbour.h>`, `<linux/net_namespace.h>`. */
export const NETLINK = {
  NLM_F_REQUEST: 0x1,
  NLM_F_ACK: 0x4,
  NLM_F_EXCL: 0x200,
  NLM_F_CREATE: 0x400,
  NLM_F_DUMP: 0x300,
  NLMSG_ERROR: 2,
  NLMSG_DONE: 3,
  RTM_NEWLINK: 16,
  RTM_DELLINK: 17,
  RTM_GETLINK: 18,
  RTM_NEWADDR: 20,
  RTM_DELADDR: 21,
  RTM_GETADDR: 22,
  RTM_NEWROUTE: 24,
  RTM_DELROUTE: 25,
  RTM_GETROUTE: 26,
  RTM_NEWNEIGH: 28,
  RTM_DELNEIGH: 29,
  RTM_GETNEIGH: 30,
  RTM_NEWNSID: 88,
  RTM_GETNSID: 90,
  RTMGRP_LINK: 0x1,
  RTMGRP_NEIGH: 0x4,
  RTMGRP_IPV4_IFADDR: 0x10,
  RTMGRP_IPV4_ROUTE: 0x40,
  IFLA_ADDRESS: 1,
  IFLA_IFNAME: 3,
  IFLA_LINK: 5,
  IFLA_MASTER: 10,
  IFLA_LINKINFO: 18,
  IFLA_LINK_NETNSID: 37,
  IFLA_INFO_KIND: 1,
  IFA_LOCAL: 2,
  RTA_DST: 1,
  RTA_OIF: 4,
  RTA_GATEWAY: 5,
  RTA_MULTIPATH: 9,
  NDA_DST: 1,
  NUD_FAILED: 0x20,
  NETNSA_NSID: 1,
  NETNSA_FD: 3,
} as const
/** `sizeof` of the structures that messages begin with. */
export const SIZES = { nlmsghdr: 16, ifinfomsg: 16, ifaddrmsg: 8, rtmsg: 12, ndmsg: 12, rtgenmsg: 1 } as const

const MSG_DONTWAIT = 0x40
const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
const EINTR = 4
const EAGAIN = 11
const ENOBUFS = 105

/** The kernel sends no more at a time. What is in it is copied before anything else is read. */
const ROOM = Buffer.alloc(65536)

/** A message: its type, who brought it about, and what comes behind `struct nlmsghdr`. */
export interface Message {
  readonly type: number
  /** The port of the socket whose request it tells of, or answers; 0 for what the kernel did by itself. */
  readonly port: number
  readonly body: Buffer
}

/** Splits attributes (`struct rtattr`: u16 length, u16 type, payload, padded to 4) by their type. */
export function attributes(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at)
    if (length < 4) break
    found.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return found
}

/** One attribute, `struct rtattr`. */
export function attribute(type: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc((4 + payload.length + 3) & ~3)
  bytes.writeUInt16LE(4 + payload.length, 0)
  bytes.writeUInt16LE(type, 2)
  payload.copy(bytes, 4)
  return bytes
}

function messagesOf(bytes: Buffer): Message[] {
  const messages: Message[] = []
  for (let at = 0; at + SIZES.nlmsghdr <= bytes.length; ) {
    const size = bytes.readUInt32LE(at)
    if (size < SIZES.nlmsghdr) break
    const [type, port] = [bytes.readUInt16LE(at + 4), bytes.readUInt32LE(at + 12)]
    messages.push({ type, port, body: bytes.subarray(at + SIZES.nlmsghdr, at + size) })
    at += (size + 3) & ~3
  }
  return messages
}

/**
 * A socket to the kernel's networks, in the network namespace of the calling thread, where it stays for good.
 * @param groups a bit for each group, `RTMGRP_…`, to be told of what changes; 0 for a socket that asks
 * @param protocol {@link NETLINK_ROUTE} or {@link NETLINK_NETFILTER}
 * @returns `int fd`, close-on-exec
 * @throws SyscallError EMFILE; EPROTONOSUPPORT where the kernel lacks the protocol
 * @see netlink(7)
 */
export function openNetlink(groups = 0, protocol = NETLINK_ROUTE): number {
  const fd = call('socket', libcSocket, [AF_NETLINK, SOCK_RAW_CLOEXEC, protocol])
  if (groups === 0) return fd
  // struct sockaddr_nl { u16 family, pad; u32 pid, groups; }
  const address = Buffer.alloc(12)
  address.writeUInt16LE(AF_NETLINK, 0)
  address.writeUInt32LE(groups, 8)
  try {
    call('bind', libcBind, [fd, address, address.length], [fd, Symbol('RTMGRP_…'), address.length])
    return fd
  } catch (error) {
    closeQuietly(fd)
    throw error
  }
}

/** The text of an attribute, without the zero byte at its end. */
export const attributeText = (bytes: Buffer | undefined): string | undefined =>
  bytes?.toString('latin1').replace(/\0.*$/s, '')

/** Lets a socket hold so many bytes that nobody has read yet, as far as the caller may. */
export function setReceiveBuffer(fd: number, bytes: number): void {
  const value = Buffer.alloc(4)
  value.writeInt32LE(bytes)
  // EPERM: it keeps the size that it has, and says when that was not enough.
  libcSetsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, value, 4)
}

function send(fd: number, type: number, flags: number, body: Buffer): void {
  const header = Buffer.alloc(SIZES.nlmsghdr)
  header.writeUInt32LE(header.length + body.length, 0)
  header.writeUInt16LE(type, 4)
  header.writeUInt16LE(NETLINK.NLM_F_REQUEST | flags, 6)
  const request = Buffer.concat([header, body])
  call('send', libcSend, [fd, request, request.length, 0], [fd, Symbol('RTM_GET…')])
}

function receive(fd: number): Message[] {
  const length = call('recv', libcRecv, [fd, ROOM, ROOM.length, 0], [fd])
  return messagesOf(Buffer.from(ROOM.subarray(0, length)))
}

/**
 * Asks for all objects of one type.
 * @param type `RTM_GETLINK` and its like
 * @param body what the request says besides, as of which family
 * @returns the body of each; none where the kernel refuses
 * @throws SyscallError
 */
export function dump(fd: number, type: number, body: Buffer = Buffer.alloc(SIZES.ifinfomsg)): Buffer[] {
  send(fd, type, NETLINK.NLM_F_DUMP, body)
  const found: Buffer[] = []
  for (;;)
    for (const message of receive(fd)) {
      if (message.type === NETLINK.NLMSG_DONE || message.type === NETLINK.NLMSG_ERROR) return found
      found.push(message.body)
    }
}

/**
 * Has the kernel change something, and waits until it has done so.
 * @param flags `NLM_F_CREATE` and its like
 * @returns 0, or the errno for which it has not
 * @throws SyscallError where the request cannot be sent
 */
export function change(fd: number, type: number, flags: number, body: Buffer): number {
  send(fd, type, flags | NETLINK.NLM_F_ACK, body)
  for (;;)
    // struct nlmsgerr { int error; struct nlmsghdr msg; }
    for (const message of receive(fd)) if (message.type === NETLINK.NLMSG_ERROR) return -message.body.readInt32LE(0)
}

/** Asks one question. @returns the answer; `undefined` if it was an error */
export function ask(fd: number, type: number, body: Buffer): Message | undefined {
  send(fd, type, 0, body)
  const [answer] = receive(fd)
  return answer?.type === NETLINK.NLMSG_ERROR ? undefined : answer
}

/** What has been told on a socket with groups since the last look. */
export interface Told {
  readonly messages: readonly Message[]
  /** Whether that is all: of more than the socket can hold the kernel throws the newest away. */
  readonly isWhole: boolean
}

/** What has been told on a socket with groups since the last look, without waiting. */
export function told(fd: number): Told {
  const messages: Message[] = []
  let isWhole = true
  for (;;) {
    const length = libcRecv(fd, ROOM, ROOM.length, MSG_DONTWAIT)
    if (length >= 0) {
      messages.push(...messagesOf(Buffer.from(ROOM.subarray(0, length))))
      continue
    }
    const errno = lastErrno()
    if (errno === EAGAIN) return { messages, isWhole }
    if (errno === ENOBUFS) isWhole = false
    else if (errno !== EINTR) return { messages, isWhole }
  }
}
