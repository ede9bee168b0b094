/**
 * What a lab prints: which side speaks, and what it sees. Colour only on a terminal, and never with NO_COLOR.
 */
import { refusalOf } from '../errors.ts'
import { sleep } from '../process.ts'
import { chalk } from './colour.ts'

let pace = 0
let isQuiet = false

/** Makes every line be followed by a pause, in seconds. */
export function setPace(seconds: number): void {
  pace = seconds
}

/** Makes the lab itself print nothing, for --quiet. */
export function setQuiet(quiet: boolean): void {
  isQuiet = quiet
}

function print(line: string): void {
  if (isQuiet) return
  console.log(line)
  pause()
}

/** The pause after a line. */
export function pause(): void {
  if (pace > 0) sleep(pace)
}

/** The parent speaks, on the outside of whatever was made new. */
export function outside(text: string): void {
  print(`${chalk.cyan('outside')}  ${text}`)
}

/** The child speaks, inside. */
export function inside(text: string): void {
  print(`${chalk.yellow(' inside')}  ${text}`)
}

/** An explanation, which neither side says. */
export function note(text: string): void {
  print(chalk.dim(`         ${text}`))
}

/**
 * What the kernel answers to something that it is expected to refuse: the name of the errno, or `done`.
 * @param action makes one call
 */
export const refusal = (action: () => void): string => refusalOf(action) ?? 'done'

/** How the names of speakers are told apart, one after the other. */
const COLOURS = ['cyan', 'yellow', 'magenta', 'green'] as const
const known: string[] = []

/**
 * Somebody else speaks: of a lab in which there are more than two sides.
 * @param name at most seven letters
 * @returns a function that prints what they say
 */
export function speaker(name: string): (text: string) => void {
  const place = known.includes(name) ? known.indexOf(name) : known.push(name) - 1
  const colour = COLOURS[place % COLOURS.length] as (typeof COLOURS)[number]
  return text => print(`${chalk[colour](name.padStart(7))}  ${text}`)
}
