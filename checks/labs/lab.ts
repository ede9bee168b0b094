/**
 * What the folder of a lab holds: all that it is judged by and learnt with.
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
  readonly exercises: readonly Exercise<Seen>[]
  /** What is asked before the lab is run. */
  readonly questions: readonly Question<Seen>[]
  /** On which the claims are tried. */
  readonly programs: ProgramTable
}

/** A lab as code for all labs sees it: its claims may be asked only about the records of its own witnesses. */
export interface CheckedLab extends Description<Observation> {
  /** The witnesses of a program of the lab, besides the observer of its processes. */
  readonly witnesses: readonly WitnessKind[]
  /** Those that look on besides where the story is asked for. No claim asks them, and a machine may lack what they need. */
  readonly tellers: readonly WitnessKind[]
}

/**
 * Puts a lab together.
 * @param witnesses whose records its claims and questions use; one that uses anything else does not compile
 * @param tellers who add to the story alone
 */
export function describeLab<const Kinds extends readonly WitnessKind[]>(
  witnesses: Kinds,
  description: Description<Observation & RecordsOf<Kinds>>,
  tellers: readonly WitnessKind[] = [],
): CheckedLab {
  // The one place where the records lose their types: a judge calls the claims with what these very witnesses recorded.
  return { witnesses, tellers, ...(description as unknown as Description<Observation>) }
}
