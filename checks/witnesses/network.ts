/**
 * The witness of networks: every network that somebody of the sandbox has lived in, as it changed, and the echo requests
 * and replies that passed its interfaces. It has sockets of its own in each, opened while the first to live there stands
 * still, so that nothing happens before it listens, and closed while the last stands still, because they would keep the
 * network alive.
 *
 * What changes and what passes comes by two sockets. They are read before and after each call that changes a network or
 * sends something, so that of one thing after the other it is known in which order that was. A step lies between two looks.
 */
import { inNamespace } from '../../lib/namespaces.ts'
import type { NetworkFollower } from '../../lib/net/follow.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import type { Link } from '../../lib/net/links.ts'
import { statusField } from '../../lib/trace/proc.ts'
import type { StopReason } from '../../lib/trace/ptrace.ts'
import { threadsOf } from '../../lib/trace/scheduling.ts'
import { NAMESPACE_CALLS, NETWORK_CALLS, type StoppedCall } from '../../lib/trace/seccomp.ts'
import type { Observer } from '../observer/observer.ts'
import { throughWhom } from '../observer/threads.ts'
import { changesOrSends } from './net/doings.ts'
import { ensurePacketSockets } from './net/ensure.ts'
import {
  echoesAsked,
  FollowedNetwork,
  type MakeTap,
  type NetworkHistory,
  type PlacedLink,
} from './net/followed-network.ts'
import { hasOneOf, networkOf, socketsHere } from './net/inhabitants.ts'
import { type Pair, pairsBetween } from './net/pairs.ts'
import { NetworkTeller } from './telling/network.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** What this witness records. */
export interface NetworkRecord {
  /** By the inodes of their namespaces, the one that the program was started in included. */
  readonly networks: ReadonlyMap<number, NetworkHistory>
  /** Names of the interfaces a fresh network has on this machine. */
  readonly freshLinks: readonly string[]
}

/** How many networks are followed at a time: each takes descriptors of the judge, and no lab needs more than three. */
const MOST_OPEN = 64

/** The witness of the networks of one sandbox. */
export class NetworkWitness implements Witness<NetworkRecord> {
  readonly #networks = new Map<number, FollowedNetwork>()
  #freshLinks: readonly string[] | undefined
  readonly #init: number
  #outside: number | undefined
  #processes: Observer['processes'] = new Map()
  /** Threads that are about to end, or have: they keep no network alive. */
  readonly #leaving = new Set<number>()
  /** Networks in which nobody lives, but of which somebody has a socket. */
  readonly #kept = new Set<number>()
  /** By which number each network knows which other one, as far as it has been asked since one was opened or closed. */
  #places = new Map<FollowedNetwork, Map<number, number | undefined>>()
  #step = 0

  readonly #teller: NetworkTeller
  readonly #makeTap: MakeTap | undefined

  /** @param makeTap makes further sockets in each network, for a lab that asks more of it */
  constructor({ sandbox, story }: Scene, makeTap?: MakeTap) {
    this.#makeTap = makeTap
    this.#init = sandbox.init
    this.#teller = new NetworkTeller(story)
  }

  protected get networks(): ReadonlyMap<number, NetworkHistory> {
    return this.#networks
  }

  begin({ observer }: Start): void {
    this.#processes = observer.processes
  }

  /** The first to be born is the program: nobody has changed the sandbox's network yet. */
  birth(pid: number): void {
    this.#freshLinks ??= inNamespace(this.#init, 'net', interfaceNames)
    this.#outside ??= this.#enter(this.#init, undefined)
    this.look()
    const { creator = 0, caller } = this.#processes.get(pid) ?? {}
    this.#enter(pid, networkOf(throughWhom(creator, caller)))
  }

  call(name: StoppedCall, args: readonly bigint[], tid: number) {
    if (NETWORK_CALLS.includes(name)) this.look()
    if (changesOrSends(name, args, tid)) return () => this.look(tid)
    if (!NAMESPACE_CALLS.includes(name)) return undefined
    const from = networkOf(tid)
    return (result: number) => {
      if (result < 0 || networkOf(tid) === from) return
      this.look()
      this.#enter(tid, from)
      this.#abandon(from)
    }
  }

  stop(tid: number, kind: StopReason): void {
    if (kind === 'exit') this.#leave(tid)
    // The first stop of a thread: clone(2) can make one in a network of its own, and tells its process of no birth.
    else if (kind === 'stop') this.#enterAsThread(tid)
  }

  #enterAsThread(tid: number): void {
    const process = Number(statusField(tid, 'Tgid'))
    if (this.#outside !== undefined && process > 0 && process !== tid) this.#enter(tid, networkOf(throughWhom(process)))
  }

  /** Of several threads one is left, with the number of the first, which may have left. */
  exec(pid: number): void {
    this.#leaving.delete(pid)
  }

