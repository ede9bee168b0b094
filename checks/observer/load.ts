/**
 * How much CPU time a sandbox had, and how much others had: whether other programs kept a program from its work.
 */
import { getppid } from '../../lib/process.ts'
import { readProc } from '../../lib/trace/proc.ts'
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

/** Fields of /proc/PID/stat, counted from after the name of the program. @see proc_pid_stat(5) */
const STAT = { nice: 16, policy: 38 } as const

/** How the scheduler treats a process. */
export interface Standing {
  /** 0 by default; with a higher value it gives way to others. */
  readonly nice: number
  /** SCHED_OTHER is 0; SCHED_BATCH and SCHED_IDLE give way. */
  readonly policy: number
}

/** How the scheduler treats a process or a thread; as all others, if it is gone. */
export function standing(pid: number): Standing {
  const text = readProc(pid, 'stat') ?? ''
  const values = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  return { nice: values[STAT.nice] ?? 0, policy: values[STAT.policy] ?? 0 }
}

/** Whether a process gives way to others more than `as` does, and so has chosen to wait. */
export function givesWay(pid: number, as: Standing): boolean {
  const { nice, policy } = standing(pid)
  return nice > as.nice || policy !== as.policy
}

/**
 * The CPU time of ended threads, read while each was stopped at its exit, because afterwards the kernel does not tell.
 */
export class Ended {
  #sum: Scheduled = { ran: 0, waited: 0 }
  /** How long those have waited that gave way to others. */
  #gaveWay = 0
  readonly #counted = new Set<number>()
  readonly #as: Standing

  /** @param as how the process that has started the check is scheduled */
  constructor(as: Standing = standing(getppid())) {
    this.#as = as
  }

  /** A thread is stopped at its exit. */
  take(tid: number): void {
    this.#counted.add(tid)
    const found = scheduled(tid, tid)
    this.#sum = add(this.#sum, found)
    if (found && givesWay(tid, this.#as)) this.#gaveWay += found.waited
  }

  /** How long the living threads of these processes, and all ended threads, have waited without giving way to others. */
  kept(pids: Iterable<number>): number {
    let sum = this.#sum.waited - this.#gaveWay
    for (const pid of pids)
      for (const tid of threadsOf(pid))
        if (!this.#counted.has(tid) && !givesWay(tid, this.#as)) sum += scheduled(pid, tid)?.waited ?? 0
    return sum
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
  /** How long they were ready to run and had no processor, added up, but for those that give way to others. */
  readonly waited: number
}

/**
 * @param own what the sandbox and its judge have used so far
 * @param waited how long they have waited, without giving way to others
 * @param processors those that the sandbox may use, which are those of its judge
 */
export const takeLoad = (own: number, waited: number, processors: readonly number[] = allowedProcessors()): Load => ({
  machine: machineTime(processors),
  own,
  waited,
})

/**
 * For others to be in the way: the part of all processors that they must have used, and the part that may have been
 * idle.
 */
const [BY_OTHERS, IDLE] = [0.3, 0.3]

/** Whether the machine was busy from one moment to another, and with programs outside the sandbox. */
export function wasBusy(from: Omit<Load, 'waited'>, to: Omit<Load, 'waited'>): boolean {
  const total = to.machine.total - from.machine.total
  const idle = to.machine.idle - from.machine.idle
  const others = total - idle - (to.own - from.own)
  return total > 0 && others >= BY_OTHERS * total && idle <= IDLE * total
}

/** What a program gives its judge to do. */
export interface Burden {
  /** Births, ends, and the calls and signals at which somebody stood still. */
  readonly events: number
  /** Threads that live, init among them. */
  readonly threads: number
}

/**
 * Many times more than a program of any lab makes. Whoever makes so much is slow by its own doing: each event takes two
 * processes a turn of a processor, and on a busy machine every turn is waited for.
 */
const MOST: Burden = { events: 10_000, threads: 128 }

/** Whether a program gives its judge more to do than any lab takes. */
export const isBurdened = ({ events, threads }: Burden): boolean => events > MOST.events || threads > MOST.threads

/** So many times a program must have kept all processors busy for that to be its own doing. */
const TOO_MANY = 2

/**
 * Whether processes would have kept all processors busy by themselves, whatever others did meanwhile.
 * @param wanted seconds for which they ran or were ready to, added up
 * @param seconds how long that was
 */
export const fillsProcessors = (wanted: number, seconds: number) =>
  wanted >= TOO_MANY * allowedProcessors().length * seconds
