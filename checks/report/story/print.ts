/**
 * A story for a terminal.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { wrap } from '../../../lib/lab/layout.ts'
import type { Told } from '../../observer/story/event.ts'
import { type StoryLine, storyLines } from './lines.ts'

/** Where the words begin: behind the time, the number and the program. */
const [TIME, WHO] = [9, 12]

/** The lines of a story, laid out for a terminal of some columns. */
export function layLines(lines: readonly StoryLine[], columns: number, indent = '  '): string[] {
  const widest = Math.max(0, ...lines.map(({ program }) => program.length))
  const hang = indent.length + TIME + 5 + WHO + widest + 2
  return lines.flatMap(({ time, who, program, text, line }) => {
    const place = line === undefined ? '' : `  [${line}]`
    const head = `${indent}${time.toFixed(1).padStart(TIME)} ms  ${who.padEnd(WHO)} ${program.padEnd(widest)} `
    const laid = wrap(`${head}${text}${place}`, Math.min(hang, columns >> 1), columns)
    return laid.split('\n').map(each => (place === '' ? each : each.replace(place.trim(), chalk.dim(place.trim()))))
  })
}

/** A whole story as text. */
export function printStory(told: Told, isWhole: boolean, columns: number): string {
  const title = isWhole ? 'what happened, all of it:' : 'what happened:'
  const rest = told.dropped > 0 ? [`    (${told.dropped} events from the middle of it have not been kept)`] : []
  return ['', `    ${title}`, ...layLines(storyLines(told, isWhole), columns), ...rest].join('\n')
}
