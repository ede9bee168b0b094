/**
 * The witness of networks: every network that somebody of the sandbox has lived in, as it changed, and the echo requests
 * and replies that passed its interfaces. It has sockets of its own in each, opened while the first to live there stands
 * still, so that nothing happens before it listens, and closed while the last stands still, because they would keep the
 * network alive.
 *
 * What changes and what passes comes by two sockets. They are read whenever a process is about to make a call that could
 * change a network or send something, so that of a program that does one thing after the other it is known in which
 * order it did. A step is what happened between two such looks.
 */
import { readdirSync, readlinkSync } from 'node:fs'
import { CannotRun } from '../../lib/errors.ts'
import { inNamespace } from '../../lib/namespaces.ts'
import { type Echo, EchoTap } from '../../lib/net/echoes.ts'
import { NetworkFollower, type NetworkState } from '../../lib/net/follow.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import type { Link } from '../../lib/net/links.ts'
import { readProc, statusField } from '../../lib/trace/proc.ts'
import type { StopReason } from '../../lib/trace/ptrace.ts'
import { NAMESPACE_CALLS, NETWORK_CALLS, type StoppedCall } from '../../lib/trace/seccomp.ts'
import type { Observer } from '../observer/observer.ts'
import { throughWhom } from '../observer/threads.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** A network once a step was over. */
export interface NetworkMoment extends NetworkState {
  readonly step: number
  /** The links, each with the network that its other end is in, by the inode of that, where that is known. */
  readonly links: readonly PlacedLink[]
}

export interface PlacedLink extends Link {
  readonly peerNetwork?: number
}

/** An echo that passed an interface, and in which step. */
export interface PassedEcho extends Echo {
  readonly step: number
}

/** All that became of one network. */
export interface NetworkHistory {
  /** Inode of the network namespace. */
  readonly net: number
  /** Where those who made it, were born into it or entered it came from. */
  readonly enteredFrom: ReadonlySet<number>
  readonly moments: readonly NetworkMoment[]
  readonly echoes: readonly PassedEcho[]
  /** Whether there were more echoes than are kept. */
  readonly isFlooded: boolean
  /** Echo requests that its kernel has been asked to send, `OutEchos` of /proc/net/snmp, when last somebody ended. */
  readonly asked: number | undefined
  /** Who was given up: nobody answered for an address on an interface, by the neighbour table. */
  readonly givenUp: readonly { readonly step: number; readonly index: number; readonly address: string }[]
}

/** What this witness records. */
export interface NetworkRecord {
  /** By the inodes of their namespaces, the one that the program was started in included. */
  readonly networks: ReadonlyMap<number, NetworkHistory>
  /** Names of the interfaces a fresh network has on this machine. */
  readonly freshLinks: readonly string[]
}

/** What is kept of one network at most: somebody may change or flood it for ever. */
const MOST = 4000

/** The inode of the network namespace of a thread; `undefined` if it has ended. */
export function networkOf(tid: number | undefined): number | undefined {
  try {
    return tid === undefined ? undefined : Number(/\d+/.exec(readlinkSync(`/proc/${tid}/ns/net`))?.[0])
  } catch {
    return undefined
  }
}

/** One network, and the sockets in it while somebody lives there. */
class Followed implements NetworkHistory {
  readonly net: number
  readonly enteredFrom = new Set<number>()
  readonly moments: NetworkMoment[] = []
  readonly echoes: PassedEcho[] = []
  readonly givenUp: { readonly step: number; readonly index: number; readonly address: string }[] = []
  isFlooded = false
  asked: number | undefined
  follower: NetworkFollower | undefined
  #tap: EchoTap | undefined

  constructor(net: number) {
    this.net = net
  }

  get isOpen(): boolean {
    return this.follower !== undefined
  }

  /** @throws SyscallError */
  open(tid: number, step: number, place: (links: readonly Link[]) => readonly PlacedLink[]): void {
    inNamespace(tid, 'net', () => {
      this.#tap = new EchoTap()
      this.follower = new NetworkFollower()
    })
    if (this.follower) this.#keep(this.follower.state, step, place)
  }

