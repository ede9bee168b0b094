/**
 * What a teacher wants to know of a class at a glance: who has not handed in, who has not solved what, and what most
 * have failed in.
 */
import { wrap } from '../../lib/lab/layout.ts'
import { harmlessLine } from '../judge/sanitize.ts'
import type { Commonest, Grades, Mark, Overview } from './marks.ts'
import { NOTHING } from './submissions.ts'

const isMissing = ({ outcome, reason = '' }: Mark) => outcome === 'nothing to judge' && reason.startsWith(NOTHING)

/** The most frequent of some texts, the first among equals. */
function mostOf(texts: readonly string[]): readonly [text: string, count: number] | undefined {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].reduce<readonly [string, number] | undefined>(
    (best, one) => (best === undefined || one[1] > best[1] ? one : best),
    undefined,
  )
}

function commonestOf(slug: string, marks: readonly Mark[]): Commonest | undefined {
  const judged = marks.filter(({ claims }) => claims.length > 0)
  // Of each program the first: what follows from it is no mistake of its own.
  const first = judged.flatMap(({ claims }) => claims.find(({ verdict }) => verdict === 'does not hold') ?? [])
  const [title, count] = mostOf(first.map(claim => claim.title)) ?? []
  if (title === undefined || count === undefined) return undefined
  const causes = first.filter(claim => claim.title === title).map(({ cause }) => cause ?? '')
  const [cause, causeCount] = mostOf(causes) ?? ['', 0]
  return { slug, title, count, of: judged.length, cause, causeCount }
}

/** The overview of each lab that was graded. */
export function overviewOf(marks: readonly Mark[]): Overview[] {
  const slugs = [...new Set(marks.map(({ slug }) => slug))].sort()
  return slugs.map(slug => {
    const own = marks.filter(mark => mark.slug === slug)
    const commonest = commonestOf(slug, own)
    return {
      slug,
      number: own[0]?.number ?? 0,
      missing: own.filter(isMissing).map(({ student }) => student),
      unsolved: own.filter(mark => mark.outcome !== 'holds' && !isMissing(mark)).map(({ student }) => student),
      ...(commonest && { commonest }),
    }
  })
}

const names = (students: readonly string[]) => students.map(harmlessLine).join(', ')

/** The same as lines. @param width columns there are */
export function overviewLines({ overview, leftOut }: Pick<Grades, 'overview' | 'leftOut'>, width: number): string[] {
  const lines = overview.flatMap(({ number, missing, unsolved, commonest }) => [
    ...(missing.length > 0 ? [`lab ${number}: not handed in by ${names(missing)}`] : []),
    ...(unsolved.length > 0 ? [`lab ${number}: not solved by ${names(unsolved)}`] : []),
    ...(commonest
      ? [
          `lab ${number}: most often it fails in: ${commonest.title} (${commonest.count} of ${commonest.of}); ` +
            `the likely cause${commonest.causeCount < commonest.count ? ` of ${commonest.causeCount}` : ''}: ${commonest.cause}`,
        ]
      : []),
  ])
  const left = leftOut.map(({ name, why }) => `${harmlessLine(name)} (${why})`)
  return [...lines, ...(left.length > 0 ? [`left out: ${left.join(', ')}`] : [])].map(line => wrap(line, 7, width))
}
