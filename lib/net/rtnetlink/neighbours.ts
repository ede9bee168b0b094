/**
 * Who is known on a wire: the neighbour table (address to hardware address) and the forwarding table of a bridge
 * (hardware address to port). `ip neighbour` and `bridge fdb`, without the programs.
 */
import { ipText } from '../ip.ts'
import { type Link, links } from '../links.ts'
import { attributes, NETLINK, SIZES } from '../netlink.ts'
import { objects } from './request.ts'

/** `<linux/neighbour.h>`, `<sys/socket.h>`. */
export const NEIGHBOUR = { NDA_LLADDR: 2, NDA_MASTER: 9, AF_BRIDGE: 7, NUD_PERMANENT: 0x80, NUD_NOARP: 0x40 } as const

/** Somebody on a wire. */
export interface KnownNeighbour {
  readonly address: string
  /** Six bytes, `2e:5f:00:…`; nothing while nobody has answered. */
  readonly hardware: string | undefined
  readonly link: string
}

/** A hardware address, and behind which port of the bridge whoever has it was last heard. */
export interface ForwardingEntry {
  readonly hardware: string
  readonly port: string
}

/** A hardware address as text. */
export const hardwareText = (bytes: Buffer): string =>
  [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':')

/** `struct ndmsg { u8 family, pad; u16 pad; s32 index; u16 state; u8 flags, type; }` and its attributes. */
function read(message: Buffer) {
  const found = attributes(message.subarray(SIZES.ndmsg))
  const hardware = found.get(NEIGHBOUR.NDA_LLADDR)
  return {
    index: message.readInt32LE(4),
    state: message.readUInt16LE(8),
    address: found.get(NETLINK.NDA_DST),
    hardware: hardware && hardwareText(hardware),
    master: found.get(NEIGHBOUR.NDA_MASTER)?.readInt32LE(),
  }
}

/** The names of interfaces by their indexes. */
function namesOf(all: readonly Link[]): (index: number) => string {
  const names = new Map(all.map(({ index, name }) => [index, name]))
  return index => names.get(index) ?? `interface ${index}`
}

/** The neighbour table of the calling thread's network, by address: whom it has asked for, and who has answered. @see ip-neighbour(8) */
export function neighbours(): KnownNeighbour[] {
  const nameOf = namesOf(links())
  const known = objects('RTM_GETNEIGH').flatMap(message => {
    const { index, state, address, hardware } = read(message)
    // Groups of IPv6 and the addresses of lo are known without asking.
    if (!address || (state & NEIGHBOUR.NUD_NOARP) !== 0) return []
    return [{ address: ipText(address), hardware, link: nameOf(index) }]
  })
  return known.sort((one, other) => one.address.localeCompare(other.address))
}

/** What a bridge has learnt, by port: behind which of its ports it has heard whom. @param bridge its name @see bridge(8) `bridge fdb` */
export function forwardingTable(bridge: string): ForwardingEntry[] {
  const all = links()
  const nameOf = namesOf(all)
  const own = all.find(({ name }) => name === bridge)?.index
  const heard = objects('RTM_GETNEIGH', NEIGHBOUR.AF_BRIDGE).flatMap(message => {
    const { index, state, hardware, master } = read(message)
    // The bridge's own and its ports' addresses are permanent: it has not learnt them from a frame.
    if (master !== own || !hardware || (state & NEIGHBOUR.NUD_PERMANENT) !== 0) return []
    return [{ hardware, port: nameOf(index) }]
  })
  return heard.sort((one, other) => one.port.localeCompare(other.port))
}
