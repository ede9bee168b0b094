/**
 * What an exercise is: a region of a lab that the reader writes themselves.
 */
import type { Claim } from './claim.ts'

/** Hints for something that was seen. */
export interface SeenHints {
  /** What is to be found in what was seen of the failed claim, or in what the program printed. */
  readonly when: RegExp
  /** In steps. */
  readonly hints: readonly string[]
}

/** One exercise. Its number is its place among those of its lab: `3.2`. */
export interface Exercise {
  /** The region of the lab that is blanked out. */
  readonly region: string
  /** What to do, in one sentence. */
  readonly task: string
  /** What there is to do it with. */
  readonly given: string
  /** Title of the claim that proves it. */
  readonly claim: string
  /** Title of the claim that fails first while this alone is open, where the program cannot go on as far as the other. */
  readonly stopsAt?: string
  /** What stands in the region's place: code around the task's number and sentence. Without it, the task is skipped. */
  readonly blank?: (task: string) => string
  /** From a nudge to nearly the answer. */
  readonly hints: readonly string[]
  /** Come before those, the first that fits, when the task is open no more and does not hold yet. */
  readonly seen?: readonly SeenHints[]
}

/** As many titles as the longest checker has. */
type Titles = [string, string, string, string, string, string, string]

/** The titles of a checker's claims, to be given names. */
export const titlesOf = (checker: readonly Pick<Claim, 'title'>[]): Titles =>
  checker.map(({ title }) => title) as Titles
