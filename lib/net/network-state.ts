/**
 * A network namespace at a moment, and how it is after the kernel has told of a change.
 */
import { type Link, toAddress, toLink } from './links.ts'
import { attributes, type Message, NETLINK, SIZES } from './netlink.ts'

const AF_INET = 2
/** The states of a neighbour whose hardware address is known, `<linux/neighbour.h>`. */
const NUD_VALID = 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80
const NUD_PERMANENT = 0x80

/** Somebody on the same wire, by the neighbour table. */
export interface Neighbour {
  readonly index: number
  /** IPv4. */
  readonly address: string
  /** Whether its hardware address is known, nobody has answered for it, or it is being asked for. */
  readonly state: 'known' | 'failed' | 'asked'
  /** Whether somebody has written it there by hand. */
  readonly isPermanent: boolean
}

/** A route of IPv4. */
export interface Route {
  /** `10.0.0.0/24`; `0.0.0.0/0` is the default route. */
  readonly destination: string
  readonly gateway?: string
  /** The interface; some routes have none. */
  readonly index?: number
  readonly table: number
}

/** A network at a moment. */
export interface NetworkState {
  readonly links: readonly Link[]
  readonly neighbours: readonly Neighbour[]
  readonly routes: readonly Route[]
}

const dotted = (bytes: Buffer) => [...bytes].join('.')

/** A neighbour of IPv4, of a message about neighbours. */
export function toNeighbour(message: Buffer): Neighbour | undefined {
  // struct ndmsg { u8 family, pad; u16 pad; s32 index; u16 state; u8 flags, type; }
  const address = attributes(message.subarray(SIZES.ndmsg)).get(NETLINK.NDA_DST)
  if (message.readUInt8(0) !== AF_INET || address?.length !== 4) return undefined
  const bits = message.readUInt16LE(8)
  const state = (bits & NUD_VALID) !== 0 ? 'known' : (bits & NETLINK.NUD_FAILED) !== 0 ? 'failed' : 'asked'
  return {
    index: message.readInt32LE(4),
    address: dotted(address),
    state,
    isPermanent: (bits & NUD_PERMANENT) !== 0,
  }
}

/** `struct rtnexthop { u16 len; u8 flags, hops; s32 ifindex; }` and its attributes, `<linux/rtnetlink.h>`. */
const RTNEXTHOP = 8

/** The hops of a route that has several, each with its interface. */
function hopsOf(bytes: Buffer): Pick<Route, 'gateway' | 'index'>[] {
  const found: Pick<Route, 'gateway' | 'index'>[] = []
  for (let at = 0; at + RTNEXTHOP <= bytes.length; ) {
    const length = bytes.readUInt16LE(at)
    if (length < RTNEXTHOP) break
    const gateway = attributes(bytes.subarray(at + RTNEXTHOP, at + length)).get(NETLINK.RTA_GATEWAY)
    found.push({ index: bytes.readInt32LE(at + 4), ...(gateway && { gateway: dotted(gateway) }) })
    at += (length + 3) & ~3
  }
  return found
}

/** The routes of IPv4 in a message about routes: one for each hop of a route that has several. */
export function toRoutes(message: Buffer): Route[] {
  // struct rtmsg { u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags; }
  if (message.readUInt8(0) !== AF_INET) return []
  const found = attributes(message.subarray(SIZES.rtmsg))
  const destination = `${dotted(found.get(NETLINK.RTA_DST) ?? Buffer.alloc(4))}/${message.readUInt8(1)}`
  const table = message.readUInt8(4)
  const [several, gateway] = [found.get(NETLINK.RTA_MULTIPATH), found.get(NETLINK.RTA_GATEWAY)]
  if (several) return hopsOf(several).map(hop => ({ destination, ...hop, table }))
  const index = found.get(NETLINK.RTA_OIF)?.readInt32LE()
  return [{ destination, ...(gateway && { gateway: dotted(gateway) }), ...(index !== undefined && { index }), table }]
}

const isSameNeighbour = (one: Neighbour, other: Neighbour) => one.index === other.index && one.address === other.address
const isSameRoute = (one: Route, other: Route) =>
  one.destination === other.destination &&
  one.index === other.index &&
  one.gateway === other.gateway &&
  one.table === other.table

/** The state after a link is there, as it is now. */
function withLink(state: NetworkState, body: Buffer): NetworkState {
  const index = body.readInt32LE(4)
  const before = state.links.find(link => link.index === index)
  const link = toLink(body, before?.addresses ?? [])
  const links = before ? state.links.map(one => (one.index === index ? link : one)) : [...state.links, link]
  return { ...state, links }
}

function withAddress(state: NetworkState, body: Buffer, isThere: boolean): NetworkState {
  const found = toAddress(body)
  if (!found) return state
  const change = (link: Link): Link => {
    const others = link.addresses.filter(address => address !== found.address)
    return { ...link, addresses: isThere ? [...others, found.address] : others }
  }
  return { ...state, links: state.links.map(link => (link.index === found.index ? change(link) : link)) }
}

function withNeighbour(state: NetworkState, body: Buffer, isThere: boolean): NetworkState {
  const found = toNeighbour(body)
  if (!found) return state
  const others = state.neighbours.filter(one => !isSameNeighbour(one, found))
  return { ...state, neighbours: isThere ? [...others, found] : others }
}

function withRoute(state: NetworkState, body: Buffer, isThere: boolean): NetworkState {
  const found = toRoutes(body)
  const others = state.routes.filter(one => !found.some(other => isSameRoute(one, other)))
  return found.length === 0 ? state : { ...state, routes: isThere ? [...others, ...found] : others }
}

/** A network after a change that the kernel tells of. What is told twice changes nothing. */
export function after(state: NetworkState, { type, body }: Message): NetworkState {
  switch (type) {
    case NETLINK.RTM_NEWLINK:
    case NETLINK.RTM_DELLINK: {
      // Those of another family are about a port of a bridge.
      if (body.readUInt8(0) !== 0) return state
      if (type === NETLINK.RTM_NEWLINK) return withLink(state, body)
      return { ...state, links: state.links.filter(({ index }) => index !== body.readInt32LE(4)) }
    }
    case NETLINK.RTM_NEWADDR:
    case NETLINK.RTM_DELADDR:
      return withAddress(state, body, type === NETLINK.RTM_NEWADDR)
    case NETLINK.RTM_NEWNEIGH:
    case NETLINK.RTM_DELNEIGH:
      return withNeighbour(state, body, type === NETLINK.RTM_NEWNEIGH)
    case NETLINK.RTM_NEWROUTE:
    case NETLINK.RTM_DELROUTE:
      return withRoute(state, body, type === NETLINK.RTM_NEWROUTE)
    default:
      return state
  }
}
