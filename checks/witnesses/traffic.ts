/**
 * The witness of networks between which somebody forwards and rewrites: all that the witness of networks sees, and in each
 * of them the packets that pass, the connections that the kernel remembers and the rules that it holds.
 */
import { closeSync } from 'node:fs'
import { CannotRun } from '../../lib/errors.ts'
import { NETLINK_NETFILTER, openNetlink } from '../../lib/net/netlink.ts'
import { Traffic, type TrafficHistory } from './net/traffic.ts'
import { type NetworkRecord, NetworkWitness, network } from './network.ts'
import { TrafficTeller } from './telling/traffic.ts'
import type { Scene, WitnessKind } from './witness.ts'

/** What this witness records. */
export interface TrafficRecord extends NetworkRecord {
  /** What went on in each network, by the inode of its namespace. */
  readonly traffic: ReadonlyMap<number, TrafficHistory>
}

/** The witness of the traffic of one sandbox. */
class TrafficWitness extends NetworkWitness {
  readonly #traffic: Map<number, Traffic>
  readonly #tellOf: TrafficTeller

  constructor(scene: Scene, traffic = new Map<number, Traffic>()) {
    super(scene, (net, inside) => {
      const one = new Traffic(inside)
      traffic.set(net, one)
      return one
    })
    this.#traffic = traffic
    this.#tellOf = new TrafficTeller(scene.story)
  }

  override look(tid?: number): void {
    super.look(tid)
    const linksOf = (net: number) => this.networks.get(net)?.moments.at(-1)?.links ?? []
    this.#tellOf.tell(
      [...this.#traffic].map(([net, one]) => [net, one, linksOf(net)] as const),
      tid,
    )
  }

  override record(): TrafficRecord {
    return { ...super.record(), traffic: this.#traffic }
  }
}

/** Its sandbox is that of the witness of networks. */
export const traffic: WitnessKind<TrafficRecord, TrafficWitness> = {
  ...(network.needs && { needs: network.needs }),
  open() {
    network.open()
    try {
      closeSync(openNetlink(0, NETLINK_NETFILTER))
    } catch (error) {
      const hint = 'modprobe -a nf_tables nf_conntrack nf_conntrack_netlink'
      throw new CannotRun(
        `rules and connections are seen by netfilter, and ${(error as Error).message.split('\n')[0]}\nhint: ${hint}`,
      )
    }
    return scene => new TrafficWitness(scene)
  },
}