  #keep(state: NetworkState, step: number, place: (links: readonly Link[]) => readonly PlacedLink[]): void {
    if (this.moments.length >= MOST) this.moments.pop()
    this.moments.push({ ...state, step, links: place(state.links) })
  }

  /** Takes what has happened in a step. @returns whether interfaces have changed */
  take(step: number, place: (links: readonly Link[]) => readonly PlacedLink[]): boolean {
    const echoes = this.#tap?.echoes() ?? []
    for (const echo of echoes) this.#takeEcho({ ...echo, step })
    const before = this.follower?.state.links
    const changes = this.follower?.changes() ?? []
    for (const state of changes) {
      this.#takeNeighbours(state, step)
      this.#keep(state, step, place)
    }
    return changes.length > 0 && changes.at(-1)?.links !== before
  }

  /** Takes what the kernel tells only when it is asked. */
  askAgain(step: number, place: (links: readonly Link[]) => readonly PlacedLink[]): void {
    const state = this.follower?.askAgain()
    if (state) this.#keep(state, step, place)
  }

  #takeEcho(echo: PassedEcho): void {
    if (this.echoes.length < MOST) this.echoes.push(echo)
    else this.isFlooded = true
  }

  #takeNeighbours(state: NetworkState, step: number): void {
    const before = this.moments.at(-1)?.neighbours ?? []
    if (state.neighbours === before) return
    for (const { index, address, state: how } of state.neighbours) {
      const earlier = before.find(one => one.index === index && one.address === address)
      if (how === 'failed' && earlier?.state !== 'failed' && this.givenUp.length < MOST)
        this.givenUp.push({ step, index, address })
    }
  }

  /** The other end of a link may be in a network that is known since a moment ago only. */
  placeAgain(place: (links: readonly Link[]) => readonly PlacedLink[]): void {
    const last = this.moments.pop()
    if (last) this.moments.push({ ...last, links: place(last.links) })
  }

  close(): void {
    this.#tap?.close()
    this.follower?.close()
    this.#tap = undefined
    this.follower = undefined
  }
}

/** The witness of the networks of one sandbox. */
export class NetworkWitness implements Witness<NetworkRecord> {
  readonly #networks = new Map<number, Followed>()
  #freshLinks: readonly string[] | undefined
  readonly #init: number
  #outside: number | undefined
  #processes: Observer['processes'] = new Map()
  /** Threads that are about to end, or have: they keep no network alive. */
  readonly #leaving = new Set<number>()
  #step = 0

  constructor({ sandbox }: Scene) {
    this.#init = sandbox.init
  }

  begin({ observer }: Start): void {
    this.#processes = observer.processes
  }

  /** The first to be born is the program: nobody has changed the sandbox's network yet. */
  birth(pid: number): void {
    this.#freshLinks ??= inNamespace(this.#init, 'net', interfaceNames)
    this.#outside ??= this.#enter(this.#init, undefined)
    this.look()
    this.#enter(pid, networkOf(throughWhom(this.#processes.get(pid)?.creator ?? 0)))
  }

