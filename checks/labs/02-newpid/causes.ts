/**
 * The likely causes of what did not hold in lab 2, by what was seen of those whom a claim is about.
 */
import type { Observation, ProcessRecord, SignalCall } from '../../observer/record.ts'

/** What was seen of one number: those who had it as children of PID 1. */
type Those = readonly ProcessRecord[]

const nameOf = (seen: Observation, pid: number) => seen.processes.get(pid)?.numbers.at(-1) ?? 'somebody'

/** Why 2, 3 and 4 are not children of PID 1. */
export function whyNotThree(seen: Observation, init: ProcessRecord | undefined): string {
  const inside = [...seen.processes.values()].filter(one => one.birth.namespaces.pid === init?.birth.namespaces.pid)
  const others = inside.filter(one => one !== init && one.parent !== init?.pid)
  if (others.some(({ numbers }) => [2, 3, 4].includes(numbers.at(-1) ?? 0)))
    return 'somebody else than PID 1 made them: whoever forks is the parent'
  return 'fewer than three were made, or another process or thread took a number in between'
}

/** Why no SIGKILL to somebody outside counts. @param isMeant whether a call names somebody who lives outside */
export function whyNotOutside(
  seen: Observation,
  init: ProcessRecord | undefined,
  isMeant: (call: SignalCall) => boolean,
): string {
  if (seen.signals.some(call => call.from !== init?.pid && isMeant(call)))
    return 'another process sent it: PID 1 itself has to, by one of its own threads'
  const missed = seen.signals.some(
    ({ from, target, outside }) => from === init?.pid && target > 4 && outside === undefined,
  )
  if (missed)
    return "that number was nobody's own outside: whoever had it has ended, is a thread, or lives somewhere else"
  return "the outer parent's number has to reach the child (getppid() says 0 in there), and kill(0, …) is something else"
}

/**
 * Why 2 was not killed by PID 1.
 * @param shot the call by which the first SIGKILL reached it
 */
export function whyNotKilled(
  seen: Observation,
  init: ProcessRecord | undefined,
  [two]: Those,
  shot: SignalCall | undefined,
): string {
  if (!two) return 'no child of PID 1 had the number 2'
  const { status } = two
  if (!status) return 'nobody has sent it SIGKILL'
  if (status.signal === null) return '2 had ended by itself: let it wait, at a gate or in pause(2), until it is killed'
  if (status.signal !== 'SIGKILL') return 'it takes SIGKILL: another signal ended it'
  if (!shot) return 'no call had sent that SIGKILL to it: cgroup.kill, a limit, or the end of its parent did'
  if (shot.from === two.pid) return '2 sent it to itself: PID 1 has to'
  if (shot.from !== init?.pid) return `${nameOf(seen, shot.from)} sent it, and not PID 1`
  return 'it went to a group in which others were, too: it has to be meant for 2 alone'
}

/**
 * Why 3 or 4 have not outlived 2.
 * @param isTooEarly whether one of them had ended before 2 was killed
 */
export function whyNotOutlived(thirds: Those, fourths: Those, isTooEarly: boolean): string {
  const all = [...thirds, ...fourths]
  if (thirds.length === 0 || fourths.length === 0) return 'PID 1 has no child of that number'
  if (all.some(({ status }) => status?.signal))
    return 'a signal ended them: it went to all of them, or PID 1 ended before they did, which kills everybody inside'
  if (all.some(({ status }) => status?.code)) return 'an error that they report themselves'
  return isTooEarly
    ? 'they had ended before 2 was killed: let them wait, at a gate, until it is dead'
    : '2 has not died, or they have not ended yet'
}

/** Why PID 1 and its parent have not ended as they should, one after the other. */
export function whyNotEnded(init: ProcessRecord | undefined, parent: ProcessRecord | undefined): string {
  if (!init) return 'no child was PID 1'
  if (!init.status) return 'PID 1 had not ended yet'
  if (parent?.status?.signal) return 'a signal ended the parent of PID 1'
  if (init.status.code) return 'an error that PID 1 reports itself'
  if (init.status.signal) return 'something killed PID 1: only somebody outside can do that'
  if (parent?.status?.code) return 'an error that its parent reports itself'
  return 'the parent did not wait for its child: clone without SIGCHLD?'
}
