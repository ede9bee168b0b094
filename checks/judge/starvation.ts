/**
 * Whether a program did not end because other programs kept the processors from it: on a machine that is too busy no
 * program is judged. A program that starves itself, by computing in several processes or by giving way to others
 * (nice), does not count as starved.
 */
import { getppid } from '../../lib/process.ts'
import { readProc } from '../../lib/trace/proc.ts'
import { type Load, wasBusy } from '../observer/load.ts'

/** The part of its time that a process must have waited for a processor, and what its whole tree may have used of one. */
const [WAITED, USED] = [0.5, 0.25]

/** Fields of /proc/PID/stat, counted from after the name of the program. @see proc_pid_stat(5) */
const STAT = { nice: 16, policy: 38 } as const

/** How the scheduler treats a process. */
interface Standing {
  /** 0 by default; with a higher value it gives way to others. */
  readonly nice: number
  /** SCHED_OTHER is 0; SCHED_BATCH and SCHED_IDLE give way. */
  readonly policy: number
}

function standing(pid: number): Standing {
  const text = readProc(pid, 'stat') ?? ''
  const values = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  return { nice: values[STAT.nice] ?? 0, policy: values[STAT.policy] ?? 0 }
}

/** How long a process was ready to run and got no processor, in seconds. Second field of /proc/PID/schedstat. */
function waited(pid: number): number {
  return Number((readProc(pid, 'schedstat') ?? '').split(' ')[1] ?? 0) / 1e9
}

/**
 * How long the processes of a program have waited for a processor that other programs had.
 * @param pids its living processes, and the one that has reaped its dead ones
 * @param seconds how long the program ran
 * @param from the machine when it began
 * @param to the machine now
 * @param as how the process that has started the check is scheduled: one that gives way more has chosen that itself
 * @returns seconds, if that is why the program has not ended; `undefined` if it is the program's own fault
 */
export function starvedFor(
  pids: readonly number[],
  seconds: number,
  from: Load,
  to: Load,
  as: Standing = standing(getppid()),
): number | undefined {
  const givesWay = (pid: number) => {
    const { nice, policy } = standing(pid)
    return nice > as.nice || policy !== as.policy
  }
  const longest = Math.max(0, ...pids.filter(pid => !givesWay(pid)).map(waited))
  const used = to.own - from.own
  return longest > WAITED * seconds && used < USED * seconds && wasBusy(from, to) ? longest : undefined
}
