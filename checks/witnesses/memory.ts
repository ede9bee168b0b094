/**
 * The witness of memory groups: what every group holds, and held at most, whenever a process has just ended and before
 * a group is removed.
 */
import type { MemoryFigures } from '../../lib/group/group.ts'
import { AT_REMOVEDIR, type StoppedCall } from '../../lib/trace/seccomp.ts'
import { type GroupsWitness, groups } from './groups.ts'
import type { Scene, Witness, WitnessKind } from './witness.ts'

/** Memory of a group at a moment: when a process had just ended, or when a group was about to be removed. */
export interface MemoryMoment extends MemoryFigures {
  readonly order: number
  readonly group: string
}

/** What this witness records. */
export interface MemoryRecord {
  readonly memory: readonly MemoryMoment[]
}

class MemoryWitness implements Witness<MemoryRecord> {
  readonly #memory: MemoryMoment[] = []
  readonly #groups: GroupsWitness

  constructor({ other }: Scene) {
    this.#groups = other(groups)
  }

  call(name: StoppedCall, args: readonly bigint[], _tid: number, order: number): undefined {
    if (name === 'rmdir' || (name === 'unlinkat' && ((args[2] ?? 0n) & AT_REMOVEDIR) !== 0n)) this.#look(order)
  }

  /** The end of a process that was in no group changes none, and a program may have very many of both. */
  end(order: number, pid: number): void {
    if (this.#groups.isMember(pid)) this.#look(order)
  }

  /** The program will not end by itself: what its groups hold now. */
  lookAround(): void {
    this.#look(Number.POSITIVE_INFINITY)
  }

  #look(order: number): void {
    for (const group of this.#groups.inner()) {
      const figures = this.#groups.figures(group)
      if (figures) this.#memory.push({ order, group: this.#groups.nameOf(group), ...figures })
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
