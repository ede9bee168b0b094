/**
 * Where the reader stands: what is known of each task, and which one is next, by the file and by the kernel.
 */
import { checkedLab } from '../../labs/all.ts'
import type { Exercise, Proof } from '../../labs/exercise.ts'
import { findRegion, lineOfTask, numberOf } from '../../labs/tasks.ts'
import { crashedPlace, knowingPlace, openPlaces, placeBehind, slipIn } from '../../report/name-task.ts'
import type { ClaimReport, LabReport } from '../../report/report.ts'

/** One task. */
export interface TaskState {
  readonly number: string
  readonly exercise: Exercise
  /**
   * `open`: not written; `written`: written, and neither proved nor refuted yet; `proved`: the kernel has seen it;
   * `broken`: the program fails in it, or the kernel has seen that something is missing.
   */
  readonly state: 'open' | 'written' | 'proved' | 'broken'
  /** The line of its call while it is open, else of its first line. */
  readonly line?: number
  /** What the kernel has seen to be missing. */
  readonly fault?: string
}

/** All of a lab. */
export interface Standing {
  readonly tasks: readonly TaskState[]
  /** The task to look at; `undefined` when nothing is left to do, or nothing is known of it. */
  readonly current?: TaskState
  /** The first claim that does not hold. */
  readonly failed?: ClaimReport
  /** Whether it is in that task that the program itself has failed. */
  readonly crash?: boolean
  /** The hints for what is written in it and cannot have been meant. */
  readonly slip?: readonly string[]
  /** Whether no claim fails, some hold (those that cannot be judged here do not count), and no task is broken. */
  readonly isDone: boolean
}

/** What is known besides the report. */
export interface Known {
  /** Of each task, in their order. */
  readonly proofs?: readonly (Proof | null)[]
  /** The lines in which the compiler finds something wrong. */
  readonly wrongLines?: readonly number[]
}

/** Whether a claim is open because the program had to be ended before it could be decided. */
const isCutShort = ({ verdict, missing }: ClaimReport) =>
  verdict === 'cannot be judged' && /\bthe program did not end in \d/.test(missing ?? '')

const verdictOf = (report: LabReport | undefined, claim: string) =>
  report?.claims.find(({ title }) => title === claim)?.verdict

/** The task whose own lines the compiler refuses. */
function refusedPlace(slug: string, source: string, lines: readonly number[]): number | undefined {
  const all = source.split('\n')
  const parts = checkedLab(slug).exercises.map(({ region }) => findRegion(all, region))
  const isIn = (line: number) => (part: (typeof parts)[number]) => part && line - 1 >= part.from && line - 1 < part.to
  return lines.map(line => parts.findIndex(isIn(line))).find(each => each >= 0)
}

/** What is known of one task that is written. */
function stateOf(exercise: Exercise, report: LabReport | undefined, proof: Proof | null, isBlamed: boolean) {
  if (!report) return 'written'
  if (isBlamed || typeof proof === 'string') return 'broken'
  if (exercise.proof) return proof === true ? 'proved' : 'written'
  return verdictOf(report, exercise.claim) === 'holds' ? 'proved' : 'written'
}

/**
 * Where the reader stands.
 * @param source their file
 * @param report what the kernel said of it, if it has been judged
 */
export function standing(slug: string, source: string, report: LabReport | undefined, known: Known = {}): Standing {
  const { exercises } = checkedLab(slug)
  const open = openPlaces(slug, source)
  const failed = report?.claims.find(({ verdict }) => verdict === 'does not hold')
  // Of a program that hangs, the first claim that it has left open says where.
  const blamed = failed && report?.claims.find(claim => claim === failed || isCutShort(claim))
  const output = report?.output ?? ''
  const proofs = exercises.map((_, place) => (open.includes(place) ? null : (known.proofs?.[place] ?? null)))
  const crashed = failed && (crashedPlace(slug, source, output) ?? knowingPlace(slug, source, output))
  const refused = refusedPlace(slug, source, known.wrongLines ?? [])
  const faulty = proofs.findIndex(proof => typeof proof === 'string')
  const hasSlip = (at: number) => !open.includes(at) && proofs[at] !== true && slipIn(slug, source, at) !== undefined
  const slipped = failed && [...exercises.keys()].find(hasSlip)
  const place = ((): number | undefined => {
    const own = crashed ?? (failed && refused)
    if (slipped !== undefined) return slipped
    // What the kernel has seen to be missing in an earlier task may be why a later one fails.
    if (own !== undefined && !open.includes(own)) return faulty >= 0 && faulty < own ? faulty : own
    if (faulty >= 0 && (open[0] === undefined || faulty < open[0])) return faulty
    // Of several tasks with the claim that was left open, how the program hung tells which.
    const seen = [blamed?.seen ?? blamed?.missing, blamed !== failed && failed?.seen, output].filter(Boolean).join('\n')
    const behind = blamed ? placeBehind(slug, source, blamed.title, seen) : open[0]
    if (behind === undefined || proofs[behind] !== true) return behind
    // What the kernel has seen to be right is not to blame: the next one that it has not.
    const unproved = exercises.findIndex((one, at) => stateOf(one, report, proofs[at] ?? null, false) !== 'proved')
    return open[0] ?? (unproved < 0 ? undefined : unproved)
  })()
  const tasks = exercises.map((exercise, at): TaskState => {
    const number = numberOf(slug, at)
    const region = findRegion(source.split('\n'), exercise.region)
    const line = lineOfTask(source, number) ?? (region && region.from + 1)
    const head = { number, exercise, ...(line !== undefined && { line }) }
    if (open.includes(at)) return { ...head, state: 'open' }
    const proof = proofs[at] ?? null
    const state = stateOf(exercise, report, proof, at === place && failed !== undefined)
    return { ...head, state, ...(typeof proof === 'string' && { fault: proof }) }
  })
  const current = place === undefined ? undefined : tasks[place]
  const isSeen = report?.claims.some(({ verdict }) => verdict === 'holds') ?? false
  const isDone = isSeen && !failed && !tasks.some(({ state }) => state === 'broken')
  const slip = slipped === undefined ? undefined : slipIn(slug, source, slipped)
  const besides = { ...(slip && { slip }), ...(place !== undefined && place === crashed && { crash: true }) }
  return { tasks, ...(current && { current }), ...(failed && { failed }), ...besides, isDone }
}
