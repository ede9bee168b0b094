/**
 * Hints in steps, chosen by what was seen.
 */
import { COMMON } from '../exercises/common.ts'
import type { LabReport } from '../report.ts'
import type { Standing } from './evidence.ts'

/** What is known of a failure, as one text: what the kernel showed of it, and what the program said. */
function seenText({ failed }: Standing, report: LabReport | undefined): string {
  const end = report?.claims.find(({ title }) => title.startsWith('the program ends by itself'))
  return [failed?.seen, end?.seen, report?.output].filter(Boolean).join('\n')
}

/**
 * The hints for the task to look at, from a nudge to nearly the answer. What its own hints know of the thing that was
 * seen comes first, then what is known of it in every lab, then the steps of the task.
 */
export function hintsFor(at: Standing, report: LabReport | undefined): readonly string[] {
  const { current } = at
  if (!current) return []
  const { exercise } = current
  // While the task is open, what is seen is only that.
  if (current.state === 'open') return exercise.hints
  const text = seenText(at, report)
  const [own] = exercise.seen?.filter(({ when }) => when.test(text)) ?? []
  const [common] = own ? [] : COMMON.filter(({ when }) => when.test(text))
  return [...((own ?? common)?.hints ?? []), ...exercise.hints]
}
