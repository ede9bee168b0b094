/**
 * The page on which the reader works: where they are, which claims hold, and the first that does not.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { LABS, type Lab } from '../../../lib/lab/manifest.ts'
import { crashIn } from '../../report/crash.ts'
import type { ClaimReport, LabReport } from '../../report/report.ts'
import { concerning } from '../../report/story/concern.ts'
import { layLines } from '../../report/story/print.ts'
import type { Standing, TaskState } from '../mine/evidence.ts'
import { hangOf } from '../mine/hints.ts'
import { shown } from '../mine/mine.ts'
import { atBothEnds, fits, keyLines, type Page, paragraph, type Size } from './page.ts'

/** What is shown. */
export interface MainView {
  readonly lab: Lab
  /** What is wrong with the file itself, in sentences. */
  readonly problem: readonly string[]
  /** One line: what goes on, or when it was checked. */
  readonly status: string
  readonly standing: Standing | undefined
  readonly report: LabReport | undefined
  /** What TypeScript says of the file. */
  readonly types: readonly string[]
  /** The hints that were asked for. */
  readonly hints: readonly string[]
  readonly hintCount: number
  readonly message: string
  /** Who waits for what, where nobody of the program moves any more. */
  readonly stuck: string | undefined
  /** Whether the lab has been done, now or before. */
  readonly wasDone: boolean
}

/** How much is shown of each part. */
interface Detail {
  readonly tasks: 'all' | 'strip'
  readonly held: 'all' | 'count'
  readonly output: number
  /** How many lines of what happened, below the claim that does not hold. */
  readonly story: number
}

/** From everything to the least. */
const DETAILS: readonly Detail[] = [
  { tasks: 'all', held: 'all', output: 12, story: 5 },
  { tasks: 'all', held: 'all', output: 6, story: 5 },
  { tasks: 'all', held: 'count', output: 6, story: 5 },
  { tasks: 'all', held: 'count', output: 3, story: 5 },
  { tasks: 'strip', held: 'count', output: 3, story: 3 },
  { tasks: 'strip', held: 'count', output: 0, story: 3 },
  { tasks: 'strip', held: 'count', output: 0, story: 0 },
]

/** The sign of each state, and what it says. */
export const SIGNS = {
  open: [chalk.dim('·'), 'not written'],
  written: [chalk.yellow('○'), 'written: nothing is known of it yet'],
  proved: [chalk.green('✔'), 'proved: the kernel has seen it'],
  broken: [chalk.red('✘'), 'broken: your program fails in it, or the kernel has seen that something is missing'],
} as const

const markOf = ({ state }: TaskState) => SIGNS[state][0]

function taskLines({ tasks, current }: Standing, width: number): string[] {
  return tasks.flatMap(task => {
    const isCurrent = task.number === current?.number
    const style = isCurrent ? chalk.bold : task.state === 'proved' ? chalk.dim : (text: string) => text
    const place = isCurrent && task.line !== undefined ? ` (line ${task.line})` : ''
    const [first = '', ...rest] = paragraph(`${task.exercise.task}${place}`, width - 3, style, `${task.number} `)
    const pointer = isCurrent ? chalk.yellow('▸') : ' '
    return [`${pointer}${markOf(task)} ${first}`, ...rest.map(line => `   ${line}`)]
  })
}

/** The same in a line of marks and the task in question. */
function taskStrip({ tasks, current }: Standing, width: number): string[] {
  const marks = tasks.map(markOf).join('')
  const place = current?.line === undefined ? '' : ` (line ${current.line})`
  const text = current ? `${current.number} ${current.exercise.task}${place}` : ''
  const [first = '', ...rest] = paragraph(text, width - tasks.length - 4, chalk.bold)
  return [` ${marks}  ${first}`, ...rest.map(line => ' '.repeat(tasks.length + 3) + line)]
}

const detail = (name: string, text: string | undefined, width: number) =>
  text === undefined ? [] : paragraph(text, width, one => one, `     ${`${name}:`.padEnd(10)}`, chalk.dim)

/** What happened of what a claim is about. */
function storyLines({ story }: LabReport, claim: ClaimReport, most: number, width: number): string[] {
  const lines = story && most > 0 ? concerning(story, claim).slice(-most) : []
  return lines.length === 0 ? [] : [chalk.dim('     what happened:'), ...layLines(lines, width, '     ')]
}

function failedLines(report: LabReport, claim: ClaimReport, most: number, width: number): string[] {
  return [
    ...paragraph(claim.title, width, chalk.bold, ' ✘ ', chalk.red),
    ...detail('expected', claim.expected, width),
    ...detail('seen', claim.seen, width),
    ...detail('cause', claim.cause, width),
    ...storyLines(report, claim, most, width),
    ...detail('read', claim.read, width),
  ]
}

