/**
 * The files that grading writes.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { harmlessLine, harmlessLines } from '../judge/sanitize.ts'
import { letter } from './letter.ts'
import type { Grades, Mark, MarkedClaim } from './marks.ts'

/** One cell of CSV. What a spreadsheet would take for a formula gets an apostrophe in front. @see RFC 4180 */
export function cell(value: string | number | null): string {
  if (typeof value === 'number') return String(value)
  const text = harmlessLine(value ?? '')
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text
  return /[",]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const COLUMNS = [
  'student',
  'lab',
  'program',
  'outcome',
  'points',
  'of',
  'unjudged',
  'seconds',
  'reason',
  'failed',
] as const

const failedOf = ({ claims }: Mark) =>
  claims.filter(({ verdict }) => verdict === 'does not hold').map(({ title }) => title)

/** A line for each student and lab, and one with the lab `sum` for each student. */
export function csv({ students, marks }: Grades): string {
  const lines = students.flatMap(({ student, points, of, unjudged }) => [
    ...marks
      .filter(mark => mark.student === student)
      .map(mark => [
        ...[mark.student, mark.slug, mark.program, mark.outcome, mark.points, mark.of, mark.unjudged, mark.seconds],
        ...[mark.reason ?? '', failedOf(mark).join('; ')],
      ]),
    [student, 'sum', '', '', points, of, unjudged, '', '', ''],
  ])
  return [COLUMNS, ...lines].map(line => `${line.map(cell).join(',')}\r\n`).join('')
}

/** A line for each student: points by lab, and their sum. What most systems for courses take as it is. */
export function points({ students, marks }: Grades): string {
  const slugs = [...new Set(marks.map(({ slug }) => slug))].sort()
  const lines = students.map(({ student, points: sum, of }) => {
    const cells = slugs.map(slug => marks.find(one => one.student === student && one.slug === slug)?.points ?? null)
    return [student, ...cells, sum, of]
  })
  return [['student', ...slugs, 'sum', 'of'], ...lines].map(line => `${line.map(cell).join(',')}\r\n`).join('')
}

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const xml = (text: string) => harmlessLines(text).replace(/[&<>"]/g, character => XML[character] ?? '')

function testCase(suite: string, { title, verdict, expected, seen, cause, read, missing }: MarkedClaim): string {
  const head = `    <testcase classname="${suite}" name="${xml(title)}"`
  if (verdict === 'holds') return `${head}/>`
  if (verdict === 'cannot be judged')
    return `${head}>\n      <skipped message="${xml(missing ?? '')}"/>\n    </testcase>`
  const text = [`expected: ${expected}`, `seen: ${seen}`, `cause: ${cause}`, `read: ${read}`].join('\n')
  return `${head}>\n      <failure message="${xml(`expected ${expected}, saw ${seen}`)}">${xml(text)}</failure>\n    </testcase>`
}

function suite(mark: Mark): string {
  const { student, slug, claims, outcome, reason = '', seconds } = mark
  const name = xml(harmlessLine(`${student} ${slug}`))
  const failures = claims.filter(({ verdict }) => verdict === 'does not hold').length
  const skipped = claims.filter(({ verdict }) => verdict === 'cannot be judged').length
  const [first = ''] = reason.split('\n')
  const isFault = outcome === 'nothing to judge'
  const whole = `    <testcase classname="${name}" name="there is something to judge">\n      ${
    isFault ? `<failure message="${xml(first)}">${xml(reason)}</failure>` : `<skipped message="${xml(first)}"/>`
  }\n    </testcase>`
  const cases = claims.length === 0 ? [whole] : claims.map(claim => testCase(name, claim))
  const counts =
    claims.length === 0
      ? `tests="1" failures="${Number(isFault)}" skipped="${Number(!isFault)}"`
      : `tests="${claims.length}" failures="${failures}" skipped="${skipped}"`
  return [`  <testsuite name="${name}" ${counts} time="${seconds}">`, ...cases, '  </testsuite>'].join('\n')
}

/** JUnit's XML: a suite for each student and lab, a case for each claim. */
export const junit = ({ marks }: Grades): string =>
  ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...marks.map(suite), '</testsuites>', ''].join('\n')

/** Writes all of them into a folder. */
export function writeGrades(folder: string, grades: Grades): void {
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write('grades.csv', csv(grades))
  write('points.csv', points(grades))
  write('grades.json', `${JSON.stringify(grades, null, 2)}\n`)
  write('grades.xml', junit(grades))
  for (const sum of grades.students) write(sum.letter, letter(sum, grades.marks))
}
