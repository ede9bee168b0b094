/**
 * Hints in steps, chosen by what was seen.
 */
import { EVERY_LAB } from '../../labs/claim.ts'
import { COMMON } from '../../labs/common-hints.ts'
import type { SeenHints } from '../../labs/exercise.ts'
import type { LabReport } from '../../report/report.ts'
import type { Standing } from './evidence.ts'

/** What was seen of the program's end. */
const endOf = (report: LabReport | undefined) => report?.claims.find(({ title }) => title === EVERY_LAB[0]?.title)?.seen

/** How long a program that did not end was waited for, in a sentence. */
export function hangOf(report: LabReport | undefined): string | undefined {
  const seen = endOf(report)
  return seen && /still running/.test(seen) ? seen : undefined
}

const firstFor = (table: readonly SeenHints[] | undefined, text: string | undefined) =>
  text === undefined ? undefined : table?.find(({ when }) => when.test(text))

/**
 * The hints for the task to look at, from a nudge to nearly the answer. First comes what the task's own hints say about
 * what was seen, then what the hints of every lab say about it, then the steps of the task.
 */
export function hintsFor(at: Standing, report: LabReport | undefined): readonly string[] {
  const { current, failed } = at
  if (!current) return []
  const { exercise } = current
  // While the task is open, what is seen only shows that it is open.
  if (current.state === 'open') return exercise.hints
  const hang = hangOf(report)
  const output = report?.output
  // What the program prints about its own failure comes before what is missing because of it. Of a program that does
  // not end, nothing else that was seen can be relied on.
  const found =
    firstFor(exercise.seen, hang) ??
    firstFor(COMMON.hang, hang) ??
    firstFor(exercise.seen, output) ??
    firstFor(COMMON.errors, output) ??
    firstFor(exercise.seen, failed?.seen) ??
    firstFor(COMMON.others, output)
  return [...(found?.hints ?? []), ...exercise.hints]
}
