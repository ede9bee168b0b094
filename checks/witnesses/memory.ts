/**
 * The witness of memory groups: what every group holds, and held at most, whenever a process has just ended, before
 * SIGKILL is sent to one, and before a group is removed.
 */
import { basename } from 'node:path'
import type { MemoryFigures } from '../../lib/group/group.ts'
import { AT_REMOVEDIR, type StoppedCall } from '../../lib/trace/seccomp.ts'
import type { SignalCall } from '../observer/record.ts'
import { SIGKILL } from '../observer/signal-calls.ts'
import type { Story } from '../observer/story/story.ts'
import { pathAt } from './call-arguments.ts'
import { type GroupsWitness, groups } from './groups.ts'
import { finite, GroupTeller } from './telling/groups.ts'
import type { Scene, Witness, WitnessKind } from './witness.ts'

/**
 * Memory of a group at a moment: when a process had just ended, when SIGKILL was about to be sent to one for the first
 * time, or when a group was about to be removed.
 */
export interface MemoryMoment extends MemoryFigures {
  readonly order: number
  readonly group: string
}

/** What this witness records. */
export interface MemoryRecord {
  readonly memory: readonly MemoryMoment[]
}

/** The last part of a path that a thread gives to a call; `undefined` if it was killed meanwhile, or points at nothing. */
function nameAt(tid: number, address: bigint): string | undefined {
  try {
    return basename(pathAt(tid, address))
  } catch {
    return undefined
  }
}

class MemoryWitness implements Witness<MemoryRecord> {
  readonly #memory: MemoryMoment[] = []
  readonly #groups: GroupsWitness
  readonly #story: Story
  /** How many the kernel has killed in each group, and what that held, when it was last looked at. */
  readonly #kills = new Map<string, number>()
  readonly #usage = new Map<string, number>()
  /** Members of groups to which SIGKILL has been sent, and that have not ended yet. */
  readonly #shot = new Set<number>()
  /** A story shows how a group fills up, which nobody reports. */
  readonly sample?: () => void

  constructor({ story, other }: Scene) {
    this.#groups = other(groups)
    this.#story = story
    if (story.isAsked) this.sample = () => this.#tellOfUsage()
  }

  #tellOfUsage(): void {
    for (const path of this.#groups.inner()) {
      const { usage, limit } = this.#groups.figures(path) ?? {}
      const group = GroupTeller.short(this.#groups.nameOf(path))
      if (usage === undefined || usage === this.#usage.get(group)) continue
      this.#usage.set(group, usage)
      this.#story.add({ kind: 'memory', group, usage, limit: finite(limit) })
    }
  }

  /** A process has ended, and before that the kernel had to make room. */
  #tellOfKill(path: string, { limit, peak, oomKills }: MemoryFigures, pid: number | undefined): void {
    const group = GroupTeller.short(path)
    const before = this.#kills.get(group) ?? 0
    this.#kills.set(group, oomKills)
    if (oomKills <= before) return
    this.#story.add({ kind: 'oom', group, limit: finite(limit), peak: finite(peak), kills: oomKills }, pid)
  }

  /**
   * Somebody is about to kill a process, which the kernel may have killed already. Only the first SIGKILL can tell: it may
   * be sent again and again for as long as the end takes.
   */
  signal({ order, signal, found, reached }: SignalCall): void {
    if (signal !== SIGKILL) return
    const targets = [...(found === undefined ? [] : [found]), ...(reached ?? [])]
    const fresh = targets.filter(pid => this.#groups.isMember(pid) && !this.#shot.has(pid))
    for (const pid of fresh) this.#shot.add(pid)
    if (fresh.length > 0) this.#look(order)
  }

  call(
    name: StoppedCall,
    [first = 0n, second = 0n, flags = 0n]: readonly bigint[],
    tid: number,
    order: number,
  ): undefined {
    if (name === 'rmdir') this.#lookAtRemoved(first, tid, order)
    if (name === 'unlinkat' && (flags & AT_REMOVEDIR) !== 0n) this.#lookAtRemoved(second, tid, order)
  }

  /** A group is about to be removed: it, and those above, by its name, because a program may remove very many. */
  #lookAtRemoved(address: bigint, tid: number, order: number): void {
    const name = nameAt(tid, address)
    const removed = this.#groups.inner().filter(path => basename(path) === name)
    if (removed.length > 0)
      this.#look(order, undefined, path => removed.some(each => `${each}/`.startsWith(`${path}/`)))
  }

  /** The program will not end by itself: what its groups hold now. */
  lookAround(): void {
    this.#look(Number.POSITIVE_INFINITY)
  }

  /** Killed, and by the kernel's hand: what its group counts is told before its end, of which it is the cause. */
  exit(pid: number, code: number | undefined): void {
    if (code !== undefined || !this.#story.isAsked || !this.#groups.isMember(pid)) return
    for (const path of this.#groups.inner()) {
      const figures = this.#groups.figures(path)
      if (figures) this.#tellOfKill(this.#groups.nameOf(path), figures, pid)
    }
  }

  /** The end of a process that was in no group changes none, and a program may have very many of both. */
  end(order: number, pid: number): void {
    this.#shot.delete(pid)
    if (this.#groups.isMember(pid)) this.#look(order, pid)
  }

  /**
   * @param pid who has just ended
   * @param isWanted whether a group is looked at, by its directory
   */
  #look(order: number, pid?: number, isWanted = (_: string) => true): void {
    for (const path of this.#groups.inner().filter(isWanted)) {
      const figures = this.#groups.figures(path)
      if (!figures) continue
      const group = this.#groups.nameOf(path)
      this.#memory.push({ order, group, ...figures })
      this.#tellOfKill(group, figures, pid)
    }
  }

  record(): MemoryRecord {
    return { memory: this.#memory }
  }
}

/** A lab lists it after {@link groups}, which it asks. */
export const memory: WitnessKind<MemoryRecord> = {
  needs: () => ({ groups: 'memory' }),
  open: () => scene => new MemoryWitness(scene),
}
