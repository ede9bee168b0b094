/**
 * Lab 2: PID 1 and its three children, by NSpid; who was killed and by whom, by the calls themselves and the exits.
 */
import { errnoName } from '../../../lib/errors.ts'
import { signalName } from '../../../lib/status.ts'
import type { Observation, ProcessRecord, SignalCall } from '../../observer/record.ts'
import { SIGKILL } from '../../observer/signal-calls.ts'
import type { Checker } from '../claim.ts'
import { childrenOf, programOf, unless, unlessUnderWay } from '../claim.ts'
import { whyNotEnded, whyNotKilled, whyNotOutlived, whyNotOutside, whyNotThree } from './causes.ts'

const ESRCH = -3

/** The processes whose parent a process was at their birth. */
export const offspring = (seen: Observation, { pid }: ProcessRecord) =>
  childrenOf(seen).filter(({ parent }) => parent === pid)

/**
 * The process that is 1 in a PID namespace that the program made; of several, the one that has sent SIGKILL most often,
 * and then the one with most children.
 */
export function findInit(seen: Observation): ProcessRecord | undefined {
  const depth = programOf(seen).numbers.length
  const inits = childrenOf(seen).filter(({ numbers }) => numbers.length > depth && numbers.at(-1) === 1)
  const shots = ({ pid }: ProcessRecord) =>
    seen.signals.filter(({ from, signal }) => from === pid && signal === SIGKILL)
  const weight = (init: ProcessRecord) => shots(init).length * 1000 + offspring(seen, init).length
  return inits.sort((one, other) => weight(other) - weight(one))[0]
}

/** The children of `init` that had a number in its PID namespace, one after the other if there are several. */
export function numbered(seen: Observation, init: ProcessRecord | undefined, number: number): ProcessRecord[] {
  return childrenOf(seen).filter(
    ({ numbers, birth, parent }) =>
      birth.namespaces.pid === init?.birth.namespaces.pid && numbers.at(-1) === number && parent === init?.pid,
  )
}

/** Whether a process lives where the parent of `init` does: just outside, however deep that is. */
export function isOutside(seen: Observation, init: ProcessRecord, pid: number): boolean {
  const one = seen.processes.get(pid)
  const parent = seen.processes.get(init.parent)
  return (
    one !== undefined &&
    one.numbers.length === init.numbers.length - 1 &&
    one.birth.namespaces.pid === parent?.birth.namespaces.pid
  )
}

function describeAnswer({ processes }: Observation, { target, found, outside, result }: SignalCall): string {
  if (result === undefined) return 'it did not live to hear the answer'
  const isZombie = () =>
    [...processes.values()].some(({ numbers, status }) => numbers.at(-1) === target && status !== undefined)
  if (result === 0) return found === undefined && isZombie() ? 'done, but it had ended already' : 'done'
  const isNobodys = result === ESRCH && target > 0 && outside === undefined
  return `${errnoName(-result)}${isNobodys ? ', and nobody who lived outside just then had that number' : ''}`
}

function describeCall(seen: Observation, call: SignalCall): string {
  const { from, target, signal } = call
  const who = seen.processes.get(from)?.numbers.at(-1) ?? 'somebody'
  const answer = describeAnswer(seen, call)
  return `${who} called kill(${target}, ${signal === 0 ? 0 : signalName(signal)}): ${answer}`
}

function describeCalls(seen: Observation): string {
  return seen.signals.map(call => describeCall(seen, call)).join('; ') || 'nobody called kill'
}

function describeTree(seen: Observation): string {
  const init = findInit(seen)
  if (!init) return 'no child process in a PID namespace of its own'
  const inside = childrenOf(seen).filter(({ birth }) => birth.namespaces.pid === init.birth.namespaces.pid)
  const name = (pid: number) => seen.processes.get(pid)?.numbers.at(-1) ?? 'somebody'
  return inside.map(({ numbers, parent }) => `${numbers.at(-1)} (child of ${name(parent)})`).join(', ')
}

function describeEnd(record: ProcessRecord | undefined): string {
  if (!record) return 'not there'
  const { status } = record
  return !status ? 'still alive' : status.signal ? `killed by ${status.signal}` : `exit code ${status.code}`
}

const describeEnds = (all: readonly ProcessRecord[]) => all.map(describeEnd).join(', then ') || describeEnd(undefined)

/** Whether a call was meant for one process: by its number, or by that of a process group in which it is alone. */
const isFor = ({ pid }: ProcessRecord, { found, reached }: SignalCall) =>
  found === pid || (reached?.length === 1 && reached[0] === pid)

/**
 * The call that killed a process: the first SIGKILL that reached it. What comes while its end goes on, which may take long
 * where much memory has to be given back, is answered as if it had done that. Whoever kills itself hears no answer.
 */
