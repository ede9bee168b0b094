/**
 * From verdicts to points.
 */
import type { Lab } from '../../lib/lab/manifest.ts'
import type { Verdict } from '../judge/judge.ts'
import { checkedLab } from '../labs/all.ts'
import { EVERY_LAB } from '../labs/claim.ts'
import { type ClaimReport, labReport, type Word } from '../report/report.ts'
import type { Submission } from './submissions.ts'

/** Changes when a field changes its meaning or goes; new ones may come. */
const VERSION = 1

/** The outcome of a submission: `nothing to judge` gives zero points, `not judged` gives no points yet. */
export type Outcome = Word | 'nothing to judge' | 'not judged'

/** One claim, and what it is worth. */
export interface MarkedClaim extends ClaimReport {
  /** Points for it; `null` if it could not be judged. */
  readonly points: number | null
}

/** The mark of one student for one lab. */
export interface Mark extends Pick<Lab, 'slug' | 'number' | 'title'> {
  readonly student: string
  /** The program, relative to the folder of submissions. */
  readonly program: string | null
  readonly outcome: Outcome
  /** `null` if it was not judged. */
  readonly points: number | null
  /** As many as there are claims. */
  readonly of: number
  /** How many of them could not be judged. */
  readonly unjudged: number
  readonly seconds: number
  readonly claims: readonly MarkedClaim[]
  /** Why there was nothing to judge, or why it could not be judged. */
  readonly reason?: string
  readonly remedy?: string
  /** Whether it is the judge's own fault that it could not. */
  readonly isFault?: true
  /** The last lines that the program printed. */
  readonly output: string
}

/** The sum of one student. */
export interface Sum {
  readonly student: string
  /** The file with the text for them. */
  readonly letter: string
  readonly points: number
  readonly of: number
  readonly unjudged: number
}

/** The claim of a lab that most programs of the class do not fulfil. */
export interface Commonest {
  readonly slug: string
  readonly title: string
  /** How many programs, of how many that were judged. */
  readonly count: number
  readonly of: number
  /** The cause that was found most often, and for how many of them. */
  readonly cause: string
  readonly causeCount: number
}

/** The overview of one lab. */
export interface Overview {
  readonly slug: string
  readonly number: number
  readonly missing: readonly string[]
  readonly unsolved: readonly string[]
  readonly commonest?: Commonest
}

/** The grades of a class, as grades.json has them. */
export interface Grades {
  readonly version: typeof VERSION
  readonly students: readonly Sum[]
  readonly marks: readonly Mark[]
  /** Of each lab: who has not handed in, who has not solved it, and where most have failed. */
  readonly overview: readonly Overview[]
  /** What in the folder was taken for no student. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[]
  readonly summary: {
    readonly students: number
    readonly marks: number
    readonly notJudged: number
    readonly seconds: number
  }
}

/** How many claims a lab's check states: its own, those of every lab, and the one about the machine. */
const claimsOf = (slug: string): number => checkedLab(slug).claims.length + EVERY_LAB.length + 1

function head({ student, lab, program }: Submission) {
  const { slug, number, title } = lab
  return { student, slug, number, title, program: program ?? null, of: claimsOf(slug) }
}

/** The mark of a submission that cannot even be started: no points. */
export function markOfProblem(submission: Submission, problem: string): Mark {
  const nothing = { points: 0, unjudged: 0, seconds: 0, claims: [], output: '' }
  return { ...head(submission), ...nothing, outcome: 'nothing to judge', reason: problem }
}

/**
 * One point for each claim. The claims about every lab (it ends, it leaves nothing behind) count only together with one
 * of the lab itself, because a program that does nothing fulfils all of them. What a program leaves behind cannot be
 * judged if it had to be killed: that is its own fault, and gives no point.
 */
function withPoints(slug: string, claims: readonly ClaimReport[]): MarkedClaim[] {
  const number = checkedLab(slug).claims.length
  const hasDone = claims.slice(0, number).some(({ verdict }) => verdict === 'holds')
  const hadToBeEnded = claims[number]?.verdict === 'does not hold'
  return claims.map((claim, i) => {
    const isJudged = claim.verdict !== 'cannot be judged' || (i >= number && hadToBeEnded)
    return { ...claim, points: isJudged ? Number(claim.verdict === 'holds' && hasDone) : null }
  })
}

/** The mark of a submission that was judged, or should have been. */
export function markOf(submission: Submission, verdict: Verdict): Mark {
  const { slug } = submission.lab
  const judged = labReport(slug, submission.program ?? '', verdict)
  const { verdict: word, seconds, claims, output, missing, remedy, isFault } = judged
  const marked = withPoints(slug, claims)
  const reason = missing === undefined ? {} : { reason: missing, ...(remedy !== undefined && { remedy }) }
  if (claims.length === 0) {
    const isInterrupted = missing === 'interrupted'
    const outcome = isInterrupted ? ('not judged' as const) : word
    return {
      ...head(submission),
      outcome,
      points: null,
      unjudged: claimsOf(slug),
      seconds,
      claims: [],
      output,
      ...reason,
      ...(isFault && { isFault }),
    }
  }
  const points = marked.reduce((sum, claim) => sum + (claim.points ?? 0), 0)
  const unjudged = marked.filter(claim => claim.points === null).length
  return { ...head(submission), outcome: word, points, unjudged, seconds, claims: marked, output, ...reason }
}

/** Whether some claims could not be judged: then the mark is not final. */
export const isOpen = ({ unjudged }: Mark): boolean => unjudged > 0

/** A file name for each student, whatever they are called. @returns as many as there are students, all different */
export function letterNames(students: readonly string[]): string[] {
  const taken = new Set<string>(['grades'])
  return students.map(student => {
    const plain = student
      .normalize('NFC')
      .replace(/[^\p{L}\p{M}\p{N}._ -]/gu, '_')
      .replace(/^[. -]+/, '_')
      .slice(0, 60)
    const name = plain.trim() || 'student'
    let free = name
    for (let i = 2; taken.has(free.toLowerCase()); i++) free = `${name}-${i}`
    taken.add(free.toLowerCase())
    return `${free}.txt`
  })
}

/** Puts the class together. @param seconds how long it took */
export function gradesOf(
  marks: readonly Mark[],
  { overview, leftOut }: Pick<Grades, 'overview' | 'leftOut'>,
  seconds: number,
): Grades {
  const students = [...new Set(marks.map(({ student }) => student))]
  const letters = letterNames(students)
  const sums = students.map((student, i) => {
    const own = marks.filter(mark => mark.student === student)
    const total = (part: (mark: Mark) => number) => own.reduce((sum, mark) => sum + part(mark), 0)
    const points = total(mark => mark.points ?? 0)
    return {
      student,
      letter: letters[i] ?? '',
      points,
      of: total(mark => mark.of),
      unjudged: total(mark => mark.unjudged),
    }
  })
  const notJudged = marks.filter(isOpen).length
  const summary = { students: students.length, marks: marks.length, notJudged, seconds: Math.round(seconds * 10) / 10 }
  return { version: VERSION, students: sums, marks, overview, leftOut, summary }
}
