/**
 * Where the time of a check goes.
 */
import { readFileSync } from 'node:fs'
import { readProc } from '../../lib/trace/proc.ts'

/** The seconds of one check, in three parts that add up to it. */
export interface Shares {
  /** Making the sandbox and removing it, and whatever the judge computed while the program ran. */
  readonly checker: number
  /** CPU time of the program and of all it started. */
  readonly program: number
  /** The program ran, and neither it nor the judge computed: sleeps, answers, and a processor that was busy. */
  readonly waiting: number
}

/** Fields of /proc/PID/stat behind the name of the program, in hundredths of a second. @see proc_pid_stat(5) */
const STAT = { utime: 11, stime: 12, cutime: 13, cstime: 14, starttime: 19 } as const

function stat(pid: number | 'self', ...fields: (keyof typeof STAT)[]): number {
  const text = readProc(pid, 'stat') ?? ''
  const values = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.reduce((sum, field) => sum + Number(values[STAT[field]] ?? 0) / 100, 0)
}

/** CPU time of a process, and of its children that it has waited for, in seconds. */
export const cpuTime = (pid: number) => stat(pid, 'utime', 'stime', 'cutime', 'cstime')

/** Seconds since the calling process was made; its program may have been replaced by execve(2) since. */
export function sinceStart(): number {
  const [uptime] = readFileSync('/proc/uptime', 'utf8').split(' ')
  return Number(uptime) - stat('self', 'starttime')
}

const now = () => performance.now() / 1000
const ownTime = () => stat('self', 'utime', 'stime')

/** The stopwatch of one judge, made when it begins. */
export class Stopwatch {
  readonly #start = now()
  #makersTime = 0
  #ownTime = 0
  #begun = this.#start
  #wall = 0
  #judging = 0

  /** The sandbox is complete, and its init has forked the program. @param makers the processes that made it */
  programBegins(makers: readonly number[]): void {
    this.#begun = now()
    this.#makersTime = makers.reduce((sum, pid) => sum + cpuTime(pid), 0)
    this.#ownTime = ownTime()
  }

  programEnded(): void {
    this.#wall = now() - this.#begun
    this.#judging = Math.min(ownTime() - this.#ownTime, this.#wall)
  }

  get seconds(): number {
    return now() - this.#start
  }

  /**
   * To be called once init has been reaped: only then does its CPU time include that of all its descendants.
   * @param seconds how long it took in all, which the shares add up to
   */
  shares(seconds: number): Shares {
    const free = this.#wall - this.#judging
    const program = Math.min(Math.max(0, stat('self', 'cutime', 'cstime') - this.#makersTime), free)
    return { checker: seconds - free, program, waiting: free - program }
  }
}
