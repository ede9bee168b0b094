/**
 * Ends by SIGKILL which nobody sent, and which are not the OOM killer's either: with PID 1 of a PID namespace, with the
 * parent (PR_SET_PDEATHSIG), at the end of the CPU time that was allowed (RLIMIT_CPU).
 */
import type { ProcessRecord } from '../../observer/record.ts'
import { killedLine, lastMoments, type Seen, victimOf } from './facts.ts'

/** Whether a process shares its memory with another, as far as their births tell: execve(2) gives it one of its own. */
function sharesMemory({ processes }: Seen, one: ProcessRecord): boolean {
  const shares = ({ birth, programs }: ProcessRecord) => birth.sharing.VM && programs.length === 0
  return shares(one) || [...processes.values()].some(other => other.creator === one.pid && shares(other))
}

/** PID 1 of the PID namespace that a process was born in, and of those around that one. */
function firstsAround(seen: Seen, one: ProcessRecord): ProcessRecord[] {
  const firsts: ProcessRecord[] = []
  const all = [...seen.processes.values()].filter(({ numbers }) => numbers.at(-1) === 1)
  for (let at: ProcessRecord | undefined = one; at; at = seen.processes.get(firsts.at(-1)?.parent ?? 0)) {
    const namespace: number = at.birth.namespaces.pid
    const first = all.find(({ birth }) => birth.namespaces.pid === namespace)
    if (!first || firsts.includes(first)) break
    firsts.push(first)
  }
  return firsts
}

/** Whether the kernel's log names those whom it has killed, and no group has counted more of them than that. */
function logTellsAll(seen: Seen): boolean {
  const kills = [...lastMoments(seen).values()].map(({ oomKills }) => oomKills)
  return killedLine(seen, victimOf(seen)) && kills.every(count => count <= 1)
}

/**
 * Whether a process that died of SIGKILL, which nobody sent, may owe that to something else than want of memory. Whoever
 * shares memory with a victim of the kernel is one, and the log does not name it.
 */
export function diedOfSomethingElse(seen: Seen, one: ProcessRecord): boolean {
  if (sharesMemory(seen, one)) return false
  const isNamed = (seen.kernelLog ?? []).some(line => line.includes(`Killed process ${one.pid} `))
  if (logTellsAll(seen)) return !isNamed
  const victim = victimOf(seen)
  const isBefore = (other: ProcessRecord | undefined) =>
    other !== undefined &&
    other.pid !== one.pid &&
    other.pid !== victim?.pid &&
    (other.exiting ?? Number.POSITIVE_INFINITY) < (one.ended ?? 0)
  const isWithAnother = firstsAround(seen, one).some(isBefore) || isBefore(seen.processes.get(one.parent))
  return isWithAnother && !(seen.logHasOurNumbers && isNamed)
}
