/**
 * The table of all labs: what is done, what is begun, what was predicted.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { cut } from '../../../lib/lab/layout.ts'
import { LABS, type Lab } from '../../../lib/lab/manifest.ts'
import { checkedLab } from '../../labs/all.ts'
import type { LabProgress, Progress } from '../mine/progress.ts'
import { keyLines, type Page, paragraph, type Size } from './page.ts'

/** What has become of a lab, in a word. */
function stateOf(progress: LabProgress | undefined): string {
  if (progress?.done !== undefined) return `done ${progress.done}`
  return progress === undefined ? 'not begun' : 'begun'
}

function predicted({ predictions }: LabProgress = {}): string {
  if (!predictions) return '-'
  const answered = predictions.filter(({ answer }) => answer !== null)
  return answered.length === 0 ? 'skipped' : `${answered.filter(one => one.isRight).length} of ${answered.length}`
}

function row({ number, title, slug }: Lab, progress: LabProgress | undefined): string[] {
  const tasks = `${progress?.tasks ?? 0} of ${checkedLab(slug).exercises.length}`
  return [`${number}`, title, stateOf(progress), tasks, predicted(progress)]
}

const HEAD = ['lab', '', '', 'tasks', 'predicted right']

/** The table as lines, the lab in question marked. @param width columns there are for it */
export function tableLines({ labs, current }: Progress, width = Number.POSITIVE_INFINITY): string[] {
  const rows = [HEAD, ...LABS.map(lab => row(lab, labs[lab.slug]))]
  const widths = HEAD.map((_, column) => Math.max(...rows.map(cells => cells[column]?.length ?? 0)))
  return rows.map((cells, i) => {
    const { slug = '' } = LABS[i - 1] ?? {}
    const text = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')
    const mark = i > 0 && slug === current ? '▸' : ' '
    const line = cut(`${mark} ${text}`.trimEnd(), width)
    if (i === 0) return chalk.dim(line)
    return labs[slug]?.done === undefined ? line : chalk.green(line)
  })
}

/** The table as a page. */
export function listPage(progress: Progress, { columns }: Size): Page {
  const done = LABS.filter(({ slug }) => progress.labs[slug]?.done !== undefined).length
  return {
    head: [...paragraph(`The labs: ${done} of ${LABS.length} are done`, columns - 1, chalk.bold, ' '), ''],
    body: tableLines(progress, columns - 2).map(line => ` ${line}`),
    foot: keyLines(
      [
        [`1-${LABS.length}`, 'goes there'],
        ['q', 'back'],
      ],
      columns - 2,
    ).map(line => ` ${line}`),
  }
}
