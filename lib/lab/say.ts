/**
 * What a lab prints: which side speaks, and what it sees. Colour only on a terminal, and never with NO_COLOR.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
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

/**
 * An explanation, which neither side says.
 * @param text nothing is printed where there is none
 */
export function note(text: string | undefined): void {
  if (text !== undefined) print(chalk.dim(`         ${text}`))
}

/**
 * What the kernel answers to something that it is expected to refuse: the name of the errno, or `done`.
 * @param action makes one call
 */
export const refusal = (action: () => void): string => refusalOf(action) ?? 'done'

/**
 * What the kernel answers at last to something that it lets pass only so often: `ENOSPC, after 32 of them`. It asks until
 * that is refused, and for ever where it never is.
 * @param action makes one call
 * @throws what the action throws that is no errno
 */
export function refusalAtLast(action: () => void): string {
  for (let times = 0; ; times++) {
    const answer = refusalOf(action)
    if (answer !== undefined) return `${answer}, after ${times} of them`
  }
}

/** Names in a line; `nothing` where there are none. */
export const list = (names: readonly string[]): string => names.join(' ') || 'nothing'

function lookAt(path: string): string {
  if (statSync(path).isDirectory()) return `in ${path}: ${list(readdirSync(path))}`
  const lines = (readFileSync(path, 'utf8').match(/[^\n]*\n|[^\n]+/g) ?? []).length
  return `${path} has ${lines} ${lines === 1 ? 'line' : 'lines'}`
}

/**
 * What is at some paths: `/etc/hosts has 2 lines; in /root: nothing`.
 * @param paths text files and directories
 * @throws Error ENOENT, EACCES of node:fs
 */
export const look = (...paths: readonly string[]): string => paths.map(lookAt).join('; ')

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
