/**
 * The connections that the kernel remembers (conntrack), each with two tuples: how its first packet looked when it came,
 * and how an answer to it will look when that comes. NAT is nothing but a difference between the two.
 */
import { ipText } from '../ip.ts'
import { attributes, NETLINK_NETFILTER, openNetlink, setReceiveBuffer, told } from '../netlink.ts'
import { endpointText } from './firewall.ts'
import { groupBit, messageType, NFGENMSG_SIZE, NFNETLINK, netfilterObjects } from './nfnetlink.ts'

/** `<linux/netfilter/nfnetlink_conntrack.h>`, `<linux/netfilter/nf_conntrack_common.h>`, `<netinet/in.h>`. */
export const CONNTRACK = {
  IPCTNL_MSG_CT_NEW: 0,
  IPCTNL_MSG_CT_GET: 1,
  CTA_TUPLE_ORIG: 1,
  CTA_TUPLE_REPLY: 2,
  CTA_STATUS: 3,
  CTA_TUPLE_IP: 1,
  CTA_TUPLE_PROTO: 2,
  CTA_IP_V4_SRC: 1,
  CTA_IP_V4_DST: 2,
  CTA_IP_V6_SRC: 3,
  CTA_IP_V6_DST: 4,
  CTA_PROTO_NUM: 1,
  CTA_PROTO_SRC_PORT: 2,
  CTA_PROTO_DST_PORT: 3,
  IPS_SRC_NAT: 0x10,
  IPS_DST_NAT: 0x20,
  IPPROTO_ICMP: 1,
  IPPROTO_TCP: 6,
  IPPROTO_UDP: 17,
} as const

/** One direction of a connection. Ports are 0 where the protocol has none. */
export interface Tuple {
  readonly source: string
  readonly target: string
  readonly sourcePort: number
  readonly targetPort: number
}

/** A connection as the kernel remembers it. */
export interface Connection {
  /** `IPPROTO_TCP` and its like. */
  readonly protocol: number
  /** How its first packet came. */
  readonly original: Tuple
  /** How an answer will come. */
  readonly reply: Tuple
  /** Whether NAT changes the source of what goes the original way, and whether its target. */
  readonly changesSource: boolean
  readonly changesTarget: boolean
}

const nothing = Buffer.alloc(0)

function toTuple(bytes: Buffer | undefined): (Tuple & { readonly protocol: number }) | undefined {
  const parts = attributes(bytes ?? nothing)
  const ip = attributes(parts.get(CONNTRACK.CTA_TUPLE_IP) ?? nothing)
  const proto = attributes(parts.get(CONNTRACK.CTA_TUPLE_PROTO) ?? nothing)
  const source = ip.get(CONNTRACK.CTA_IP_V4_SRC) ?? ip.get(CONNTRACK.CTA_IP_V6_SRC)
  const target = ip.get(CONNTRACK.CTA_IP_V4_DST) ?? ip.get(CONNTRACK.CTA_IP_V6_DST)
  if (!source || !target) return undefined
  return {
    protocol: proto.get(CONNTRACK.CTA_PROTO_NUM)?.readUInt8() ?? 0,
    source: ipText(source),
    target: ipText(target),
    sourcePort: proto.get(CONNTRACK.CTA_PROTO_SRC_PORT)?.readUInt16BE() ?? 0,
    targetPort: proto.get(CONNTRACK.CTA_PROTO_DST_PORT)?.readUInt16BE() ?? 0,
  }
}

/** A connection, of a message about connections; `undefined` where the kernel left something out. */
export function toConnection(message: Buffer): Connection | undefined {
  const found = attributes(message.subarray(NFGENMSG_SIZE))
  const [original, reply] = [CONNTRACK.CTA_TUPLE_ORIG, CONNTRACK.CTA_TUPLE_REPLY].map(type => toTuple(found.get(type)))
  if (!original || !reply) return undefined
  const status = found.get(CONNTRACK.CTA_STATUS)?.readUInt32BE() ?? 0
  const { protocol, ...tuple } = original
  const { protocol: _, ...answer } = reply
  return {
    protocol,
    original: tuple,
    reply: answer,
    changesSource: (status & CONNTRACK.IPS_SRC_NAT) !== 0,
    changesTarget: (status & CONNTRACK.IPS_DST_NAT) !== 0,
  }
}

/** `10.9.0.3:40000 → 203.0.113.7:7000`. */
export const tupleText = ({ source, sourcePort, target, targetPort }: Tuple): string =>
  [
    { address: source, port: sourcePort },
    { address: target, port: targetPort },
  ]
    .map(endpointText)
    .join(' → ')

/**
 * The connections of TCP that the kernel remembers in the calling thread's network, in the order of their ends (the kernel
 * has them in none). It begins to remember when the first rule asks it to.
 * @param among addresses: only those connections are meant of which an end has one of them
 * @throws SyscallError EPROTONOSUPPORT, EPERM
 * @see conntrack(8) `conntrack -L -p tcp`
 */
export function connections(among?: readonly string[]): Connection[] {
  const type = messageType(NFNETLINK.NFNL_SUBSYS_CTNETLINK, CONNTRACK.IPCTNL_MSG_CT_GET)
  const all = netfilterObjects(type, 0).flatMap(message => {
    const one = toConnection(message)
    if (one?.protocol !== CONNTRACK.IPPROTO_TCP) return []
    const ends = [one.original, one.reply].flatMap(({ source, target }) => [source, target])
    return !among || ends.some(end => among.includes(end)) ? [one] : []
  })
  const ends = ({ original: { source, target, targetPort } }: Connection) => `${source} ${target} ${targetPort}`
  return all.sort((one, other) => ends(one).localeCompare(ends(other)))
}

/** A new connection, and whether the kernel remembers it because of a packet, or because somebody wrote it there. */
export interface NewConnection extends Connection {
  readonly isWritten: boolean
}

/** More than is told between two looks, in bytes. */
const ROOM = 1024 * 1024

/** Hears of each new connection in the network that the calling thread is in when this is made. */
export class ConnectionListener {
  /** The socket, for whoever closes it. */
  readonly fd: number

  /** @throws SyscallError EPROTONOSUPPORT where the kernel has no netfilter, EPERM */
  constructor() {
    this.fd = openNetlink(groupBit(NFNETLINK.NFNLGRP_CONNTRACK_NEW), NETLINK_NETFILTER)
    setReceiveBuffer(this.fd, ROOM)
  }

  /** The connections that are new since the last call; of too many at once the first. */
  news(): NewConnection[] {
    return told(this.fd).messages.flatMap(({ port, body }) => {
      const one = toConnection(body)
      return one ? [{ ...one, isWritten: port !== 0 }] : []
    })
  }
}
