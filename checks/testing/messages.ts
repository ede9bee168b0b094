/**
 * For tests: what is asked of the messages of a verdict, so that a reader learns from them what to change.
 */
import type { Verdict } from '../judge/judge.ts'

const wordsOf = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\p{N}_.]+/gu) ?? [])

/** Numbers that only the kernel knows: `42:2` for a directory, `-3` or `errno 3` for an error. */
const RAW = /(^|[\s("])\d+:\d+($|[\s);,"])|\berrno -?\d|\berror -?\d|returned -\d/

/** What is wrong with the messages of a verdict, one line each. */
export function flawsIn(verdict: Verdict): string[] {
  if (verdict.kind === 'cannot') return []
  const failures = verdict.findings.flatMap(({ title, failure }) => (failure ? [{ title, ...failure }] : []))
  const causes = failures.map(({ cause }) => cause).filter(cause => !cause.startsWith('as above'))
  return [
    ...failures.flatMap(({ title, expected, seen, cause }) => {
      const known = wordsOf(expected)
      const isAlike = [...wordsOf(seen)].every(word => known.has(word))
      const raw = [expected, seen, cause].filter(text => RAW.test(text))
      return [
        ...(isAlike ? [`${title}: what was seen reads like what was expected: ${seen}`] : []),
        ...raw.map(text => `${title}: a number that only the kernel knows: ${text}`),
      ]
    }),
    ...causes.filter((cause, i) => causes.indexOf(cause) !== i).map(cause => `a cause is told twice: ${cause}`),
  ]
}
