/**
 * Who is who in a program of lab 9, read from how its networks were at a moment: the machine in the middle, its bridge,
 * the containers that are its ports, and the world behind another cable.
 */
import { ipNumber } from '../../../lib/net/ip.ts'
import type { Link } from '../../../lib/net/links.ts'
import type { NetworkHistory, NetworkMoment, PlacedLink } from '../../witnesses/net/followed-network.ts'
import { momentAt, pairsBetween } from '../../witnesses/net/pairs.ts'
import type { NetworkRecord } from '../../witnesses/network.ts'

/** Somebody at the other end of a cable of the machine. */
export interface Neighbour {
  readonly net: number
  /** Its own end of the cable, and the machine's. */
  readonly own: PlacedLink
  readonly cable: PlacedLink
  /** What else of its network counts: its routes. */
  readonly moment: NetworkMoment
}

/** The networks around one bridge at one moment. */
export interface Scene {
  /** Inode of the machine's network. */
  readonly machine: number
  readonly bridge: Link
  /** Who hangs at a port of the bridge. */
  readonly containers: readonly Neighbour[]
  /** Who hangs at a cable that is no port. */
  readonly worlds: readonly Neighbour[]
}

/** The address in `10.9.0.2/24`. */
export const bare = (entry: string): string => entry.split('/')[0] as string
export const addressesOf = ({ addresses }: Pick<Link, 'addresses'>): readonly string[] => addresses.map(bare)

/** All addresses at which somebody is: also those on other interfaces, such as one on lo that plays the internet. */
export const everywhere = ({ moment }: Neighbour): readonly string[] => moment.links.flatMap(addressesOf)

/** Whoever of these has an interface in a network. */
export const neighbourAt = (all: readonly Neighbour[], net: number, index: number): Neighbour | undefined =>
  all.find(one => one.net === net && one.own.index === index)

/** Whether an address lies in the network of `10.9.0.1/24`. */
export function isIn(address: string, entry: string): boolean {
  const size = 2 ** (32 - Number(entry.split('/')[1] ?? 32))
  return Math.floor(ipNumber(address) / size) === Math.floor(ipNumber(bare(entry)) / size)
}

/** The ways that a network knows to where no other route leads. */
const gatewaysOf = ({ routes }: NetworkMoment) =>
  routes.flatMap(({ destination, gateway }) => (destination === '0.0.0.0/0' && gateway !== undefined ? [gateway] : []))

/** What a container's addresses lack of what a container of this bridge needs; nothing if they are right. */
export function flawOf({ own, moment }: Neighbour, { bridge }: Scene): string | undefined {
  const usable = own.addresses.filter(entry =>
    bridge.addresses.some(
      gateway => isIn(bare(gateway), entry) && isIn(bare(entry), gateway) && bare(gateway) !== bare(entry),
    ),
  )
  const text = own.addresses.join(', ') || 'no address'
  if (!own.isUp) return `${own.name} is down`
  if (usable.length === 0)
    return `${own.name} has ${text}, which is not in the network of ${bridge.name} (${bridge.addresses.join(', ') || 'no address'})`
  const gateways = gatewaysOf(moment)
  if (!gateways.some(gateway => addressesOf(bridge).includes(gateway)))
    return `${own.name} has ${text}, and its default route goes ${gateways.length > 0 ? `by ${gateways.join(', ')}` : 'nowhere'}`
  return undefined
}

/** The networks to which the cables of a network lead. */
const peersOf = (moment: NetworkMoment | undefined): number[] => [
  ...new Set(moment?.links.flatMap(({ peerNetwork }) => (peerNetwork === undefined ? [] : [peerNetwork]))),
]

/** The scene around each bridge of a network at a step. */
function scenesOf(machine: NetworkHistory, networks: NetworkRecord['networks'], step: number): Scene[] {
  const here = momentAt(machine, step)
  const bridges = here?.links.filter(({ kind }) => kind === 'bridge') ?? []
  if (bridges.length === 0) return []
  // Only those to which a cable leads: there may be hundreds of networks.
  const nearby = peersOf(here).flatMap(net => {
    const other = net === machine.net ? undefined : networks.get(net)
    const moment = other && momentAt(other, step)
    if (!moment) return []
    return pairsBetween(other, machine, step).map(({ inner, outer }) => ({
      net: other.net,
      own: inner,
      cable: outer,
      moment,
    }))
  })
  return bridges.map(bridge => ({
    machine: machine.net,
    bridge,
    containers: nearby.filter(({ cable }) => cable.master === bridge.index),
    worlds: nearby.filter(({ cable }) => cable.master === undefined),
  }))
}

/** Whether two containers have no address in common. */
const differ = (containers: readonly Neighbour[]) => {
  const all = containers.flatMap(({ own }) => addressesOf(own))
  return new Set(all).size === all.length
}

/** Whether there are two containers in networks of their own, at ports that are up. */
export const hasTwoPorts = ({ bridge, containers }: Scene): boolean =>
  bridge.isUp && new Set(containers.filter(({ cable }) => cable.isUp).map(({ net }) => net)).size >= 2

/** Whether all that a scene needs is there, and everybody has the addresses and ways that they need. */
export const hasAddresses = (scene: Scene): boolean =>
  new Set(scene.containers.filter(one => flawOf(one, scene) === undefined).map(({ net }) => net)).size >= 2 &&
  differ(scene.containers)

/** How much of what is claimed of a moment is so. */
const worth = (scene: Scene) =>
  (hasTwoPorts(scene) ? 8 : Math.min(2, scene.containers.length)) +
  (hasAddresses(scene) ? 4 : 0) +
  (scene.worlds.some(({ own, cable }) => own.isUp && cable.isUp) ? 2 : 0)

/** How much there is to see. */
const plenty = ({ bridge, containers, worlds }: Scene) =>
  [...containers, ...worlds].reduce(
    (sum, { own, cable }) => sum + 1 + own.addresses.length + cable.addresses.length,
    0,
  ) + bridge.addresses.length

/** All scenes of a program, asked for by step. */
export class Scenes {
  readonly #record: NetworkRecord
  readonly #known = new Map<number, readonly Scene[]>()

  constructor(record: NetworkRecord) {
    this.#record = record
  }

  /** The scenes once a step was over. */
  at(step: number): readonly Scene[] {
    const known = this.#known.get(step)
    if (known) return known
    const { networks } = this.#record
    const found = [...networks.values()].flatMap(machine => scenesOf(machine, networks, step))
    this.#known.set(step, found)
    return found
  }

  /** The scene that comes closest to what is asked for, of all moments; the latest of several. */
  get best(): Scene | undefined {
    const { networks } = this.#record
    const changes = [...networks.values()].flatMap(({ net, moments }) => moments.map(moment => ({ net, moment })))
    let best: Scene | undefined
    // What is around a bridge is what it was, but where that network or a neighbour of it has changed.
    for (const { net, moment } of changes.sort((one, other) => one.moment.step - other.moment.step))
      for (const place of [net, ...peersOf(moment)]) {
        const machine = networks.get(place)
        for (const scene of machine ? scenesOf(machine, networks, moment.step) : []) {
          const difference = best ? worth(scene) - worth(best) || plenty(scene) - plenty(best) : 1
          if (difference >= 0) best = scene
        }
      }
    return best
  }
}
