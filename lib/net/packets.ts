/**
 * Packets of IPv4 that pass the interfaces of a network namespace, as far as they say how a conversation begins: TCP that
 * connects or carries something, UDP with questions for names, and what ICMP says of others.
 */
import { filter, PACKET, PacketSocket, type Passed, PROTOCOL } from './packet-socket.ts'

/** Where in a packet is what: `struct iphdr`, `struct tcphdr`, `struct udphdr`, `struct icmphdr`. */
export const IP_HEADER = { fragment: 6, ttl: 8, protocol: 9, source: 12, target: 16, least: 20 } as const
const [PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP] = [1, 6, 17]
const [FIN, SYN, RST, ACK] = [0x01, 0x02, 0x04, 0x10]
/** A question for a name and its answer fit into that; of the rest the headers do. */
const KEPT = 640

/** What every packet says. */
interface Addressed {
  readonly source: string
  readonly target: string
  /** How often it may still be forwarded. */
  readonly ttl: number
}

/** A packet of TCP. */
export interface TcpPacket extends Addressed {
  readonly protocol: 'tcp'
  readonly sourcePort: number
  readonly targetPort: number
  readonly sequence: number
  readonly acknowledged: number
  readonly flags: 'SYN' | 'SYN, ACK' | 'RST' | 'FIN' | ''
  /** How many bytes it carries. */
  readonly size: number
}

/** A packet of UDP. */
export interface UdpPacket extends Addressed {
  readonly protocol: 'udp'
  readonly sourcePort: number
  readonly targetPort: number
  readonly payload: Buffer
}

/** A message of ICMP. */
export interface IcmpPacket extends Addressed {
  readonly protocol: 'icmp'
  readonly type: number
  readonly code: number
  /** Of an echo. */
  readonly id: number
  readonly sequence: number
  /** Which packet it is about, of an error. */
  readonly about?: Pick<Addressed, 'source' | 'target'>
}

/** Any of them. */
export type Packet = TcpPacket | UdpPacket | IcmpPacket

/** Of all packets those of IPv4, or their first fragments, and of those the beginning. */
const ONLY_IPV4 = filter(
  [0x28, PROTOCOL],
  [0x15, PACKET.ETH_P_IP, 0, 3],
  [0x28, IP_HEADER.fragment],
  [0x45, 0x1fff, 1, 0],
  [0x06, KEPT],
  [0x06, 0],
)

const dotted = (bytes: Buffer, at: number) => bytes.subarray(at, at + 4).join('.')

function toTcp(addressed: Addressed, bytes: Buffer, length: number): TcpPacket | undefined {
  if (bytes.length < 20) return undefined
  const bits = bytes.readUInt8(13)
  const flags = (bits & SYN) !== 0 ? ((bits & ACK) !== 0 ? 'SYN, ACK' : 'SYN') : (bits & RST) !== 0 ? 'RST' : ''
  return {
    protocol: 'tcp',
    ...addressed,
    sourcePort: bytes.readUInt16BE(0),
    targetPort: bytes.readUInt16BE(2),
    sequence: bytes.readUInt32BE(4),
    acknowledged: bytes.readUInt32BE(8),
    flags: flags || ((bits & FIN) !== 0 ? 'FIN' : ''),
    size: Math.max(0, length - (bytes.readUInt8(12) >> 4) * 4),
  }
}

function toIcmp(addressed: Addressed, bytes: Buffer): IcmpPacket | undefined {
  if (bytes.length < 8) return undefined
  const quoted = bytes.subarray(8)
  const isError = [3, 4, 5, 11, 12].includes(bytes.readUInt8(0)) && quoted.length >= IP_HEADER.least
  return {
    protocol: 'icmp',
    ...addressed,
    type: bytes.readUInt8(0),
    code: bytes.readUInt8(1),
    id: bytes.readUInt16BE(4),
    sequence: bytes.readUInt16BE(6),
    ...(isError && { about: { source: dotted(quoted, IP_HEADER.source), target: dotted(quoted, IP_HEADER.target) } }),
  }
}

/** What a packet says, beginning with its IPv4 header; `undefined` if it is of another protocol, or cut. */
export function toPacket(bytes: Buffer): Packet | undefined {
  const header = ((bytes[0] ?? 0) & 15) * 4
  if (header < IP_HEADER.least || bytes.length < header) return undefined
  const addressed = {
    source: dotted(bytes, IP_HEADER.source),
    target: dotted(bytes, IP_HEADER.target),
    ttl: bytes.readUInt8(IP_HEADER.ttl),
  }
  const inner = bytes.subarray(header)
  const protocol = bytes.readUInt8(IP_HEADER.protocol)
  if (protocol === PROTOCOL_TCP) return toTcp(addressed, inner, bytes.readUInt16BE(2) - header)
  if (protocol === PROTOCOL_ICMP) return toIcmp(addressed, inner)
  if (protocol !== PROTOCOL_UDP || inner.length < 8) return undefined
  const [sourcePort, targetPort] = [inner.readUInt16BE(0), inner.readUInt16BE(2)]
  return { protocol: 'udp', ...addressed, sourcePort, targetPort, payload: Buffer.from(inner.subarray(8)) }
}

/** A packet and where it passed. */
export type PassedPacket = Passed & Packet

/**
 * Sees the packets of the network namespace that the calling thread is in when this is made, on every interface that is
 * there or will be. The socket stays there, and keeps the namespace alive until it is closed.
 */
export class PacketTap {
  readonly #socket: PacketSocket

  /** @throws SyscallError EAFNOSUPPORT where the kernel has no packet sockets, EPERM without CAP_NET_RAW */
  constructor() {
    this.#socket = new PacketSocket(ONLY_IPV4, KEPT)
  }

  /** The packets since the last call, in the order in which they passed. */
  packets(): PassedPacket[] {
    return this.#socket.take((bytes, passed) => {
      const packet = toPacket(bytes)
      return packet && { ...passed, ...packet }
    })
  }

  close(): void {
    this.#socket.close()
  }
}
