/**
 * The witness of last moments: what somebody who is about to end leaves behind that others then remove. The kernel gives
 * children that nobody waited for to init, and a keeper removes the groups of a program that has not.
 */
import { statusField } from '../../lib/trace/proc.ts'
import type { Observer } from '../observer/observer.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** What this witness records. */
export interface FarewellRecord {
  /** The children that had ended, and had not been waited for, when a process ended. */
  readonly unreaped: ReadonlyMap<number, readonly number[]>
  /** The groups that were still there when a process ended. */
  readonly groupsLeft: ReadonlyMap<number, readonly string[]>
}

/** The witness of one sandbox. */
class FarewellWitness implements Witness<FarewellRecord> {
  readonly #unreaped = new Map<number, readonly number[]>()
  readonly #groupsLeft = new Map<number, readonly string[]>()
  readonly #inner: () => string[]

  #processes: Observer['processes'] = new Map()

  constructor({ sandbox }: Scene) {
    this.#inner = () => sandbox.groups.inner()
  }

  begin({ observer }: Start): void {
    this.#processes = observer.processes
  }

  exit(pid: number): void {
    const dead = [...this.#processes.values()]
      .filter(({ parent, creator }) => parent === pid || creator === pid)
      .map(one => one.pid)
      .filter(child => statusField(child, 'State')?.startsWith('Z') && Number(statusField(child, 'PPid')) === pid)
    this.#unreaped.set(pid, dead)
    this.#groupsLeft.set(pid, this.#inner())
  }

  record(): FarewellRecord {
    return { unreaped: this.#unreaped, groupsLeft: this.#groupsLeft }
  }
}

export const farewell: WitnessKind<FarewellRecord> = { open: () => scene => new FarewellWitness(scene) }
