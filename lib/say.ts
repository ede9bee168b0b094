/**
 * What a lab prints: which side speaks, and what it sees. Colour only on a terminal, and never with NO_COLOR.
 */
import { chalk } from './colour.ts'
import { sleep } from './process.ts'

let pace = 0

/** Makes every line be followed by a pause, in seconds. */
export function setPace(seconds: number): void {
  pace = seconds
}

/** The pause after a line. */
export function pause(): void {
  if (pace > 0) sleep(pace)
}

/** The parent speaks, on the outside of whatever was made new. */
export function outside(text: string): void {
  console.log(`${chalk.cyan('outside')}  ${text}`)
  pause()
}

/** The child speaks, inside. */
export function inside(text: string): void {
  console.log(`${chalk.yellow(' inside')}  ${text}`)
  pause()
}

/** A remark by nobody in particular. */
export function note(text: string): void {
  console.log(chalk.dim(`         ${text}`))
  pause()
}
