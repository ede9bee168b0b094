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
import { interfaceNames } from '../../lib/net/free-network.ts'
import { statusField } from '../../lib/trace/proc.ts'
import type { StopReason } from '../../lib/trace/ptrace.ts'
import { NAMESPACE_CALLS, NETWORK_CALLS, type StoppedCall } from '../../lib/trace/seccomp.ts'
import type { Observer } from '../observer/observer.ts'
import { throughWhom } from '../observer/threads.ts'
import { changesOrSends } from './net/doings.ts'
import { ensurePacketSockets } from './net/ensure.ts'
import { echoesAsked, FollowedNetwork, type MakeTap, type NetworkHistory } from './net/followed-network.ts'
import { hasOneOf, livesIn, networkOf, socketsHere } from './net/inhabitants.ts'
import { type Pair, pairsBetween } from './net/pairs.ts'
import { Peers } from './net/peers.ts'
import { NetworkTeller } from './telling/network.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** What this witness records. */
export interface NetworkRecord {
  /** By the inodes of their namespaces, the one that the program was started in included. */
  readonly networks: ReadonlyMap<number, NetworkHistory>
  /** Names of the interfaces a fresh network has on this machine. */
  readonly freshLinks: readonly string[]
}

/**
 * How many networks are followed at a time: each takes descriptors of the judge, and time at each look. Where there are
 * more, those with nothing to follow wait until somebody in them makes a call that may change that.
 */
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
  readonly #peers = new Peers(this.#networks)
  /** Whether there have ever been more networks than are followed at a time. */
  #areTooMany = false
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
    if (NETWORK_CALLS.includes(name)) {
      // It may be a network that was left for others.
      if (this.#areTooMany) this.#enter(tid, undefined, true)
      this.look()
    }
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
    for (const { net } of this.#open) this.#abandon(net)
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
   * @param hasLong they have lived there for long, and come from nowhere now
   */
  #enter(tid: number, from: number | undefined, hasLong = false): number | undefined {
    const net = networkOf(tid)
    if (net === undefined) return undefined
    const known = this.#networks.get(net)
    const followed = known ?? new FollowedNetwork(net, this.#makeTap)
    const parent = networkOf(throughWhom(Number(statusField(tid, 'PPid') ?? 0)))
    for (const one of known && hasLong ? [] : [from, parent])
      if (one !== undefined && one !== net) followed.enteredFrom.add(one)
    if (followed.isOpen || !this.#makeRoom()) return net
    const open = this.#open
    this.#peers.askAgain()
    try {
      followed.open(tid, ++this.#step, links => this.#peers.place(followed, links))
    } catch (error) {
      // Nothing is kept half open; and whoever was killed while it stood there has no network any more.
      followed.close()
      if (networkOf(tid) === net) throw error
      return undefined
    }
    this.#networks.set(net, followed)
    for (const other of open) other.placeAgain(links => this.#peers.place(other, links))
    return net
  }

  /** Where there is no room, stops following a network that is like a fresh one. @returns whether there is room now */
  #makeRoom(): boolean {
    const open = this.#open
    if (open.length < MOST_OPEN) return true
    this.#areTooMany = true
    const isFresh = ({ moments }: NetworkHistory) =>
      moments.at(-1)?.links.every(({ name }) => this.#freshLinks?.includes(name))
    const one = open.find(each => each.net !== this.#outside && isFresh(each))
    if (one) this.#close(one)
    return one !== undefined
  }

  /** Stops following a network that nobody lives in any more, so that it can come to its end. */
  #abandon(net: number | undefined): void {
    const followed = net === undefined ? undefined : this.#networks.get(net)
    if (!followed?.follower || net === this.#outside || livesIn(followed.net, this.#living, this.#leaving)) return
    // Somebody who lives elsewhere may have a socket of it, and so can still send something there.
    const sockets = followed.follower.inside(socketsHere)
    if (this.#living.some(pid => !this.#leaving.has(pid) && hasOneOf(pid, sockets))) {
      this.#kept.add(followed.net)
      return
    }
    this.#close(followed)
  }

  #close(followed: FollowedNetwork): void {
    this.#kept.delete(followed.net)
    this.#peers.askAgain()
    followed.take(this.#step, links => this.#peers.place(followed, links))
    followed.close()
  }

  get #open(): FollowedNetwork[] {
    return [...this.#networks.values()].filter(({ isOpen }) => isOpen)
  }

  get #living(): number[] {
    return [...this.#processes.values()].filter(({ status }) => !status).map(({ pid }) => pid)
  }

  /** Reads what has happened since the last look. @param tid the thread whose call may have brought it about */
  look(tid?: number): void {
    this.#step++
    const open = this.#open
    const changed = open.filter(followed => followed.take(this.#step, links => this.#peers.place(followed, links)))
    for (const followed of open)
      if (changed.length > 0 || followed.follower?.isUnfinished)
        followed.askAgain(this.#step, links => this.#peers.place(followed, links))
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
