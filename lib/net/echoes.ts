/**
 * The echo requests and replies that pass the interfaces of a network namespace, seen by a packet socket: ping, from the
 * outside, as tcpdump(8) sees it.
 */
import { filter, PACKET, PacketSocket, type Passed, PROTOCOL } from './packet-socket.ts'

/** `struct icmphdr`: type, code, checksum, id, sequence. `<linux/ip_icmp.h>` */
export const ICMP = { ICMP_ECHOREPLY: 0, ICMP_ECHO: 8 } as const

/** The longest header of IPv4, and that of an echo. */
const KEPT = 60 + 8

/** An echo request or a reply that has passed an interface. */
export interface Echo extends Passed {
  readonly kind: 'request' | 'reply'
  readonly source: string
  readonly target: string
  readonly id: number
  readonly sequence: number
}

/** Of all packets those of ICMP over IPv4, or their first fragments, and of those the headers. */
const ONLY_ICMP = filter(
  [0x28, PROTOCOL],
  [0x15, PACKET.ETH_P_IP, 0, 5],
  [0x30, 9],
  [0x15, PACKET.IPPROTO_ICMP, 0, 3],
  [0x28, 6],
  [0x45, 0x1fff, 1, 0],
  [0x06, KEPT],
  [0x06, 0],
)

/** What a packet says, beginning with its IPv4 header; `undefined` if it is no echo. */
export function toEcho(packet: Buffer): Omit<Echo, 'index' | 'way'> | undefined {
  const header = ((packet[0] ?? 0) & 15) * 4
  const type = packet[header]
  if (header < 20 || packet.length < header + 8) return undefined
  if (type !== ICMP.ICMP_ECHO && type !== ICMP.ICMP_ECHOREPLY) return undefined
  return {
    kind: type === ICMP.ICMP_ECHO ? 'request' : 'reply',
    source: packet.subarray(12, 16).join('.'),
    target: packet.subarray(16, 20).join('.'),
    id: packet.readUInt16BE(header + 4),
    sequence: packet.readUInt16BE(header + 6),
  }
}

/**
 * Sees the echoes of the network namespace that the calling thread is in when this is made, on every interface that is
 * there or will be. The socket stays there, and keeps the namespace alive until it is closed.
 */
export class EchoTap {
  readonly #socket: PacketSocket

  /** @throws SyscallError EAFNOSUPPORT where the kernel has no packet sockets, EPERM without CAP_NET_RAW */
  constructor() {
    this.#socket = new PacketSocket(ONLY_ICMP, KEPT)
  }

  /** The echoes since the last call, in the order in which they passed. */
  echoes(): Echo[] {
    return this.#socket.take((bytes, passed) => {
      const echo = toEcho(bytes)
      return echo && { ...passed, ...echo }
    })
  }

  close(): void {
    this.#socket.close()
  }
}
