/**
 * The page on which the reader works: where they are, which claims hold, and the first that does not.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { LABS, type Lab } from '../../../lib/lab/manifest.ts'
import { crashIn } from '../../report/crash.ts'
import type { LabReport } from '../../report/report.ts'
import type { Standing, TaskState } from '../mine/evidence.ts'
import { shown } from '../mine/mine.ts'
import type { Progress } from '../mine/progress.ts'
import { claimLines, type Detail } from './claims.ts'
import { containerLines, knownLines } from './finale.ts'
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
  /** Whether the reader is asked what they expect, in place of what happened. */
  readonly isAsking: boolean
  /** Whether the lines of the task are on offer. */
  readonly hasPuzzle: boolean
  readonly progress: Progress
  /** Who waits for what, where nobody of the program moves any more. */
  readonly stuck: string | undefined
  /** Whether the lab has been done, now or before. */
  readonly wasDone: boolean
}

/** From everything to the least; where that has no room either, the page is scrolled, and nothing is left out of it. */
const DETAILS: readonly Detail[] = [
  { tasks: 'all', held: 'all', output: 12, story: 5 },
  { tasks: 'all', held: 'all', output: 6, story: 5 },
  { tasks: 'all', held: 'count', output: 6, story: 5 },
  { tasks: 'all', held: 'count', output: 3, story: 5 },
  { tasks: 'strip', held: 'count', output: 3, story: 3 },
]
const SCROLLED: Detail = { tasks: 'strip', held: 'count', output: 6, story: 5 }

/** The sign of each state, and what it says. */
export const SIGNS = {
  open: ['·', chalk.dim, 'not written'],
  written: ['○', chalk.yellow, 'written: nothing is known of it yet'],
  proved: ['✔', chalk.green, 'proved: the kernel has seen it'],
  broken: ['✘', chalk.red, 'broken: your program fails in it, or the kernel has seen that something is missing'],
} as const

function markOf({ state }: TaskState): string {
  const [sign, style] = SIGNS[state]
  return style(sign)
}

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
  const lines = hints.flatMap((hint, i) =>
    paragraph(hint, width, one => one, ` hint ${i + 1} of ${hintCount}: `, chalk.cyan),
  )
  return lines.length === 0 ? [] : [...lines, '']
}

function doneLines({ lab, standing, progress }: MainView, width: number): string[] {
  if (!standing?.isDone) return []
  const next = LABS.find(({ number }) => number === lab.number + 1)
  const goOn = next ? ` n goes on to lab ${next.number}: ${next.title}.` : ' It was the last one.'
  const open = standing.tasks.filter(({ state }) => state === 'open')
  const rest = open.length > 0 ? ` (The call of task ${open[0]?.number} still stands in your file.)` : ''
  const text = `Lab ${lab.number} is done.${rest} s shows its own program beside yours, and r runs yours.${goOn}`
  const known = [' What you now know:', ...knownLines(lab, width)]
  return ['', ...paragraph(text, width, chalk.green, ' '), ...known, ...containerLines(progress, width)]
}

/** What is missing of a task, where every claim holds all the same. */
function faultLines({ standing, report }: MainView, width: number): string[] {
  const { current, failed } = standing ?? {}
  if (!report || failed || current?.fault === undefined) return []
  return ['', ...paragraph(current.fault, width, chalk.bold, ' ✘ ', chalk.red)]
}

/** The third time that the same is seen: what would have to be seen instead? */
function askingLines({ isAsking, standing }: MainView, width: number): string[] {
  if (!isAsking || !standing?.failed) return []
  const text = `Three times the same. Enter shows again what the kernel saw. Before that: what do you expect it to see, and in which order, at "${standing.failed.title}"?`
  return [...paragraph(text, width, chalk.cyan, ' '), '']
}

const KEYS = [
  ['h', 'hint'],
  ['o', 'open'],
  ['r', 'run'],
  ['c', 'chapter'],
  ['n', 'next'],
  ['l', 'list'],
  ['?', 'keys'],
  ['q', 'quit'],
] as const
const COMPARE = ['s', 'compare'] as const
const MAKE = ['m', 'make'] as const
const PUZZLE = ['p', 'its lines'] as const

function pageWith(view: MainView, level: Detail, width: number): Page {
  const { tasks, output } = level
  const { lab, standing, report, problem, types, message, status, wasDone } = view
  const done = standing ? standing.tasks.filter(({ state }) => state === 'proved').length : 0
  const tally = `${done} of ${standing?.tasks.length}`
  const rights = standing ? [`${tally} tasks proved `, `${tally} proved `, `${tally} `] : []
  const seen = view.isAsking ? { ...level, story: 0 } : level
  const claims = report && problem.length === 0 ? claimLines(report, seen, width) : []
  const crash = report && problem.length === 0 ? crashLines(report, width) : []
  // Before what was seen, and where not all is to be seen at once, before the error as well: it was asked for last.
  const asked = [...askingLines(view, width), ...hintLines(view, width)]
  return {
    head: [
      atBothEnds(` Lab ${lab.number} of ${LABS.length}: ${lab.title}`, rights, width, chalk.bold),
      ...paragraph(status, width, chalk.dim, ' '),
      '',
    ],
    body: [
      ...(standing ? (tasks === 'all' ? taskLines(standing, width) : taskStrip(standing, width)) : []),
      '',
      ...problem.flatMap(text => paragraph(text, width, chalk.yellow, ' ')),
      ...(view.stuck === undefined ? [] : [...paragraph(view.stuck, width, chalk.yellow, ' '), '']),
      ...(level === SCROLLED ? [...asked, ...crash] : [...crash, ...asked]),
      ...claims,
      ...faultLines(view, width),
      ...doneLines(view, width),
      ...types.flatMap((text, i) => [
        ...(i === 0 ? [''] : []),
        ...paragraph(text, width, chalk.yellow, i === 0 ? ' types: ' : '        '),
      ]),
      ...(report && problem.length === 0 && standing?.failed ? outputLines(report, output, width) : []),
    ],
    foot: [
      ...(message ? paragraph(message, width, chalk.cyan, ' ') : ['']),
      ...keyLines(
        [
          ...KEYS.slice(0, 4),
          ...(view.hasPuzzle ? [PUZZLE] : []),
          ...(wasDone || standing?.isDone ? [COMPARE, MAKE] : []),
          ...KEYS.slice(4),
        ],
        width - 1,
      ).map(line => ` ${line}`),
    ],
  }
}

/** The page, with as much in it as the screen has room for. */
export function mainPage(view: MainView, size: Size): Page {
  const width = size.columns - 1
  const pages = DETAILS.map(each => pageWith(view, each, width))
  return pages.find(page => fits(page, size)) ?? pageWith(view, SCROLLED, width)
}
