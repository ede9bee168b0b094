/**
 * Checking once, without a terminal.
 */
import { EXIT } from '../../lib/errors.ts'
import type { Lab } from '../../lib/lab/manifest.ts'
import { columns } from '../report/live-line.ts'
import { exitCodeOfRun } from '../report/report.ts'
import { copyOf, shown, writeCopy } from './mine/mine.ts'
import { type Read, recordStart, recordTasks } from './mine/progress.ts'
import { mainPage } from './pages/main.ts'
import { Workbench } from './workbench.ts'

/** The width of the text where there is no terminal that has one. */
const WIDTH = 120

/** Checks the reader's copy of a lab and prints what came of it. @returns the exit code */
export async function once(lab: Lab, { progress, warning }: Read, timeout: number): Promise<number> {
  if (writeCopy(lab)) console.log(`${shown(copyOf(lab))} is written, with all its tasks open.\n`)
  recordStart(lab.slug)
  const bench = await new Promise<Workbench>(resolve => {
    const done = () => !one.isChecking && resolve(one)
    const one: Workbench = new Workbench(lab, timeout, { changed: () => setImmediate(done), judged: () => {} })
    one.open()
  })
  const { standing, report, problem, status } = bench
  await bench.close()
  const done = standing?.tasks.filter(({ state }) => state === 'proved').length ?? 0
  if (standing && report) recordTasks(lab.slug, done, standing.isDone)
  const wasDone = progress.labs[lab.slug]?.done !== undefined
  const view = {
    lab,
    problem,
    status,
    standing,
    report,
    types: [],
    hints: [],
    hintCount: 0,
    wasDone,
    stuck: bench.stuck,
    isAsking: false,
    hasPuzzle: false,
    progress,
  }
  const size = { columns: Math.min(columns(), WIDTH) + 1, rows: Number.POSITIVE_INFINITY }
  const { head, body } = mainPage({ ...view, message: warning ?? '' }, size)
  console.log([...head, ...body, ...(warning === undefined ? [] : ['', warning])].join('\n').trimEnd())
  if (problem.length > 0 || !report) return EXIT.FAILS
  return exitCodeOfRun([report])
}
