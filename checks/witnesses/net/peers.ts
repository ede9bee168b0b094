/**
 * In which network the other end of each veth is. The kernel tells of it by a number that each network has for those that
 * it has met.
 */
import type { Link } from '../../../lib/net/links.ts'
import type { FollowedNetwork, PlacedLink } from './followed-network.ts'

/** The networks of one sandbox, as they know each other. */
export class Peers {
  readonly #networks: ReadonlyMap<number, FollowedNetwork>
  /** By which number each network knows which other one, as far as it has been asked since one was opened or closed. */
  #known = new Map<FollowedNetwork, Map<number, number | undefined>>()

  constructor(networks: ReadonlyMap<number, FollowedNetwork>) {
    this.#networks = networks
  }

  /** A network has been opened or closed: what was known of numbers may be so no more. */
  askAgain(): void {
    this.#known.clear()
  }

  /** Finds for every veth of a network in which other one its other end is. */
  place(followed: FollowedNetwork, links: readonly Link[]): readonly PlacedLink[] {
    return links.map(link => {
      const peerNetwork = link.peerNsid === undefined ? undefined : this.#numbered(followed, link.peerNsid)
      return peerNetwork === undefined ? link : { ...link, peerNetwork }
    })
  }

  /** The network that another one knows by a number. */
  #numbered(followed: FollowedNetwork, nsid: number): number | undefined {
    const known = this.#known.get(followed) ?? new Map<number, number | undefined>()
    this.#known.set(followed, known)
    if (!known.has(nsid)) {
      const others = [...this.#networks.values()].filter(other => other !== followed)
      const found = others.find(({ follower }) => follower && followed.follower?.nsidOf(follower) === nsid)
      known.set(nsid, found?.net)
    }
    return known.get(nsid)
  }
}
