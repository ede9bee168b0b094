/**
 * What a lab prints: which side speaks, and what it sees. Colour only on a terminal, and never with NO_COLOR.
 */
import chalk from 'chalk'

if (process.env['NO_COLOR']) chalk.level = 0

export { chalk }

/** The parent speaks, on the outside of whatever was made new. */
export function outside(text: string): void {
  console.log(`${chalk.cyan('outside')}  ${text}`)
}

/** The child speaks, inside. */
export function inside(text: string): void {
  console.log(`${chalk.yellow(' inside')}  ${text}`)
}

/** A remark by nobody in particular. */
export function note(text: string): void {
  console.log(chalk.dim(`         ${text}`))
}
