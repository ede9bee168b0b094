/**
 * A network namespace as it changes: its interfaces, addresses, neighbours and routes, by what the kernel tells of each
 * change. Nothing is sampled, and a change that is undone at once is seen like any other.
 */
import { closeSync } from 'node:fs'
import { call, libcFunction } from '../machine/libc.ts'
import { inNamespaceBy } from '../namespaces.ts'
import { type Link, linksBy, toAddress, toLink } from './links.ts'
import {
  ask,
  attribute,
  attributes,
  dump,
  type Message,
  NETLINK,
  openNetlink,
  SIZES,
  setReceiveBuffer,
  told,
} from './netlink.ts'

const libcIoctl = libcFunction('int ioctl(int fd, unsigned long request)')

/** Asks for the network namespace of a socket, `<linux/sockios.h>`. */
export const SIOCGSKNS = 0x894c
/** More than a busy network changes between two looks, in bytes. */
const ROOM = 4 * 1024 * 1024
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

function toNeighbour(message: Buffer): Neighbour | undefined {
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

function toRoute(message: Buffer): Route | undefined {
  // struct rtmsg { u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags; }
  if (message.readUInt8(0) !== AF_INET) return undefined
  const found = attributes(message.subarray(SIZES.rtmsg))
  const destination = dotted(found.get(NETLINK.RTA_DST) ?? Buffer.alloc(4))
  const gateway = found.get(NETLINK.RTA_GATEWAY)
  const index = found.get(NETLINK.RTA_OIF)?.readInt32LE()
  return {
    destination: `${destination}/${message.readUInt8(1)}`,
    ...(gateway && { gateway: dotted(gateway) }),
    ...(index !== undefined && { index }),
    table: message.readUInt8(4),
  }
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
  const found = toRoute(body)
  if (!found) return state
  const others = state.routes.filter(one => !isSameRoute(one, found))
  return { ...state, routes: isThere ? [...others, found] : others }
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

const isThere = <T>(one: T | undefined): one is T => one !== undefined

/**
 * Follows the network namespace that the calling thread is in when this is made. Its sockets stay there, and keep the
 * namespace alive until they are closed.
 */
export class NetworkFollower {
  readonly #told: number
  readonly #asked: number
  #state: NetworkState

  /** @throws SyscallError EMFILE */
  constructor() {
    const { RTMGRP_LINK, RTMGRP_NEIGH, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE } = NETLINK
    // Opened before the first look: what changes meanwhile is told as well.
    this.#told = openNetlink(RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE)
    setReceiveBuffer(this.#told, ROOM)
    this.#asked = openNetlink()
    this.#state = this.#look()
  }

  #look(): NetworkState {
    return {
      links: linksBy(this.#asked),
      neighbours: dump(this.#asked, NETLINK.RTM_GETNEIGH).map(toNeighbour).filter(isThere),
      routes: dump(this.#asked, NETLINK.RTM_GETROUTE).map(toRoute).filter(isThere),
    }
  }

  /** The network as it was when {@link changes} was last called. */
  get state(): NetworkState {
    return this.#state
  }

  /** The network after each change since the last call, in their order. Of too many at once only the outcome is known. */
  changes(): NetworkState[] {
    const messages = told(this.#told)
    if (!messages) {
      this.#state = this.#look()
      return [this.#state]
    }
    return messages.flatMap(message => {
      const next = after(this.#state, message)
      if (next === this.#state) return []
      this.#state = next
      return [next]
    })
  }

  /**
   * Asks for the interfaces again. Of a veth that is just being made it is not told who its other end is, and of one that
   * stays it is not told that its other end has moved.
   * @returns the network after that, if anything is different
   */
  askAgain(): NetworkState | undefined {
    const links = linksBy(this.#asked)
    if (JSON.stringify(links) === JSON.stringify(this.#state.links)) return undefined
    this.#state = { ...this.#state, links }
    return this.#state
  }

  /** Whether there is a veth that is not known to have another end. */
  get isUnfinished(): boolean {
    return this.#state.links.some(({ kind, peerIndex }) => kind === 'veth' && peerIndex === undefined)
  }

  /** Does something with a descriptor of the namespace. @throws SyscallError EPERM if it belongs to somebody mightier */
  withNamespace<T>(action: (fd: number) => T): T {
    const fd = call('ioctl', libcIoctl, [this.#asked, SIOCGSKNS], [this.#asked, Symbol('SIOCGSKNS')])
    try {
      return action(fd)
    } finally {
      closeSync(fd)
    }
  }

  /** Does something in the namespace, where nobody need live any more. */
  inside<T>(action: () => T): T {
    return this.withNamespace(fd => inNamespaceBy(fd, 'net', action))
  }

  /**
   * The number by which this namespace knows another one, if it has ever met it.
   * @see `peerNsid` of {@link Link}, ip-netns(8)
   */
  nsidOf(other: NetworkFollower): number | undefined {
    return other.withNamespace(fd => {
      const payload = Buffer.alloc(4)
      payload.writeInt32LE(fd)
      // struct rtgenmsg { u8 family; }, padded to 4.
      const answer = ask(
        this.#asked,
        NETLINK.RTM_GETNSID,
        Buffer.concat([Buffer.alloc(4), attribute(NETLINK.NETNSA_FD, payload)]),
      )
      const nsid = answer && attributes(answer.body.subarray(4)).get(NETLINK.NETNSA_NSID)?.readInt32LE()
      return nsid === undefined || nsid < 0 ? undefined : nsid
    })
  }

  close(): void {
    closeSync(this.#told)
    closeSync(this.#asked)
  }
}
