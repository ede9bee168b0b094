/**
 * The class on a terminal: a line as soon as a program is judged, and the table at the end.
 */
import { chalk } from '../../lib/lab/colour.ts'
import { cut, widthOf, wrap } from '../../lib/lab/layout.ts'
import { harmlessLine } from '../judge/sanitize.ts'
import { columns } from '../report/live-line.ts'
import type { Grades, Mark, Outcome } from './marks.ts'
import { overviewLines } from './overview.ts'

const NAME = 24

/** A sign for each outcome, that says the same without its colour. */
const SIGNS: Readonly<Record<Outcome, string>> = {
  holds: chalk.green('✔'),
  'does not hold': chalk.red('✘'),
  'nothing to judge': chalk.red('✘'),
  'cannot be judged': chalk.yellow('?'),
  'not judged': chalk.yellow('·'),
}

/** A text of exactly so many columns. */
function fill(text: string, width: number): string {
  const short = widthOf(text) > width ? `${cut(text, width - 1)}…` : text
  return short + ' '.repeat(Math.max(0, width - widthOf(short)))
}

const pointsOf = ({ points, of }: Mark) => (points === null ? `- of ${of}` : `${points} of ${of}`)

/** What there is to say in a line besides the points. */
function remark({ outcome, reason = '', claims, unjudged }: Mark): string {
  if (claims.length === 0) return reason.split('\n').slice(0, 2).join(': ')
  const failed = claims.filter(({ verdict }) => verdict === 'does not hold').length
  const [first] = claims.filter(({ verdict }) => verdict === 'does not hold')
  const more = failed > 1 ? ` (and ${failed - 1} more)` : ''
  if (first) return `not: ${first.title}${more}`
  return outcome === 'cannot be judged' ? `${unjudged} cannot be judged here` : ''
}

/** The line of one mark. */
export function markLine(mark: Mark): string {
  const line = `  ${SIGNS[mark.outcome]} ${fill(harmlessLine(mark.student), NAME)} lab ${mark.number}  ${pointsOf(mark).padEnd(9)} `
  const room = columns() - 1 - (NAME + 24)
  const text = harmlessLine(remark(mark))
  return `${line}${chalk.dim(Number.isFinite(room) ? fill(text, Math.max(10, room)) : text)}`.trimEnd()
}

/** The table: a line a student, a column a lab. */
export function table({ students, marks }: Grades): string {
  const labs = [...new Set(marks.map(({ number }) => number))].sort()
  const width = Math.max(
    7,
    Math.min(NAME, ...[Math.max(...students.map(({ student }) => widthOf(harmlessLine(student))))]),
  )
  const find = (student: string, lab: number) => marks.find(one => one.student === student && one.number === lab)
  const cellOf = (mark: Mark | undefined) => {
    const text = mark === undefined ? '' : `${mark.points ?? '-'}${mark.unjudged > 0 ? '?' : ''}/${mark.of}`
    return text.padStart(8)
  }
  const head = `  ${fill('', width)}${labs.map(lab => `lab ${lab}`.padStart(8)).join('')}${'sum'.padStart(9)}`
  const lines = students.map(({ student, points, of, unjudged }) => {
    const cells = labs.map(lab => cellOf(find(student, lab))).join('')
    return `  ${fill(harmlessLine(student), width)}${cells}${`${points}${unjudged > 0 ? '?' : ''}/${of}`.padStart(9)}`
  })
  return [chalk.bold(head), ...lines].join('\n')
}

/** What is said at the end. */
export function closing(grades: Grades, folder: string): string {
  const { summary, marks } = grades
  const { students, notJudged, seconds } = summary
  const full = marks.filter(({ outcome }) => outcome === 'holds').length
  const nothing = marks.filter(({ outcome }) => outcome === 'nothing to judge').length
  const parts = [
    `${students} ${students === 1 ? 'student' : 'students'}`,
    `${full} of ${marks.length} programs do all of it`,
    nothing > 0 && `${nothing} could not be started`,
    notJudged > 0 && `${notJudged} could not be judged, or not whole: a ? in the table`,
  ].filter(Boolean)
  const line = `${parts.join(', ')} (${seconds.toFixed(1)} s)`
  const files = `written to ${folder}: points.csv, grades.csv, grades.json, grades.xml, and a text for each student`
  return [...overviewLines(grades, columns()), ...[line, files].map(text => wrap(text, 2, columns()))].join('\n')
}
