/**
 * Whether a program got the verdict that the table names for it, in a place that may not be able to judge everything.
 */
import type { Verdict } from '../../judge/judge.ts'
import { isTooBusy } from '../../testing/programs.ts'

/** What came of a program. */
export interface Outcome {
  /**
   * `as named`: exactly the claims that the table names refuse it. `unclear`: nothing speaks against that, but the place
   * was too slow for a claim, or cannot judge the claims that are named. `otherwise`: anything else.
   */
  readonly kind: 'as named' | 'unclear' | 'otherwise'
  /** Why it is not as named, in a line; else empty. */
  readonly about: string
}

/** What a place cannot judge of any program: of a lab as a whole, or of claims by their titles, with what is missing. */
export interface Blind {
  readonly lab?: string
  readonly claims: ReadonlyMap<string, string>
}

/** A place that can judge everything. */
export const SEES_ALL: Blind = { claims: new Map() }

/** What a place cannot judge, by its verdict on the lab's own program. That it was too slow says nothing about others. */
export function blindness(ofLab: Verdict): Blind {
  if (ofLab.kind === 'cannot') return isTooBusy(ofLab.reason) ? SEES_ALL : { lab: ofLab.reason, claims: new Map() }
  const unjudged = ofLab.findings.flatMap(({ title, unjudged: found }) =>
    found && !isTooBusy(found.missing) ? [[title, found.missing] as const] : [],
  )
  return { claims: new Map(unjudged) }
}

const inOneLine = (text: string) => text.replaceAll(/\s*\n\s*/g, '; ')

/**
 * Compares a verdict with the table.
 * @param refusedBy the titles of the claims that the table names
 * @param blind what the place cannot judge of any program
 */
export function compare(verdict: Verdict, refusedBy: readonly string[], blind: Blind): Outcome {
  if (verdict.kind === 'cannot') {
    const isExpected = isTooBusy(verdict.reason) || verdict.reason === blind.lab
    return { kind: isExpected && !verdict.isFault ? 'unclear' : 'otherwise', about: inOneLine(verdict.reason) }
  }
  const failed = verdict.findings.filter(({ failure }) => failure)
  const open = verdict.findings.filter(({ unjudged }) => unjudged)
  const slow = open.filter(({ unjudged }) => isTooBusy(unjudged?.missing))
  // What the place can judge of the lab and not of this program, the program itself has brought about.
  const strange = open.filter(one => !slow.includes(one) && blind.claims.get(one.title) !== one.unjudged?.missing)
  const isOpen = (title: string) => open.some(one => one.title === title)
  const wanted = refusedBy.filter(title => !isOpen(title))
  const isSame = failed.map(({ title }) => title).join('\n') === wanted.join('\n') && strange.length === 0
  const seen = verdict.findings.flatMap(({ title, failure, unjudged }) =>
    failure || unjudged ? [`${title} (${failure?.seen ?? `not judged: ${unjudged?.missing}`})`] : [],
  )
  const about = inOneLine(seen.join('; ') || 'nothing refused it')
  // A program whose mistake takes a pause that is short enough says of itself when the machine did not allow that.
  const saysSo = isTooBusy(verdict.output)
  if (!isSame) return { kind: saysSo ? 'unclear' : 'otherwise', about }
  const isUndecided = slow.length > 0 || (wanted.length === 0 && refusedBy.length > 0)
  return isUndecided ? { kind: 'unclear', about } : { kind: 'as named', about: '' }
}
