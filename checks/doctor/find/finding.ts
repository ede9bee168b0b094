/**
 * What the doctor says of one thing.
 */

/** `limited`: it works, with the loss that the cause names. `unknown`: only doing it would show. */
export type State = 'good' | 'limited' | 'missing' | 'unknown'

/** One finding: what was looked for, what was seen, and where that is not good, the cause and the remedy. */
export interface Finding<Id extends string = string> {
  readonly id: Id
  readonly title: string
  readonly state: State
  readonly seen: string
  readonly cause?: string
  /** The exact command for this distribution, or a sentence where there is none. */
  readonly remedy?: string
}

/** Why something is not good, and what helps. */
export interface Diagnosis {
  readonly cause?: string | undefined
  readonly remedy?: string | undefined
}

/** A finding without its empty fields. */
export function finding<Id extends string>(
  id: Id,
  title: string,
  state: State,
  seen: string,
  { cause, remedy }: Diagnosis = {},
): Finding<Id> {
  return { id, title, state, seen, ...(cause && { cause }), ...(remedy && { remedy }) }
}