  call(name: StoppedCall, _args: readonly bigint[], tid: number) {
    if (NETWORK_CALLS.includes(name)) this.look()
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
    if (this.#outside !== undefined && process > 0 && process !== tid) this.#enter(tid, networkOf(process))
  }

  /** Of several threads one is left, with the number of the first, which may have left. */
  exec(pid: number): void {
    this.#leaving.delete(pid)
  }

  forget(tid: number): void {
    // Else it was killed so that nobody saw it leave.
    if (!this.#leaving.delete(tid)) this.#abandonAll()
  }

  #leave(tid: number): void {
    const net = networkOf(tid)
    this.#leaving.add(tid)
    this.look()
    const followed = net === undefined ? undefined : this.#networks.get(net)
    if (followed && net !== this.#outside) followed.asked = echoesAsked(tid) ?? followed.asked
    this.#abandonAll()
  }

  /** Somebody lives in a network now. @param from where they, or who made them, lived before */
  #enter(tid: number, from: number | undefined): number | undefined {
    const net = networkOf(tid)
    if (net === undefined) return undefined
    const followed = this.#networks.get(net) ?? new Followed(net)
    if (from !== undefined && from !== net) followed.enteredFrom.add(from)
    if (followed.isOpen) return net
    try {
      followed.open(tid, ++this.#step, links => this.#place(followed, links))
    } catch (error) {
      // Nothing is kept half open; and whoever was killed while it stood there has no network any more.
      followed.close()
      if (networkOf(tid) === net) throw error
      return undefined
    }
    this.#networks.set(net, followed)
    for (const other of this.#networks.values())
      if (other !== followed && other.isOpen) other.placeAgain(links => this.#place(other, links))
    return net
  }

  #abandonAll(): void {
    for (const { net, isOpen } of this.#networks.values()) if (isOpen) this.#abandon(net)
  }

  /** Stops following a network that nobody lives in any more, so that it can come to its end. */
  #abandon(net: number | undefined): void {
    const followed = net === undefined ? undefined : this.#networks.get(net)
    if (!followed?.follower || net === this.#outside || this.#isInhabited(followed.net, followed.follower)) return
    followed.take(this.#step, links => this.#place(followed, links))
    followed.close()
  }

  /** Whether somebody lives in a network, or has a socket there and so can still send something. */
  #isInhabited(net: number, follower: NetworkFollower): boolean {
    const alive = [...this.#processes.values()].filter(({ status }) => !status)
    if (alive.some(({ pid }) => threadsOf(pid).some(tid => !this.#leaving.has(tid) && networkOf(tid) === net)))
      return true
    const sockets = follower.inside(socketsHere)
    return alive.some(({ pid }) => !this.#leaving.has(pid) && hasOneOf(pid, sockets))
  }

  /** Finds for every veth in which network its other end is. */
  #place({ follower }: Followed, links: readonly Link[]): readonly PlacedLink[] {
    return links.map(link => {
      if (!follower || link.peerNsid === undefined) return link
      const peer = [...this.#networks.values()].find(
        other => other.follower && other.follower !== follower && follower.nsidOf(other.follower) === link.peerNsid,
      )
      return peer ? { ...link, peerNetwork: peer.net } : link
    })
  }

  /** Reads what has happened since the last look. */
  look(): void {
    this.#step++
    const open = [...this.#networks.values()].filter(({ isOpen }) => isOpen)
    const changed = open.filter(followed => followed.take(this.#step, links => this.#place(followed, links)))
    for (const followed of open)
      if (changed.length > 0 || followed.follower?.isUnfinished)
        followed.askAgain(this.#step, links => this.#place(followed, links))
  }

  lookAround(): void {
    this.look()
  }

  /** What is known of a network by now, by the inode of its namespace. */
  historyOf(net: number | undefined): NetworkHistory | undefined {
    this.look()
    return net === undefined ? undefined : this.#networks.get(net)
  }

  record(): NetworkRecord {
    this.look()
    for (const followed of this.#networks.values()) followed.close()
    return { networks: this.#networks, freshLinks: this.#freshLinks ?? [] }
  }
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    // ENOENT: it has ended.
    return []
  }
}

/** How many echo requests the kernel of a thread's network has been asked to send, by the lines `Icmp:` of snmp. */
function echoesAsked(tid: number): number | undefined {
  const lines = (readProc(tid, 'net/snmp') ?? '').split('\n').filter(line => line.startsWith('Icmp:'))
  const [names = [], values = []] = lines.map(line => line.split(' '))
  const value = Number(values[names.indexOf('OutEchos')])
  return Number.isNaN(value) ? undefined : value
}

/** Where the kernel lists the sockets of a network, and which column is their inode. */
const SOCKET_LISTS = { raw: 9, icmp: 9, packet: 8, netlink: 9, tcp: 9, udp: 9 } as const

/** The inodes of the sockets in the network of the calling thread. */
function socketsHere(): ReadonlySet<string> {
  return new Set(
    Object.entries(SOCKET_LISTS).flatMap(([name, column]) => {
      const lines = (readProc('thread-self', `net/${name}`) ?? '').trim().split('\n').slice(1)
      return lines.map(line => line.trim().split(/\s+/)[column] ?? '')
    }),
  )
}

/** Whether a process has one of those sockets open. */
function hasOneOf(pid: number, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(fd => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkQuietly(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode !== undefined && sockets.has(inode)
    })
  } catch {
    return false
  }
}

function readlinkQuietly(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    // ENOENT: it has been closed.
    return ''
  }
}

/** Its sandbox has a network in which the program may lay a veth pair. */
export const network: WitnessKind<NetworkRecord, NetworkWitness> = {
  needs: () => ({ pair: true, calls: [...NAMESPACE_CALLS, ...NETWORK_CALLS] }),
  open() {
    try {
      new EchoTap().close()
    } catch (error) {
      throw new CannotRun(`${(error as Error).message}\nhint: packets are seen by packet sockets: modprobe af_packet`)
    }
    return scene => new NetworkWitness(scene)
  },
}
