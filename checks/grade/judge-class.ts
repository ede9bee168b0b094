/**
 * Judging a class, several at a time, so that nobody's mark depends on who was judged beside them.
 */
import type { Verdict } from '../judge.ts'
import type { Assignment } from '../judge-in-child.ts'
import { startLabs } from '../run.ts'

/** How many are judged at once: most of a judge's time is its program's sleep, but each takes about 100 MB. */
const MOST = 8
/** A program that took so many seconds of a processor took them from others. */
const HOG = 2

/** When a program was judged, in ms, and what came of it. */
interface Past {
  readonly from: number
  readonly to: number
  readonly verdict: Verdict
}

const isHog = ({ verdict }: Past) => verdict.kind === 'judged' && verdict.time.program > HOG
const isFull = ({ verdict }: Past) => verdict.kind === 'judged' && verdict.findings.every(({ failure }) => !failure)
const isBusy = ({ verdict }: Past) => verdict.kind === 'cannot' && /too busy/.test(verdict.reason)
const overlap = (one: Past, other: Past) => one.from < other.to && other.from < one.to

/** Whether the neighbours may have had a part in a verdict: it is not full, and one of them took the processors. */
export function isDoubtful(index: number, all: readonly (Past | undefined)[]): boolean {
  const past = all[index]
  if (!past || isFull(past)) return false
  return isBusy(past) || all.some((other, i) => i !== index && other && isHog(other) && overlap(past, other))
}

/** How a class is told of. */
export interface Listener {
  /** A verdict that counts. */
  readonly judged: (index: number, verdict: Verdict) => void
  /** Something of which the neighbours may have had a part is judged again, alone. */
  readonly again: (index: number) => void
}

/** One round. @returns what came of each, in order */
async function round(
  assignments: readonly Assignment[],
  timeout: number,
  most: number,
  tell: (i: number, past: Past) => void,
) {
  const running = startLabs({ assignments, timeout, output: false, most })
  return Promise.all(
    running.map(async ({ verdict }, i) => {
      const found = await verdict
      const to = performance.now()
      const seconds = found.kind === 'judged' ? found.seconds : timeout
      const past = { from: to - seconds * 1000, to, verdict: found }
      tell(i, past)
      return past
    }),
  )
}

/**
 * Judges all, and alone once more whoever lost points beside somebody who took the processors.
 * @param timeout seconds that each may take
 * @param hasStopped whether somebody has pressed Ctrl-C
 */
export async function judgeClass(
  assignments: readonly Assignment[],
  timeout: number,
  { judged, again }: Listener,
  hasStopped: () => boolean,
): Promise<void> {
  const pasts = await round(assignments, timeout, MOST, (i, past) => {
    if (isFull(past) || hasStopped()) judged(i, past.verdict)
  })
  const rest = pasts.map((past, i) => ({ past, i })).filter(({ past }) => !isFull(past))
  for (const { past, i } of rest) {
    if (hasStopped() || !isDoubtful(i, pasts)) {
      judged(i, past.verdict)
      continue
    }
    again(i)
    const [second] = await round([assignments[i] as Assignment], timeout, 1, () => {})
    if (second) judged(i, second.verdict)
  }
}
