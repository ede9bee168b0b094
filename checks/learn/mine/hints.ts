/**
 * Hints in steps, chosen by what was seen: the most specific comes first.
 */
import { EVERY_LAB } from '../../labs/claim.ts'
import { COMMON } from '../../labs/common-hints.ts'
import type { SeenHints } from '../../labs/exercise.ts'
import type { LabReport } from '../../report/report.ts'
import type { Standing } from './evidence.ts'
import { likeName } from './like-name.ts'

/** What was seen of the program's end. */
const endOf = (report: LabReport | undefined) => report?.claims.find(({ title }) => title === EVERY_LAB[0]?.title)?.seen

/** How long a program that did not end was waited for, in a sentence. */
export function hangOf(report: LabReport | undefined): string | undefined {
  const seen = endOf(report)
  return seen && /still running/.test(seen) ? seen : undefined
}

const firstFor = (table: readonly SeenHints[] | undefined, text: string | undefined) =>
  text === undefined ? undefined : table?.find(({ when }) => when.test(text))?.hints

/** What may be said of a program that does not end, by what it did with its time. */
function hintsForHang(hang: string, stuck: string | undefined): readonly string[] | undefined {
  if (stuck !== undefined) return firstFor(COMMON.hang, stuck) ?? [stuck]
  return firstFor(COMMON.hang, hang)
}

/** What is known besides the report. */
export interface Besides {
  readonly source?: string
  /** Who waited for what when nobody moved any more. */
  readonly stuck?: string
}

/**
 * The hints for the task to look at, from a nudge to nearly the answer. First comes what the task's own hints say about
 * what was seen, then what the kernel has seen to be missing, then what the hints of every lab say, then the steps of
 * the task.
 */
export function hintsFor(
  at: Standing,
  report: LabReport | undefined,
  { source = '', stuck }: Besides = {},
): readonly string[] {
  const { current, failed } = at
  if (!current) return []
  const { exercise, fault } = current
  // While the task is open, what is seen only shows that it is open.
  if (current.state === 'open') return exercise.hints
  const hang = hangOf(report)
  const output = report?.output
  // What the program prints about its own failure comes before what is missing because of it. Of a program that does
  // not end, nothing else that was seen can be relied on.
  const found =
    at.slip ??
    firstFor(exercise.seen, output) ??
    likeName(output ?? '', source) ??
    (at.crash ? firstFor(COMMON.errors, output) : undefined) ??
    (fault === undefined ? undefined : [fault]) ??
    firstFor(exercise.seen, hang) ??
    (hang !== undefined ? hintsForHang(hang, stuck) : undefined) ??
    firstFor(COMMON.errors, output) ??
    firstFor(exercise.seen, failed?.seen) ??
    firstFor(COMMON.others, output)
  return [...(found ?? []), ...exercise.hints]
}
