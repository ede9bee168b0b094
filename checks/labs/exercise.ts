/**
 * What an exercise is: a region of a lab that the reader writes themselves.
 */
import type { Observation } from '../observer/record.ts'
import type { Claim } from './claim.ts'

/** Hints for something that was seen. */
export interface SeenHints {
  /** Is matched against what was seen of the failed claim, and against what the program printed. */
  readonly when: RegExp
  /** In steps. */
  readonly hints: readonly string[]
}

/**
 * What the kernel has seen of one task, however far the program came: that it is done (`true`), or in a sentence what is
 * missing or wrong. Nothing, as long as nothing can be said.
 */
export type Proof = true | string | undefined

/** One exercise. Its number is its place among those of its lab: `3.2`. */
export interface Exercise<Seen = Observation> {
  /** The region of the lab that is blanked out. */
  readonly region: string
  /** What to do, in one sentence. */
  readonly task: string
  /** What there is to do it with. */
  readonly given: string
  /** Title of the claim that proves it. */
  readonly claim: string
  /**
   * Title of the claim that fails first while only this exercise is open, where the program does not get as far as
   * `claim`.
   */
  readonly stopsAt?: string
  /** What was seen of this task alone. Without it, the task is as good as its claim. */
  readonly proof?: (seen: Seen) => Proof
  /** What stands in the region's place: code around the task's number and sentence. Without it, the task is skipped. */
  readonly blank?: (task: string) => string
  /** From a nudge to nearly the answer. */
  readonly hints: readonly string[]
  /**
   * The first of these that fits comes before the other hints, once the task is written and is not proved.
   */
  readonly seen?: readonly SeenHints[]
  /** Slips of the pen: the same, matched against the lines that the reader has written. */
  readonly written?: readonly SeenHints[]
}

/** As many titles as the longest checker has. */
type Titles = [string, string, string, string, string, string, string, string, string]

/** The titles of a checker's claims, for a destructuring that names them. */
export const titlesOf = (checker: readonly Pick<Claim, 'title'>[]): Titles =>
  checker.map(({ title }) => title) as Titles