function shotAt({ signals }: Observation, { pid, born, exiting }: ProcessRecord): SignalCall | undefined {
  const first = signals.find(
    ({ order, found, reached, signal, result = 0 }) =>
      // Somebody else may have had its number before.
      order > born && signal === SIGKILL && result === 0 && (found === pid || reached?.includes(pid)),
  )
  return first && first.order <= (exiting ?? Number.POSITIVE_INFINITY) ? first : undefined
}

const claims: Checker = [
  {
    title: 'a child is PID 1 in a PID namespace of its own, and its parent stays outside',
    section: 'own-numbers',
    refute: seen => {
      const init = findInit(seen)
      return unless(
        init !== undefined && isOutside(seen, init, init.parent),
        'a process that is 1 in a new PID namespace and whose parent is not in it',
        describeTree(seen),
        'CLONE_NEWPID is missing; or unshare(CLONE_NEWPID) was called and no child came after it',
      )
    },
  },
  {
    title: 'PID 1 has three children, and they are 2, 3 and 4',
    section: 'three-children',
    refute: seen => {
      const init = findInit(seen)
      return unless(
        [2, 3, 4].every(number => numbered(seen, init, number).length > 0),
        '2, 3 and 4 as children of 1',
        describeTree(seen),
        whyNotThree(seen, init),
      )
    },
  },
  {
    title: 'PID 1 sends SIGKILL to a process outside, and the kernel finds nobody of that number',
    section: 'kill-outside',
    refute: seen => {
      const init = findInit(seen)
      const isMeant = (outside: number | undefined) =>
        init !== undefined && outside !== undefined && isOutside(seen, init, outside)
      const isTry = ({ outside, signal, result }: SignalCall) =>
        signal === SIGKILL && result === ESRCH && isMeant(outside)
      return unless(
        seen.signals.some(call => call.from === init?.pid && isTry(call)),
        'kill(N, SIGKILL) by PID 1, answered with ESRCH, where N is the number of a process that lives outside just then',
        describeCalls(seen),
        whyNotOutside(seen, init, isTry),
      )
    },
  },
  {
    title: 'PID 1 kills 2',
    section: 'kill-two',
    refute: seen => {
      const init = findInit(seen)
      const all = numbered(seen, init, 2)
      const isKilled = (one: ProcessRecord) => {
        const shot = one.status?.signal === 'SIGKILL' ? shotAt(seen, one) : undefined
        return shot !== undefined && isFor(one, shot) && shot.from === init?.pid
      }
      return unless(
        all.some(isKilled),
        'kill(2, SIGKILL) by PID 1, and 2 dies of it',
        `2: ${describeEnds(all)}; ${describeCalls(seen)}`,
        whyNotKilled(seen, init, all, all[0] && shotAt(seen, all[0])),
      )
    },
  },
  {
    title: '3 and 4 outlive 2 and reach their end',
    section: 'others-end',
    refute: seen => {
      const init = findInit(seen)
      const [seconds = [], thirds = [], fourths = []] = [2, 3, 4].map(number => numbered(seen, init, number))
      const second = seconds.find(one => shotAt(seen, one)) ?? seconds[0]
      const shot = second && shotAt(seen, second)
      const outlives = ({ status, exiting = 0 }: ProcessRecord) =>
        status?.code === 0 && exiting > (shot?.order ?? second?.exiting ?? Number.POSITIVE_INFINITY)
      const isTooEarly =
        second?.status !== undefined && [...thirds, ...fourths].some(one => one.status?.code === 0 && !outlives(one))
      return unless(
        thirds.some(outlives) && fourths.some(outlives),
        '3 and 4 end with exit code 0 after 2 has died',
        `3: ${describeEnds(thirds)}, 4: ${describeEnds(fourths)}, 2: ${describeEnds(seconds)}${
          isTooEarly ? '; 3 or 4 had ended before 2' : ''
        }`,
        whyNotOutlived(thirds, fourths, isTooEarly),
      )
    },
  },
  {
    title: 'PID 1 ends by itself, and its outer parent outlives it',
    section: 'others-end',
    refute: seen => {
      const init = findInit(seen)
      const parent = init && seen.processes.get(init.parent)
      // Its own end begins when it leaves, although what it had open is closed, and seen to be closed, before it is over.
      const leaving = parent?.exiting ?? parent?.ended ?? 0
      const outlived = parent?.status?.code === 0 && leaving > (init?.ended ?? Number.POSITIVE_INFINITY)
      return unless(
        init?.status?.code === 0 && outlived,
        'exit code 0 of PID 1, then exit code 0 of its parent',
        `PID 1: ${describeEnd(init)}, its parent: ${describeEnd(parent)}${
          parent?.status?.code === 0 && !outlived ? ', which did not outlive it' : ''
        }`,
        whyNotEnded(init, parent),
      )
    },
  },
]

/** What may still come, as long as PID 1 is not there or lives; afterwards what it has done is all that it does. */
const isOpen = (seen: Observation) => findInit(seen)?.status === undefined

export const checker: Checker = claims.map(claim => ({
  ...claim,
  refute: seen => unlessUnderWay(seen, `whether ${claim.title}`, claim.refute(seen), isOpen(seen)),
}))
