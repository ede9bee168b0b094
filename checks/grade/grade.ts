/**
 * `npm run grade -- DIR`: checks a folder of submissions and writes the marks.
 */
import { join } from 'node:path'
import { prepareLives } from '../../lib/engine/life.ts'
import { EXIT } from '../../lib/errors.ts'
import { flag, helpLines, type Knob, parseKnobs, path, seconds } from '../../lib/lab/knobs.ts'
import { ensure, runTool } from '../../lib/lab/lab.ts'
import { findLab, isController, type Lab } from '../../lib/lab/manifest.ts'
import { becomeJudge } from '../judge/become.ts'
import type { Verdict } from '../judge/judge.ts'
import { needsOf } from '../judge/look-on.ts'
import { harmlessLine } from '../judge/sanitize.ts'
import { checkedLab } from '../labs/all.ts'
import { deskHomes } from '../ready/desk.ts'
import { LiveLine } from '../report/live-line.ts'
import { writeGrades } from './files.ts'
import { giveAway, makeDesk, makeOut, readFolder, readRoster } from './folders.ts'
import { Journal } from './journal.ts'
import { judgeClass } from './judge-class.ts'
import { gradesOf, isOpen, type Mark, markOf, markOfProblem } from './marks.ts'
import { overviewOf } from './overview.ts'
import { type Prepared, prepare } from './prepare.ts'
import { closing, markLine, table } from './show.ts'
import { findSubmissions, leftOut, type Submission } from './submissions.ts'

/** What a program may take, in seconds. */
const TIME = 20

const lab: Knob<string | undefined> = {
  ...path('LAB', 'the one lab that it is about (else every lab that a file is named after)'),
  expected: 'a lab such as lab3',
}

const KNOBS = {
  lab,
  out: path('FOLDER', 'where the grades go: a new or empty folder (grades, where you are)'),
  timeout: seconds(TIME, 'how long a program may take'),
  students: path('FILE', 'the names of all who should have handed in, one a line'),
  resume: flag('goes on where a grading was interrupted'),
  quiet: flag('prints the table in the end, and no line before it'),
}

const HELP = [
  'Usage: npm run grade -- DIR                 every lab that a file in DIR is named after',
  '       npm run grade -- DIR --lab lab3      one lab',
  '',
  'DIR holds a folder for each student (ada/03-newnet.ts, ada/lab2.py, ada/memory-oom.c),',
  'or single files named after them (ada.py with --lab, or ada-lab3.py).',
  '',
  'Options, with what they are otherwise in brackets:',
]

/** What this machine lacks for judging a lab at all. */
function lacking({ number, needs, slug }: Lab): { cannot?: string } {
  try {
    ensure(needs.filter(isController), `lab ${number}`)
    // This makes the root file system, once for all judges.
    needsOf(checkedLab(slug).witnesses)
    return {}
  } catch (error) {
    return { cannot: (error as Error).message }
  }
}

const interrupted = (submission: Submission): Prepared => ({
  submission,
  assignment: { slug: submission.lab.slug, program: '', command: [process.execPath], cannot: 'interrupted' },
})

async function prepareAll(
  root: string,
  submissions: readonly Submission[],
  desk: string,
  out: string,
): Promise<Prepared[]> {
  const prepared: Prepared[] = []
  const live = new LiveLine(() => `  ${prepared.length} of ${submissions.length} are copied and compiled`)
  live.start()
  for (const [i, submission] of submissions.entries()) {
    const one = hasStopped
      ? interrupted(submission)
      : await prepare(submission, root, join(desk, String(i)), [root, desk, out, ...deskHomes()])
    prepared.push('assignment' in one ? { ...one, assignment: { ...one.assignment, ...lacking(submission.lab) } } : one)
  }
  live.stop()
  return prepared
}

let hasStopped = false

/** Judges all, shows each as soon as it is known. @returns the marks, in the order of the submissions */
async function markAll(
  prepared: readonly Prepared[],
  timeout: number,
  quiet: boolean,
  journal: Journal,
): Promise<Mark[]> {
  const marks = new Map<Prepared, Mark>()
  const ready = prepared.filter(one => 'assignment' in one)
  let isAlone = ''
  const waiting = () => (isAlone ? `  ${isAlone} once more, alone` : `  ${marks.size} of ${prepared.length} are judged`)
  const live = new LiveLine(waiting)
  const take = (one: Prepared, mark: Mark) => {
    marks.set(one, mark)
    journal.note(one.submission, mark)
    if (!quiet) live.print(markLine(mark))
  }
  live.start()
  for (const one of prepared) if ('problem' in one) take(one, markOfProblem(one.submission, one.problem))
  const judged = (i: number, verdict: Verdict) => {
    const one = ready[i] as Prepared
    take(one, markOf(one.submission, verdict))
  }
  const again = (i: number) => {
    isAlone = harmlessLine(ready[i]?.submission.student ?? '')
  }
  await judgeClass(
    ready.map(({ assignment }) => assignment),
    timeout,
    { judged, again },
    () => hasStopped,
  )
  live.stop()
  return prepared.flatMap(one => marks.get(one) ?? [])
}

/**
 * The exit code: CANNOT while a mark is not final, and FAULT where a judge itself failed, because a later run may
 * differ.
 */
function exitCodeOfMarks(marks: readonly Mark[]): number {
  if (marks.some(({ isFault }) => isFault)) return EXIT.FAULT
  return marks.some(isOpen) ? EXIT.CANNOT : EXIT.HOLDS
}

const isOf = ({ student, slug }: Mark, submission: Submission) =>
  student === submission.student && slug === submission.lab.slug

async function main(): Promise<void> {
  const { values, help, words } = parseKnobs(KNOBS, process.argv.slice(2), 'any')
  if (help) {
    console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
    return
  }
  const only = values.lab === undefined ? undefined : findLab(values.lab)
  const root = readFolder(words)
  const submissions = findSubmissions(root, only, readRoster(values.students))
  const tell = (line: string) => console.log(line)
  const command = `npm run grade -- ${process.argv.slice(2).join(' ')}`
  await becomeJudge('grading', command, tell)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      hasStopped = true
    })
  const since = performance.now()
  const out = makeOut(values.out ?? 'grades', root, values.resume)
  const journal = new Journal(out)
  const known = new Map(submissions.map(one => [one, journal.find(one)] as const))
  const rest = submissions.filter(one => known.get(one) === undefined)
  if (values.resume)
    tell(`${submissions.length - rest.length} were judged before and are as they were: the rest is judged`)
  const prepared = await prepareAll(root, rest, makeDesk(), out)
  const judged = await markAll(prepared, values.timeout, values.quiet, journal)
  const marks = submissions.flatMap(one => known.get(one) ?? judged.find(mark => isOf(mark, one)) ?? [])
  const whole = { overview: overviewOf(marks), leftOut: leftOut(root) }
  const grades = gradesOf(marks, whole, (performance.now() - since) / 1000)
  writeGrades(out, grades)
  if (!marks.some(isOpen)) journal.finish()
  giveAway(out)
  console.log(`\n${table(grades)}\n\n${closing(grades, out)}`)
  if (hasStopped)
    console.log(
      'interrupted: what was judged until then is written, the rest is marked as not judged; --resume goes on from there',
    )
  // After a signal the exit code is set already.
  process.exitCode ??= exitCodeOfMarks(marks)
}

// The reader of the output may stop, as `| head` does: the grades are written all the same.
prepareLives()
process.stdout.removeAllListeners('error').on('error', () => {})

await runTool(main)