const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`

function unjudgedLines({ title, remedy }: ClaimReport, width: number): string[] {
  const lines = paragraph(`cannot be judged here: ${title}`, width, one => one, ' ? ', chalk.yellow)
  return [...lines, ...detail('remedy', remedy, width)]
}

function claimLines(report: LabReport, { held, story }: Detail, width: number): string[] {
  const { claims, missing, remedy } = report
  if (claims.length === 0)
    return [
      ...paragraph(`cannot be judged here: ${missing}`, width, one => one, ' ? ', chalk.yellow),
      ...detail('remedy', remedy, width),
    ]
  const failed = claims.findIndex(({ verdict }) => verdict === 'does not hold')
  const shown = failed < 0 ? claims : claims.slice(0, failed)
  const good = shown.filter(({ verdict }) => verdict === 'holds')
  const open = shown.filter(({ verdict }) => verdict === 'cannot be judged')
  const later = failed < 0 ? 0 : claims.length - failed - 1
  const holding =
    held === 'all'
      ? good.flatMap(({ title }) => paragraph(title, width, one => one, ' ✔ ', chalk.green))
      : good.length === 0
        ? []
        : [` ${chalk.green('✔')} ${count(good.length, 'claim holds', 'claims hold')}`]
  const hang = hangOf(report)
  return [
    ...(hang === undefined ? [] : paragraph(`The program did not end: ${hang}.`, width, chalk.yellow, ' ')),
    ...holding,
    ...(failed < 0 ? open.flatMap(claim => unjudgedLines(claim, width)) : []),
    ...(failed >= 0 && open.length > 0
      ? [` ${chalk.yellow('?')} ${count(open.length, 'claim', 'claims')} could not be judged`]
      : []),
    ...(failed < 0 ? [] : failedLines(report, claims[failed] as ClaimReport, story, width)),
    ...(later > 0 ? [chalk.dim(` · ${count(later, 'claim comes', 'claims come')} after it`)] : []),
  ]
}

/** The program's own error, before everything that follows from it: its message, and the line of the reader's file. */
function crashLines({ output, verdict }: LabReport, width: number): string[] {
  const [message, ...rest] = (verdict === 'does not hold' && crashIn(output)?.lines) || []
  if (message === undefined || /^task \d/.test(message)) return []
  return [
    ...paragraph(shown(message), width, chalk.bold, ' ! ', chalk.red),
    ...rest.flatMap(line => paragraph(shown(line).trim(), width, one => one, '   ')),
    '',
  ]
}

/** The last lines that the program printed. */
function outputLines({ output, claims }: LabReport, most: number, width: number): string[] {
  if (claims.length === 0 || most === 0) return []
  const crash = crashIn(output)
  const lines = (crash?.rest ?? output.trimEnd().split('\n')).filter(line => line.trim() !== '').map(shown)
  if (lines.length === 0) return ['', chalk.dim(crash ? ' it printed nothing else' : ' it printed nothing')]
  const last = lines.slice(-most).flatMap(line => paragraph(line.trimStart(), width, chalk.dim, ' | '))
  return ['', chalk.dim(' it printed:'), ...last.slice(-most)]
}

function hintLines({ hints, hintCount }: MainView, width: number): string[] {
  return hints.flatMap((hint, i) => [
    ...(i === 0 ? [''] : []),
    ...paragraph(hint, width, one => one, ` hint ${i + 1} of ${hintCount}: `, chalk.cyan),
  ])
}

function doneLines({ lab, standing }: MainView, width: number): string[] {
  if (!standing?.isDone) return []
  const next = LABS.find(({ number }) => number === lab.number + 1)
  const goOn = next ? ` n goes on to lab ${next.number}: ${next.title}.` : ' It was the last one.'
  const open = standing.tasks.filter(({ state }) => state === 'open')
  const rest = open.length > 0 ? ` (The call of task ${open[0]?.number} still stands in your file.)` : ''
  const text = `Lab ${lab.number} is done.${rest} s shows its own program beside yours, and r runs yours.${goOn}`
  return ['', ...paragraph(text, width, chalk.green, ' ')]
}

const KEYS = [
  ['h', 'hint'],
  ['n', 'next'],
  ['l', 'list'],
  ['r', 'run'],
  ['c', 'chapter'],
  ['p', 'predicted'],
  ['q', 'quit'],
] as const
const COMPARE = ['s', 'compare'] as const

function pageWith(view: MainView, level: Detail, width: number): Page {
  const { tasks, output } = level
  const { lab, standing, report, problem, types, message, status, wasDone } = view
  const done = standing ? standing.tasks.filter(({ state }) => state === 'proved').length : 0
  const right = standing ? `${done} of ${standing.tasks.length} tasks proved` : ''
  const claims = report && problem.length === 0 ? claimLines(report, level, width) : []
  return {
    head: [
      atBothEnds(` Lab ${lab.number} of ${LABS.length}: ${lab.title}`, `${right} `, width, chalk.bold),
      ...paragraph(status, width, chalk.dim, ' '),
      '',
    ],
    body: [
      ...(standing ? (tasks === 'all' ? taskLines(standing, width) : taskStrip(standing, width)) : []),
      '',
      ...problem.flatMap(text => paragraph(text, width, chalk.yellow, ' ')),
      ...(view.stuck === undefined ? [] : [...paragraph(view.stuck, width, chalk.yellow, ' '), '']),
      ...(report && problem.length === 0 ? crashLines(report, width) : []),
      ...claims,
      ...hintLines(view, width),
      ...doneLines(view, width),
      ...types.flatMap((text, i) => [
        ...(i === 0 ? [''] : []),
        ...paragraph(text, width, chalk.yellow, i === 0 ? ' types: ' : '        '),
      ]),
      ...(report && problem.length === 0 && standing?.failed ? outputLines(report, output, width) : []),
    ],
    foot: [
      ...(message ? paragraph(message, width, chalk.cyan, ' ') : ['']),
      ...keyLines(wasDone || standing?.isDone ? [...KEYS.slice(0, 6), COMPARE, ...KEYS.slice(6)] : KEYS, width - 1).map(
        line => ` ${line}`,
      ),
    ],
  }
}

/** The page, with as much in it as the screen has room for. */
export function mainPage(view: MainView, size: Size): Page {
  const width = size.columns - 1
  const pages = DETAILS.map(each => pageWith(view, each, width))
  return pages.find(page => fits(page, size)) ?? (pages.at(-1) as Page)
}
