/**
 * What is wrong with the book: where, what, and what to do about it.
 */

/** One fault of the book. */
export interface Problem {
  /** The file, relative to the checkout. */
  readonly file: string
  /** From 1; missing where it is about the whole file. */
  readonly line?: number
  readonly what: string
  /** How to correct it. */
  readonly hint: string
}

/** A problem as it is printed. */
export function describeProblem({ file, line, what, hint }: Problem): string {
  return `${line === undefined ? file : `${file}:${line}`}: ${what}\nhint: ${hint}`
}
