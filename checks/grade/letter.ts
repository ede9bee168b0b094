/**
 * The text that a student gets.
 */
import { wrap } from '../../lib/lab/layout.ts'
import { harmlessLine } from '../judge/sanitize.ts'
import { crashLines, outputLines } from '../report/report.ts'
import type { Mark, MarkedClaim, Sum } from './marks.ts'

const WIDTH = 78
const lay = (line: string, hang: number) => wrap(line, hang, WIDTH)

const detail = (name: string, text: string | undefined) =>
  text === undefined ? [] : [lay(`      ${`${name}:`.padEnd(11)}${text}`, 17)]

const POINTS = (points: number) => `${points} ${points === 1 ? 'point' : 'points'}`

function claimLines({ title, verdict, points, expected, seen, cause, read, missing, remedy }: MarkedClaim): string[] {
  if (verdict === 'holds') {
    const why = points === 0 ? ' (no point: it holds of a program that does nothing, too)' : ''
    return [lay(`  + ${title}${why}`, 4)]
  }
  if (points === null)
    return [lay(`  ? could not be judged: ${title}`, 4), ...detail('missing', missing), ...detail('remedy', remedy)]
  const details = [
    detail('expected', expected),
    detail('seen', seen),
    detail('cause', cause),
    detail('read', read),
    detail('missing', missing),
  ]
  return [lay(`  - ${title}`, 4), ...details.flat()]
}

function reasonLines({ outcome, reason = '', remedy }: Mark): string[] {
  const [first = '', ...more] = reason.split('\n')
  const head = outcome === 'nothing to judge' ? '' : 'This could not be judged. That is not your fault, and no mark: '
  return [lay(`  ${head}${first}`, 4), ...more.map(line => `    ${line}`), ...detail('remedy', remedy)]
}

function section(mark: Mark): string[] {
  const { number, title, program, points, of, unjudged, claims, outcome, output } = mark
  const mine = points === null ? 'not judged' : `${points} of ${POINTS(of)}`
  const open = points !== null && unjudged > 0 ? `, ${unjudged} still open` : ''
  const head = [`Lab ${number}: ${title}`, `  ${mine}${open}${program === null ? '' : `; ${harmlessLine(program)}`}`]
  if (claims.length === 0) return [...head, '', ...reasonLines(mark)]
  const printed =
    outcome === 'does not hold'
      ? ['', ...[...crashLines(output), ...outputLines(output, false)].map(line => `    ${line}`)]
      : []
  return [...head, '', ...claims.flatMap(claimLines), ...printed]
}

/** All that a student has to know about their marks, as plain text. */
export function letter({ student, points, of, unjudged }: Sum, marks: readonly Mark[]): string {
  const open = unjudged > 0 ? ` (${unjudged} could not be judged yet)` : ''
  const lines = [harmlessLine(student), `${points} of ${POINTS(of)}${open}`]
  const legend = 'A + holds, a - does not hold, a ? could not be judged. Each + is a point.'
  const labs = marks.filter(mark => mark.student === student)
  const numbers = labs.map(({ number }) => `npm run check lab${number} path/to/program`)
  const closing = lay(`The same check on your own machine: ${numbers.join(', ')}`, 2)
  return `${[...lines, '', legend, ...labs.flatMap(mark => ['', ...section(mark)]), '', closing].join('\n')}\n`
}
