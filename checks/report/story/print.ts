/**
 * A story for a terminal.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { wrap } from '../../../lib/lab/layout.ts'
import type { Told } from '../../observer/story/event.ts'
import { type StoryLine, storyLines } from './lines.ts'

/** From how many columns on the program has one of its own. */
const WIDE = 100

const widest = (words: readonly string[]) => Math.max(0, ...words.map(({ length }) => length))

/** The lines of a story, laid out for a terminal of some columns. */
export function layLines(lines: readonly StoryLine[], columns: number, indent = '  '): string[] {
  const isWide = columns >= WIDE
  const times = lines.map(({ time }) => `${time.toFixed(1)} ms`)
  // Where there is no column for it, who is nobody's process is said where the numbers are.
  const people = lines.map(({ who, program }) => (isWide || who !== '' ? who : program))
  const [timeWidth, whoWidth, programWidth] = [times, people, lines.map(({ program }) => program)].map(widest) as [
    number,
    number,
    number,
  ]
  return lines.flatMap(({ program, text, line }, i) => {
    const place = line === undefined ? '' : `[${line}]`
    const who = `${(people[i] as string).padEnd(whoWidth)}  ${isWide ? `${program.padEnd(programWidth)}  ` : ''}`
    const head = `${indent}${(times[i] as string).padStart(timeWidth)}  ${who}`
    const laid = wrap(`${head}${text}${place && `  ${place}`}`, head.length, columns)
    return laid.split('\n').map(each => each.trimEnd().replace(place, place && chalk.dim(place)))
  })
}

/** A whole story as text. */
export function printStory(told: Told, isWhole: boolean, columns: number): string {
  const title = isWhole ? 'what happened, all of it:' : 'what happened:'
  const rest = told.dropped > 0 ? [`    (${told.dropped} events from the middle of it have not been kept)`] : []
  return ['', `    ${title}`, ...layLines(storyLines(told, isWhole), columns), ...rest].join('\n')
}
