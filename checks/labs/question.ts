/**
 * The type of the questions that are asked before a lab is run.
 */
import type { Observation } from '../observer/record.ts'

/** One question. */
export interface Question<Seen = Observation> {
  /** Its name in the reader's record. */
  readonly name: string
  readonly text: string
  /** To choose from; without them the answer is a whole number. */
  readonly choices?: readonly string[]
  /** What the kernel did: the place of the choice, from 0, or the number; `undefined` if that could not be seen. */
  readonly truth: (seen: Seen) => number | undefined
  /** Why it is so, in a sentence or two. */
  readonly why: string
}

/** An answer, or what the kernel did, as a reader sees it. */
export const wordsFor = ({ choices }: Pick<Question, 'choices'>, value: number): string =>
  choices?.[value] ?? String(value)
