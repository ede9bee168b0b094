/**
 * A network namespace as it changes: its interfaces, addresses, neighbours and routes, by what the kernel tells of each
 * change. Nothing is sampled, and a change that is undone at once is seen like any other.
 */
import { closeSync } from 'node:fs'
import { call, libcFunction } from '../machine/libc.ts'
import { inNamespaceBy } from '../namespaces.ts'
import { linksBy } from './links.ts'
import { ask, attribute, attributes, dump, NETLINK, openNetlink, setReceiveBuffer, told } from './netlink.ts'
import { after, type NetworkState, toNeighbour, toRoutes } from './network-state.ts'

const libcIoctl = libcFunction('int ioctl(int fd, unsigned long request)')

/** Asks for the network namespace of a socket, `<linux/sockios.h>`. */
export const SIOCGSKNS = 0x894c
/** More than a busy network changes between two looks, in bytes. */
const ROOM = 4 * 1024 * 1024

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
      routes: dump(this.#asked, NETLINK.RTM_GETROUTE).flatMap(toRoutes),
    }
  }

  /** The network as it was when {@link changes} was last called. */
  get state(): NetworkState {
    return this.#state
  }

  /** The network after each change since the last call, in their order. Of too many at once only the outcome is known. */
  changes(): NetworkState[] {
    const { messages, isWhole } = told(this.#told)
    if (!isWhole) {
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
