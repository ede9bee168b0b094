/**
 * How much CPU time a sandbox had, and how much others had: whether other programs kept a program from its work.
 */
import {
  allowedProcessors,
  type MachineTime,
  machineTime,
  type Scheduled,
  scheduled,
  threadsOf,
} from '../../lib/trace/scheduling.ts'

const add = (one: Scheduled, other: Scheduled | undefined): Scheduled => ({
  ran: one.ran + (other?.ran ?? 0),
  waited: one.waited + (other?.waited ?? 0),
})

/**
 * The CPU time of ended threads, read while each was stopped at its exit, because afterwards the kernel does not tell.
 */
export class Ended {
  #sum: Scheduled = { ran: 0, waited: 0 }
  readonly #counted = new Set<number>()

  /** A thread is stopped at its exit. */
  take(tid: number): void {
    this.#counted.add(tid)
    this.#sum = add(this.#sum, scheduled(tid, tid))
  }

  /** From now on its number may belong to another thread. */
  forget(tid: number): void {
    this.#counted.delete(tid)
  }

  /** What the living threads of these processes, and all ended threads, have had so far. */
  with(pids: Iterable<number>): Scheduled {
    let sum = this.#sum
    for (const pid of pids)
      for (const tid of threadsOf(pid)) if (!this.#counted.has(tid)) sum = add(sum, scheduled(pid, tid))
    return sum
  }
}

/** The CPU time of the machine, and of a sandbox with its judge, at a moment. In seconds. */
export interface Load {
  readonly machine: MachineTime
  /** What the processes of the sandbox and their judge have used. */
  readonly own: number
}

/**
 * @param own what the sandbox and its judge have used so far
 * @param processors those that the sandbox may use, which are those of its judge
 */
export const takeLoad = (own: number, processors: readonly number[] = allowedProcessors()): Load => ({
  machine: machineTime(processors),
  own,
})

/**
 * For others to be in the way: the part of all processors that they must have used, and the part that may have been
 * idle.
 */
const [BY_OTHERS, IDLE] = [0.3, 0.3]

/** Whether the machine was busy from one moment to another, and with programs outside the sandbox. */
export function wasBusy(from: Load, to: Load): boolean {
  const total = to.machine.total - from.machine.total
  const idle = to.machine.idle - from.machine.idle
  const others = total - idle - (to.own - from.own)
  return total > 0 && others >= BY_OTHERS * total && idle <= IDLE * total
}
