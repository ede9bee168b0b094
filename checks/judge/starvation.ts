/**
 * Whether a program did not end because other programs kept the processors from it: on a machine that is too busy no
 * program is judged. A program that starves itself, by computing in several processes, by giving way to others (nice), or by
 * calls and threads without number, does not count as starved.
 */
import { getppid } from '../../lib/process.ts'
import { readProc } from '../../lib/trace/proc.ts'
import { type Burden, givesWay, isBurdened, type Load, type Standing, standing, wasBusy } from '../observer/load.ts'

/** The part of its time that a process must have waited for a processor, and what its whole tree may have used of one. */
const [WAITED, USED] = [0.5, 0.25]
/** What all of them may have had and waited for, in parts of the time, if at most one was ready at a time. */
const ONE_BY_ONE = 1.25

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
 * @param burden what the program has given its judge to do
 * @param as how the process that has started the check is scheduled: one that gives way more has chosen that itself
 * @returns seconds that one of them has waited, or (one after the other) all of them and their judge, if that is why the
 *   program has not ended; `undefined` if it is the program's own fault
 */
export function starvedFor(
  pids: readonly number[],
  seconds: number,
  from: Load,
  to: Load,
  burden: Burden,
  as: Standing = standing(getppid()),
): number | undefined {
  if (isBurdened(burden)) return undefined
  const one = Math.max(0, ...pids.filter(pid => !givesWay(pid, as)).map(waited))
  const used = to.own - from.own
  // Where one waits for the other (a shell for its command, a program at a terminal for its judge), their waits add up.
  // Several that are ready at the same time would be counted several times: then it is not one after the other.
  const inAll = to.waited - from.waited
  const longest = Math.max(one, used + inAll <= ONE_BY_ONE * seconds ? inAll : 0)
  return longest > WAITED * seconds && used < USED * seconds && wasBusy(from, to) ? longest : undefined
}
