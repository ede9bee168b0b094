/**
 * Whether a program that did not come to its end was kept from it by others: a machine that is too busy judges nobody.
 */
import { readProc } from '../../lib/trace/proc.ts'
import { cpuTime } from './stopwatch.ts'

/** The part of its time that a process must have waited for a processor, and what its whole tree may have used of one. */
const [WAITED, USED] = [0.5, 0.25]

/** How long a process was ready to run and got no processor, in seconds. Second field of /proc/PID/schedstat. */
function waited(pid: number): number {
  return Number((readProc(pid, 'schedstat') ?? '').split(' ')[1] ?? 0) / 1e9
}

/**
 * How long the processes of a program have waited for a processor that somebody else had.
 * @param pids those that are still alive, and whoever has waited for the dead
 * @param seconds how long the program ran
 * @param judging how much of that its judge computed, at its instigation
 * @returns seconds, if that is why it has not ended; `undefined` if it has only itself to blame
 */
export function starvedFor(pids: readonly number[], seconds: number, judging = 0): number | undefined {
  const longest = Math.max(0, ...pids.map(waited))
  const used = pids.reduce((sum, pid) => sum + cpuTime(pid), judging)
  return longest > WAITED * seconds && used < USED * seconds ? longest : undefined
}
