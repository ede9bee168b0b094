/**
 * Who forwards a packet on its way, as traceroute(8) finds out: a packet may be forwarded only so many times, and whoever
 * finds that it has been forwarded often enough says so to its sender.
 */
import { closeSync } from 'node:fs'
import koffi from 'koffi'
import { libcFunction } from '../../machine/libc.ts'
import { poll } from '../../machine/poll.ts'
import { u32 } from '../rtnetlink/request.ts'
import { endpointOf, hearErrors, openUdp, SOCKET, sendTo, setOption } from './sockets.ts'

const libcRecvmsg = libcFunction('long recvmsg(int fd, uint8_t *message, int flags)')

/** `<netinet/in.h>`. */
const IP_TTL = 2
/** `<sys/socket.h>`, `<linux/errqueue.h>`, `<linux/icmp.h>`. */
export const ERROR_QUEUE = {
  MSG_ERRQUEUE: 0x2000,
  SO_EE_ORIGIN_ICMP: 2,
  ICMP_DEST_UNREACH: 3,
  ICMP_TIME_EXCEEDED: 11,
} as const
/** `struct msghdr { void *name; u32 namelen; struct iovec *iov; size_t iovlen; void *control; size_t controllen; int flags; }` */
export const MSGHDR = { size: 56, control: 32, controllen: 40 } as const
/** `struct cmsghdr { size_t len; int level, type; }`, and behind it `struct sock_extended_err`. */
export const EXTENDED_ERROR = { cmsghdr: 16, size: 16, origin: 4, type: 5 } as const

/** Somebody who answered for a packet. */
export interface Hop {
  /** `undefined` if nobody did. */
  readonly address: string | undefined
  /** Whether that is where the packet was to go. */
  readonly isThere: boolean
  /** Whether they pass nothing on: the packet is there, or they have no route, or a rule that rejects. */
  readonly isLast: boolean
}

/** Takes what ICMP said of a packet from a socket's queue of errors. @param to the address that the packet was for */
function takeError(fd: number, to: string): Hop | undefined {
  const control = Buffer.alloc(128)
  const message = Buffer.alloc(MSGHDR.size)
  message.writeBigUInt64LE(koffi.address(control), MSGHDR.control)
  message.writeBigUInt64LE(BigInt(control.length), MSGHDR.controllen)
  if (libcRecvmsg(fd, message, ERROR_QUEUE.MSG_ERRQUEUE) < 0) return undefined
  const error = control.subarray(EXTENDED_ERROR.cmsghdr)
  if (error.readUInt8(EXTENDED_ERROR.origin) !== ERROR_QUEUE.SO_EE_ORIGIN_ICMP) return undefined
  const { address } = endpointOf(error.subarray(EXTENDED_ERROR.size))
  const isLast = error.readUInt8(EXTENDED_ERROR.type) === ERROR_QUEUE.ICMP_DEST_UNREACH
  return { address, isThere: isLast && address === to, isLast }
}

/** A port at which nobody listens: whoever gets the packet says so. traceroute(8) begins with it. */
const PORT = 33434

/** Sends one packet that may be forwarded `ttl` - 1 times. */
function hop(address: string, ttl: number, timeout: number): Hop {
  const fd = openUdp(address)
  try {
    hearErrors(fd)
    setOption(fd, SOCKET.IPPROTO_IP, IP_TTL, u32(ttl), 'IP_TTL')
    sendTo(fd, Buffer.from('hop'), { address, port: PORT + ttl })
    const isTold = poll([fd], timeout).length > 0
    return (isTold ? takeError(fd, address) : undefined) ?? { address: undefined, isThere: false, isLast: false }
  } finally {
    closeSync(fd)
  }
}

/**
 * Finds who is on the way to an address, by IPv4.
 * @param most how many are looked for
 * @param timeout in seconds, for each
 * @returns one for each, in their order; the last is where the packet was to go, or whoever said that no way leads there, if
 *   either has answered
 * @throws SyscallError ENETUNREACH
 * @see traceroute(8), ip(7) IP_RECVERR
 */
export function hops(address: string, most: number, timeout: number): Hop[] {
  const found: Hop[] = []
  for (let ttl = 1; ttl <= most && !found.at(-1)?.isLast; ttl++) found.push(hop(address, ttl, timeout))
  return found
}

/** The same as text: `10.9.0.1, then nobody`. Parameters and errors are those of {@link hops}. */
export const wayTo = (...words: Parameters<typeof hops>): string =>
  hops(...words)
    .map(({ address }) => address ?? 'nobody')
    .join(', then ')
