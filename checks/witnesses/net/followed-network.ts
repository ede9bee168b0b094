/**
 * One network of a sandbox as it changed, and the echo requests and replies that passed its interfaces, by sockets that
 * are in it while somebody lives there.
 */
import { inNamespace } from '../../../lib/namespaces.ts'
import { type Echo, EchoTap } from '../../../lib/net/echoes.ts'
import { NetworkFollower } from '../../../lib/net/follow.ts'
import type { Link } from '../../../lib/net/links.ts'
import type { NetworkState } from '../../../lib/net/network-state.ts'
import { readProc } from '../../../lib/trace/proc.ts'

/** A network once a step was over. */
export interface NetworkMoment extends NetworkState {
  readonly step: number
  /** When the judge heard of it, in ms since the epoch. */
  readonly at: number
  /** The links, each with the network that its other end is in, by the inode of that, where that is known. */
  readonly links: readonly PlacedLink[]
}

export interface PlacedLink extends Link {
  readonly peerNetwork?: number
}

/** An echo that passed an interface, and in which step. */
export interface PassedEcho extends Echo {
  readonly step: number
  /** When the judge heard of it, in ms since the epoch. */
  readonly at: number
}

/** All that became of one network. */
export interface NetworkHistory {
  /** Inode of the network namespace. */
  readonly net: number
  /** Where those who made it, were born into it or entered it came from, and where their parents lived. */
  readonly enteredFrom: ReadonlySet<number>
  readonly moments: readonly NetworkMoment[]
  readonly echoes: readonly PassedEcho[]
  /** The step from which on not every change was kept: of how the network was since then nothing is known. */
  readonly unknownFrom: number
  /** Whether there were more changes, echoes or neighbours given up than are kept. */
  readonly isFlooded: boolean
  /** Echo requests that its kernel has been asked to send, `OutEchos` of /proc/net/snmp, when last somebody ended. */
  readonly asked: number | undefined
  /** Who was given up: nobody answered for an address on an interface, by the neighbour table. */
  readonly givenUp: readonly { readonly step: number; readonly index: number; readonly address: string }[]
}

/** Further sockets in a network, for a lab that asks more of it than how it changed. */
export interface Tap {
  /** Takes what has happened in a step. */
  take(step: number, at: number): void
  close(): void
}

/** Makes the tap of a network, inside that network. @param inside does something there later, where nobody need live any more */
export type MakeTap = (net: number, inside: <T>(action: () => T) => T) => Tap

/** What is kept of one network at most: somebody may change it for ever, or flood an interface. */
const MOST = 4000
const MOST_ECHOES = 20_000
/** Of how many interfaces echoes are kept. */
const MOST_LINKS = 32

/** Which interfaces there are, and where their other ends. */
const ends = (links: readonly Link[]) =>
  links.map(({ index, peerIndex, peerNsid }) => [index, peerIndex, peerNsid]).join()

/** One network, and the sockets in it while somebody lives there. */
export class FollowedNetwork implements NetworkHistory {
  readonly net: number
  readonly enteredFrom = new Set<number>()
  readonly moments: NetworkMoment[] = []
  readonly echoes: PassedEcho[] = []
  readonly givenUp: { readonly step: number; readonly index: number; readonly address: string }[] = []
  unknownFrom = Number.POSITIVE_INFINITY
  isFlooded = false
  asked: number | undefined
  follower: NetworkFollower | undefined
  #tap: EchoTap | undefined
  #further: Tap | undefined
  readonly #makeTap: MakeTap | undefined
  /** How many echoes have passed each interface. */
  readonly #passed = new Map<number, number>()

  constructor(net: number, makeTap?: MakeTap) {
    this.net = net
    this.#makeTap = makeTap
  }

  get isOpen(): boolean {
    return this.follower !== undefined
  }

  /** @throws SyscallError */
  open(tid: number, step: number, place: (links: readonly Link[]) => readonly PlacedLink[]): void {
    inNamespace(tid, 'net', () => {
      this.#tap = new EchoTap()
      const follower = new NetworkFollower()
      this.follower = follower
      this.#further = this.#makeTap?.(this.net, action => follower.inside(action))
    })
    if (this.follower) this.#keep(this.follower.state, step, place)
  }

  #keep(state: NetworkState, step: number, place: (links: readonly Link[]) => readonly PlacedLink[]): void {
    if (this.moments.length >= MOST) {
      // The last one stays, because those who follow a network ask for what has changed since then.
      this.unknownFrom = Math.min(this.unknownFrom, this.moments.pop()?.step ?? step)
      this.isFlooded = true
    }
    this.moments.push({ ...state, step, at: Date.now(), links: place(state.links) })
  }

  /** Takes what has happened in a step. @returns whether interfaces have come or gone, here or at their other ends */
  take(step: number, place: (links: readonly Link[]) => readonly PlacedLink[]): boolean {
    const echoes = this.#tap?.echoes() ?? []
    for (const echo of echoes) this.#takeEcho({ ...echo, step, at: Date.now() })
    this.#further?.take(step, Date.now())
    const before = this.follower?.state.links
    const changes = this.follower?.changes() ?? []
    for (const state of changes) {
      this.#takeNeighbours(state, step)
      this.#keep(state, step, place)
    }
    return changes.some(({ links }) => links !== before && ends(links) !== ends(before ?? []))
  }

  /** Takes what the kernel tells only when it is asked. */
  askAgain(step: number, place: (links: readonly Link[]) => readonly PlacedLink[]): void {
    const state = this.follower?.askAgain()
    if (state) this.#keep(state, step, place)
  }

  #takeEcho(echo: PassedEcho): void {
    const passed = this.#passed.get(echo.index) ?? 0
    this.#passed.set(echo.index, passed + 1)
    // By interface: what goes over lo does not keep out what goes through a pair.
    if (passed < MOST_ECHOES && this.#passed.size < MOST_LINKS) this.echoes.push(echo)
    else this.isFlooded = true
  }

  #takeNeighbours(state: NetworkState, step: number): void {
    const before = this.moments.at(-1)?.neighbours ?? []
    if (state.neighbours === before) return
    for (const { index, address, state: how } of state.neighbours) {
      const earlier = before.find(one => one.index === index && one.address === address)
      if (how !== 'failed' || earlier?.state === 'failed') continue
      if (this.givenUp.length < MOST) this.givenUp.push({ step, index, address })
      else this.isFlooded = true
    }
  }

  /** The other end of a link may be in a network that is known since a moment ago only. */
  placeAgain(place: (links: readonly Link[]) => readonly PlacedLink[]): void {
    const last = this.moments.pop()
    if (last) this.moments.push({ ...last, links: place(last.links) })
  }

  close(): void {
    this.#tap?.close()
    this.#further?.close()
    this.follower?.close()
    this.#tap = undefined
    this.#further = undefined
    this.follower = undefined
  }
}

/** How many echo requests the kernel of a thread's network has been asked to send, by the lines `Icmp:` of snmp. */
export function echoesAsked(tid: number): number | undefined {
  const lines = (readProc(tid, 'net/snmp') ?? '').split('\n').filter(line => line.startsWith('Icmp:'))
  const [names = [], values = []] = lines.map(line => line.split(' '))
  const value = Number(values[names.indexOf('OutEchos')])
  return Number.isNaN(value) ? undefined : value
}
