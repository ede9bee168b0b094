/**
 * How a story calls processes, networks and groups: by the numbers and names that a reader's own program prints.
 */
import { PREFIX } from '../../../lib/group/cgroup.ts'
import type { StoryEvent, Told, Who } from '../../observer/story/event.ts'

/** The names of one story. */
export class Names {
  readonly #numbers = new Map<number, readonly number[]>()
  readonly #level: number
  /** Who first lived in each network, by the inode of its namespace. */
  readonly #networks = new Map<number, number>()
  readonly #own: number
  /** The network that each process lived in last. */
  readonly #homes = new Map<number, number>()

  constructor({ events, program, namespaces }: Told) {
    this.#own = namespaces.net
    for (const { who, what } of events) {
      if (who) this.#numbers.set(who.pid, who.numbers)
      if (what.kind === 'clone' && what.child !== undefined && what.childNumbers)
        this.#numbers.set(what.child, what.childNumbers)
      const places = 'namespaces' in what ? what.namespaces : undefined
      if (who && places) this.#homes.set(who.pid, places.net)
      if (who && places && !this.#networks.has(places.net)) this.#networks.set(places.net, who.pid)
    }
    this.#level = (this.#numbers.get(program)?.length ?? 1) - 1
  }

  /** The number of a process where the program was started: what the program itself prints. */
  outside(pid: number): number {
    const numbers = this.#numbers.get(pid) ?? [pid]
    return numbers[this.#level] ?? numbers.at(-1) ?? pid
  }

  /** Its number in its own PID namespace, if that lies further in. */
  inside(pid: number): number | undefined {
    const numbers = this.#numbers.get(pid) ?? []
    return numbers.length > this.#level + 1 ? numbers.at(-1) : undefined
  }

  /** Both, `9751/1`. */
  both(pid: number): string {
    const inside = this.inside(pid)
    return inside === undefined ? `${this.outside(pid)}` : `${this.outside(pid)}/${inside}`
  }

  /** Who did something: its numbers, and of which thread. */
  who({ pid, thread }: Who): string {
    return thread === undefined ? this.both(pid) : `${this.both(pid)} thread`
  }

  /** Several processes, as a list. */
  list(pids: readonly number[]): string {
    return pids.map(pid => this.both(pid)).join(', ')
  }

  /** A network, behind an interface in it; nothing where that is what one expects. @param by who has changed it */
  network(inode: number, by: number | undefined): string {
    const home = this.#homes.get(by ?? 0) ?? this.#own
    if (inode === home) return ''
    if (inode === this.#own) return ', in the network of the start'
    const first = this.#networks.get(inode)
    return first === undefined ? ', in another network' : `, in the network of ${this.both(first)}`
  }

  /** Who first lived in a network. */
  firstIn(inode: number): number | undefined {
    return this.#networks.get(inode)
  }

  /** Whether a network is the one that the program was started in. */
  isOwnNetwork(inode: number): boolean {
    return inode === this.#own
  }
}

/**
 * A control group. Those that lib/ makes begin with the name of this project and may end with the number of a PID
 * namespace, and neither says anything here.
 */
export const groupName = (group: string): string => group.replaceAll(`${PREFIX}.`, '').replace(/@\d{10}\b/g, '')

/** Who an event is of, for one that no process has done. */
export const nobody = ({ what }: StoryEvent): string =>
  what.kind === 'typed' || what.kind === 'timeout' ? 'the judge' : 'the kernel'
