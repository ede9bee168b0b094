/**
 * What the folder of a lab holds: all there is of it to be judged by, and to be learnt with.
 */
import type { Observation } from '../observer/record.ts'
import type { RecordsOf, WitnessKind } from '../witnesses/witness.ts'
import type { Checker } from './claim.ts'
import type { Exercise } from './exercise.ts'
import type { ProgramTable } from './programs.ts'
import type { Question } from './question.ts'

/** What there is of one lab, given what its witnesses record. */
interface Description<Seen> {
  /** In the order in which a learner meets them. */
  readonly claims: Checker<Seen>
  /** In the order in which they are done. */
  readonly exercises: readonly Exercise[]
  /** What is asked before the lab is run. */
  readonly questions: readonly Question<Seen>[]
  /** On which the claims are tried. */
  readonly programs: ProgramTable
}

/** A lab as those see it who serve all of them: its claims are asked about records of its own witnesses and no others. */
export interface CheckedLab extends Description<Observation> {
  /** Who looks on while a program of the lab runs, besides those who follow its processes. */
  readonly witnesses: readonly WitnessKind[]
}

/**
 * Puts a lab together.
 * @param witnesses those its claims and questions ask; a claim that asks for what none of them records does not compile
 */
export function describeLab<const Kinds extends readonly WitnessKind[]>(
  witnesses: Kinds,
  description: Description<Observation & RecordsOf<Kinds>>,
): CheckedLab {
  // The one place where the records lose their types: a judge calls the claims with what these very witnesses recorded.
  return { witnesses, ...(description as unknown as Description<Observation>) }
}
