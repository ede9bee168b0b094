/**
 * Where the reader stands: which tasks are open, which are done, and which one is next, by the file and by the kernel.
 */

import { checkedLab } from '../../labs/all.ts'
import type { Exercise } from '../../labs/exercise.ts'
import { lineOfTask, numberOf } from '../../labs/tasks.ts'
import { openPlaces, placeBehind } from '../../report/name-task.ts'
import type { ClaimReport, LabReport } from '../../report/report.ts'

/** One task. */
export interface TaskState {
  readonly number: string
  readonly exercise: Exercise
  /** `open`: still to be written; `wrong`: written, and its claim does not hold; `written`: not judged yet. */
  readonly state: 'open' | 'written' | 'wrong' | 'done'
  /** The line of its call, while it is open. */
  readonly line?: number
}

/** All of a lab. */
export interface Standing {
  readonly tasks: readonly TaskState[]
  /** The task to look at; `undefined` when nothing is left to do, or nothing is known of it. */
  readonly current?: TaskState
  /** The first claim that does not hold. */
  readonly failed?: ClaimReport
  /** Whether no claim fails and some hold: those that cannot be judged here do not count. */
  readonly isDone: boolean
}

const isHeld = (report: LabReport | undefined, claim: string) =>
  report?.claims.find(({ title }) => title === claim)?.verdict === 'holds'

const isFailed = (report: LabReport | undefined, claim: string) =>
  report?.claims.find(({ title }) => title === claim)?.verdict === 'does not hold'

/**
 * Where the reader stands.
 * @param source their file
 * @param report what the kernel said of it, if it has been judged
 */
export function standing(slug: string, source: string, report: LabReport | undefined): Standing {
  const open = openPlaces(slug, source)
  const failed = report?.claims.find(({ verdict }) => verdict === 'does not hold')
  const seen = [failed?.seen, report?.output].join('\n')
  const place = failed ? placeBehind(slug, source, failed.title, seen) : open[0]
  const tasks = checkedLab(slug).exercises.map((exercise, at): TaskState => {
    const number = numberOf(slug, at)
    const line = lineOfTask(source, number)
    if (open.includes(at)) return { number, exercise, state: 'open', ...(line !== undefined && { line }) }
    // Where several tasks share the failed claim, those before the one in question count as done.
    const isBehind = at === place || (place === undefined && isFailed(report, exercise.claim))
    const isBefore = place !== undefined && at < place
    const state = isBehind ? 'wrong' : isHeld(report, exercise.claim) || (report && isBefore) ? 'done' : 'written'
    return { number, exercise, state }
  })
  const current = place === undefined ? undefined : tasks[place]
  const isDone = report !== undefined && report.claims.length > 0 && !failed && report.claims.some(holds)
  return { tasks, ...(current && { current }), ...(failed && { failed }), isDone }
}

const holds = ({ verdict }: ClaimReport) => verdict === 'holds'