  forget(tid: number): void {
    if (this.#leaving.delete(tid)) return
    // It was killed so that nobody saw it leave, or where it was.
    for (const { net, isOpen } of this.#networks.values()) if (isOpen) this.#abandon(net)
  }

  #leave(tid: number): void {
    const net = networkOf(tid)
    this.#leaving.add(tid)
    this.look()
    const followed = net === undefined ? undefined : this.#networks.get(net)
    if (followed && net !== this.#outside) followed.asked = echoesAsked(tid) ?? followed.asked
    for (const one of new Set([...this.#kept, ...(net === undefined ? [] : [net])])) this.#abandon(one)
  }

  /**
   * Somebody lives in a network now.
   * @param from where they, or who made them, lived before; where their parent lives counts as well
   */
  #enter(tid: number, from: number | undefined): number | undefined {
    const net = networkOf(tid)
    if (net === undefined) return undefined
    const followed = this.#networks.get(net) ?? new FollowedNetwork(net, this.#makeTap)
    const parent = networkOf(throughWhom(Number(statusField(tid, 'PPid') ?? 0)))
    for (const one of [from, parent]) if (one !== undefined && one !== net) followed.enteredFrom.add(one)
    const open = [...this.#networks.values()].filter(({ isOpen }) => isOpen)
    if (followed.isOpen || open.length >= MOST_OPEN) return net
    this.#places.clear()
    try {
      followed.open(tid, ++this.#step, links => this.#place(followed, links))
    } catch (error) {
      // Nothing is kept half open; and whoever was killed while it stood there has no network any more.
      followed.close()
      if (networkOf(tid) === net) throw error
      return undefined
    }
    this.#networks.set(net, followed)
    for (const other of open) other.placeAgain(links => this.#place(other, links))
    return net
  }

  /** Stops following a network that nobody lives in any more, so that it can come to its end. */
  #abandon(net: number | undefined): void {
    const followed = net === undefined ? undefined : this.#networks.get(net)
    if (!followed?.follower || net === this.#outside || this.#isInhabited(followed.net)) return
    if (this.#hasSockets(followed.follower)) {
      this.#kept.add(followed.net)
      return
    }
    this.#kept.delete(followed.net)
    this.#places.clear()
    followed.take(this.#step, links => this.#place(followed, links))
    followed.close()
  }

  get #living(): number[] {
    return [...this.#processes.values()].filter(({ status }) => !status).map(({ pid }) => pid)
  }

  /** Whether somebody lives in a network who is not about to leave it. */
  #isInhabited(net: number): boolean {
    return this.#living.some(pid => threadsOf(pid).some(tid => !this.#leaving.has(tid) && networkOf(tid) === net))
  }

  /** Whether somebody who lives elsewhere has a socket of a network, and so can still send something there. */
  #hasSockets(follower: NetworkFollower): boolean {
    const sockets = follower.inside(socketsHere)
    return this.#living.some(pid => !this.#leaving.has(pid) && hasOneOf(pid, sockets))
  }

  /** Finds for every veth in which network its other end is. */
  #place(followed: FollowedNetwork, links: readonly Link[]): readonly PlacedLink[] {
    return links.map(link => {
      const peerNetwork = link.peerNsid === undefined ? undefined : this.#known(followed, link.peerNsid)
      return peerNetwork === undefined ? link : { ...link, peerNetwork }
    })
  }

  /** The network that another one knows by a number. */
  #known(followed: FollowedNetwork, nsid: number): number | undefined {
    const places = this.#places.get(followed) ?? new Map<number, number | undefined>()
    this.#places.set(followed, places)
    if (!places.has(nsid)) {
      const others = [...this.#networks.values()].filter(other => other !== followed)
      const found = others.find(({ follower }) => follower && followed.follower?.nsidOf(follower) === nsid)
      places.set(nsid, found?.net)
    }
    return places.get(nsid)
  }

  /** Reads what has happened since the last look. @param tid the thread whose call may have brought it about */
  look(tid?: number): void {
    this.#step++
    const open = [...this.#networks.values()].filter(({ isOpen }) => isOpen)
    const changed = open.filter(followed => followed.take(this.#step, links => this.#place(followed, links)))
    for (const followed of open)
      if (changed.length > 0 || followed.follower?.isUnfinished)
        followed.askAgain(this.#step, links => this.#place(followed, links))
    this.#teller.tell(this.#networks.values(), tid)
  }

  lookAround(): void {
    this.look()
  }

  /** What is known of a network by now. @param net the inode of its namespace, see {@link networkOf} */
  historyOf(net: number): NetworkHistory | undefined {
    this.look()
    return this.#networks.get(net)
  }

  /** The pairs that lie at this moment between a network and those from which somebody has come there. */
  pairsNow(net: number): Pair[] {
    const inside = this.historyOf(net)
    return [...(inside?.enteredFrom ?? [])].flatMap(from => {
      const outside = this.#networks.get(from)
      return inside && outside ? pairsBetween(inside, outside) : []
    })
  }

  record(): NetworkRecord {
    this.look()
    for (const followed of this.#networks.values()) followed.close()
    return { networks: this.#networks, freshLinks: this.#freshLinks ?? [] }
  }
}

/** Its sandbox has a network in which the program may lay a veth pair. */
export const network: WitnessKind<NetworkRecord, NetworkWitness> = {
  needs: () => ({ pair: true, calls: [...NAMESPACE_CALLS, ...NETWORK_CALLS] }),
  open() {
    ensurePacketSockets()
    return scene => new NetworkWitness(scene)
  },
}
