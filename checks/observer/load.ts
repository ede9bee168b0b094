/**
 * What a sandbox had of the processors, and what others had: whether a program was kept from its work by anybody else.
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

/** What threads had that have ended: asked while each still stood at its end, for nobody is told afterwards. */
export class Ended {
  #sum: Scheduled = { ran: 0, waited: 0 }
  readonly #counted = new Set<number>()

  /** A thread is about to end, and stands still. */
  take(tid: number): void {
    this.#counted.add(tid)
    this.#sum = add(this.#sum, scheduled(tid, tid))
  }

  /** Its number may be somebody else's from now on. */
  forget(tid: number): void {
    this.#counted.delete(tid)
  }

  /** What these processes, and all threads that have ended, have had so far. */
  with(pids: Iterable<number>): Scheduled {
    let sum = this.#sum
    for (const pid of pids)
      for (const tid of threadsOf(pid)) if (!this.#counted.has(tid)) sum = add(sum, scheduled(pid, tid))
    return sum
  }
}

/** The machine, and a sandbox with its judge on it, at a moment. In seconds of a processor. */
export interface Load {
  readonly machine: MachineTime
  /** What the processes of the sandbox and their judge have used. */
  readonly own: number
}

/**
 * @param own what the sandbox and its judge have used so far
 * @param processors those that the sandbox may use: those of its judge
 */
export const takeLoad = (own: number, processors: readonly number[] = allowedProcessors()): Load => ({
  machine: machineTime(processors),
  own,
})

/** The part of all processors that others must have used, and that may have been idle, for others to be in the way. */
const [BY_OTHERS, IDLE] = [0.3, 0.3]

/** Whether from one moment to another the machine was busy, and with others. A program that keeps it busy is no other. */
export function wasBusy(from: Load, to: Load): boolean {
  const total = to.machine.total - from.machine.total
  const idle = to.machine.idle - from.machine.idle
  const others = total - idle - (to.own - from.own)
  return total > 0 && others >= BY_OTHERS * total && idle <= IDLE * total
}
