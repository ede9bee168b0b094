/**
 * Judging a class, several at a time, but so that no mark depends on the programs that were judged beside it.
 */
import type { Assignment } from '../judge/in-child.ts'
import type { Verdict } from '../judge/judge.ts'
import { startNamedLabs } from '../report/name-task.ts'

/** How many are judged at once: most of a judge's time is its program's sleep, but each takes about 100 MB. */
const MOST = 8
/** From this many seconds of CPU time on, a program may have slowed down others. */
const HOG = 2

/** When a program was judged, in ms, and its verdict. */
interface Past {
  readonly from: number
  readonly to: number
  readonly verdict: Verdict
}

const isHog = ({ verdict }: Past) => verdict.kind === 'judged' && verdict.time.program > HOG
const isFull = ({ verdict }: Past) => verdict.kind === 'judged' && verdict.findings.every(({ failure }) => !failure)
const isBusy = ({ verdict }: Past) => verdict.kind === 'cannot' && /too busy/.test(verdict.reason)
const overlap = (one: Past, other: Past) => one.from < other.to && other.from < one.to

/** Whether something has changed on the machine meanwhile, which another program may have done. */
const isMachineChanged = ({ verdict }: Past) =>
  verdict.kind === 'judged' && (verdict.findings.at(-1)?.failure ?? verdict.findings.at(-1)?.unjudged) !== undefined

/**
 * Whether others may have caused a verdict: points are lost, and the machine was busy or was changed, or a program
 * beside it took the processors.
 */
export function isDoubtful(index: number, all: readonly (Past | undefined)[]): boolean {
  const past = all[index]
  if (!past || isFull(past)) return false
  const isBesideHog = all.some((other, i) => i !== index && other && isHog(other) && overlap(past, other))
  return isBusy(past) || isMachineChanged(past) || isBesideHog
}

/** What judging a class reports. */
export interface Listener {
  /** A verdict that counts. */
  readonly judged: (index: number, verdict: Verdict) => void
  /** A program whose verdict others may have caused is judged again, alone. */
  readonly again: (index: number) => void
}

/**
 * Holds back a verdict with lost points until all programs that were judged beside it are done: each may be the cause.
 */
class Waiting {
  readonly #neighbours = new Map<number, Set<number>>()

  add(index: number, neighbours: readonly number[]): void {
    this.#neighbours.set(index, new Set(neighbours))
  }

  /** One is done. @returns those that wait for no other any more */
  done(index: number): number[] {
    for (const set of this.#neighbours.values()) set.delete(index)
    const free = [...this.#neighbours].filter(([, set]) => set.size === 0).map(([one]) => one)
    for (const one of free) this.#neighbours.delete(one)
    return free
  }
}

const INTERRUPTED: Verdict = { kind: 'cannot', reason: 'interrupted' }

/** Judges all side by side. @returns those that have to be judged again */
async function together(
  assignments: readonly Assignment[],
  timeout: number,
  judged: Listener['judged'],
  hasStopped: () => boolean,
): Promise<number[]> {
  const pasts: (Past | undefined)[] = assignments.map(() => undefined)
  const waiting = new Waiting()
  const doubtful: number[] = []
  // A judge that does not handle signals yet is ended by the signal itself.
  const settled = (verdict: Verdict) => (hasStopped() && verdict.kind === 'cannot' ? INTERRUPTED : verdict)
  const decide = (i: number) => {
    if (!hasStopped() && isDoubtful(i, pasts)) doubtful.push(i)
    else judged(i, settled(pasts[i]?.verdict as Verdict))
  }
  const running = startNamedLabs({ assignments, timeout, output: false, most: MOST })
  const follow = async (i: number) => {
    const verdict = (await running[i]?.verdict) as Verdict
    const to = performance.now()
    const seconds = verdict.kind === 'judged' ? verdict.seconds : timeout
    pasts[i] = { from: to - seconds * 1000, to, verdict }
    const neighbours = running.flatMap((one, j) => (j !== i && one.isBeingJudged() ? [j] : []))
    waiting.add(i, isFull(pasts[i] as Past) ? [] : neighbours)
    for (const free of waiting.done(i)) decide(free)
  }
  await Promise.all(running.map((_, i) => follow(i)))
  return doubtful
}

/**
 * Judges all, and then once more, alone, those that lost points which others may have cost them.
 * @param timeout seconds that each may take
 * @param hasStopped whether Ctrl-C was pressed
 */
export async function judgeClass(
  assignments: readonly Assignment[],
  timeout: number,
  { judged, again }: Listener,
  hasStopped: () => boolean,
): Promise<void> {
  for (const i of await together(assignments, timeout, judged, hasStopped)) {
    again(i)
    const assignment = assignments[i] as Assignment
    const [second] = hasStopped() ? [] : startNamedLabs({ assignments: [assignment], timeout, output: false })
    judged(i, (await second?.verdict) ?? INTERRUPTED)
  }
}
