/**
 * Numbers from repeated measurements, and how they are shown beside a target.
 */
import { chalk } from '../../lib/lab/colour.ts'

/** The middle of the numbers; of an even count, the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const pair = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]] as [number, number]
  return (pair[0] + pair[1]) / 2
}

/** `list` rotated by `steps`, so that in each round another one comes first. */
export function rotated<T>(list: readonly T[], steps: number): T[] {
  const cut = steps % list.length
  return [...list.slice(cut), ...list.slice(0, cut)]
}

/** From clone to the end of waitpid, in milliseconds: how long it took, and for how long processors were at work. */
export interface Took {
  readonly time: number
  readonly work: number
}

/** The least of each: the one that took the least time need not be the one with the least work. */
export const least = (all: readonly Took[]): Took => ({
  time: Math.min(...all.map(({ time }) => time)),
  work: Math.min(...all.map(({ work }) => work)),
})

/** One line under a heading. */
export interface Row {
  readonly name: string
  /** What was measured, with its unit. */
  readonly value: string
  /** How that compares. */
  readonly comparison?: string
  readonly target?: { readonly text: string; readonly met: boolean }
}

const WIDTHS = [42, 11, 34] as const

function rowLine({ name, value, comparison = '', target }: Row): string {
  const cells = [name.padEnd(WIDTHS[0]), value.padStart(WIDTHS[1]), `  ${comparison.padEnd(WIDTHS[2])}`]
  const verdict = target?.met ? chalk.green('met') : chalk.yellow('missed')
  return `  ${cells.join('')}${target ? `target: ${target.text}: ${verdict}` : ''}`.trimEnd()
}

/** Prints a heading and its rows. */
export function report(heading: string, rows: readonly Row[]): void {
  console.log([heading, ...rows.map(rowLine), ''].join('\n'))
}

export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`

/** A row that says how many times as long ours takes as this one, and the target. */
export function rivalRow(name: string, ours: number, theirs: number, limit?: number, strict = false): Row {
  const ratio = ours / theirs
  const text = strict ? `less than ${limit} x` : `at most ${limit} x`
  return {
    name,
    value: milliseconds(theirs),
    comparison: `ours takes ${ratio.toFixed(2)} x as long`,
    ...(limit === undefined ? {} : { target: { text, met: strict ? ratio < limit : ratio <= limit } }),
  }
}
