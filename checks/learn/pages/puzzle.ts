/**
 * The lines of a task in mixed order, for a reader who is stuck: which comes first?
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { regionLines } from '../../labs/tasks.ts'
import type { TaskState } from '../mine/evidence.ts'
import { keyLines, type Page, paragraph, type Size } from './page.ts'

/** The lines of a region without what encloses them, each once, in an order that says nothing of theirs. */
function mixedLines(source: string, region: string): string[] {
  const lines = (regionLines(source, region) ?? [])
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('//'))
  return [...lines].sort((one, other) => (one < other ? -1 : 1))
}

/** The page. @param own the lab's own program */
export function puzzlePage({ number, exercise }: TaskState, own: string, { columns }: Size): Page {
  const width = columns - 1
  const lines = mixedLines(own, exercise.region)
  const text =
    lines.length > 1
      ? `It is done in these ${lines.length} lines, which are in the order of their letters here and not in theirs:`
      : 'It is done in one line. Its words, in the order of their letters:'
  const parts = lines.length > 1 ? lines : [...new Set((lines[0] ?? '').match(/[\w$./-]+/g) ?? [])].sort()
  return {
    head: [...paragraph(`${number} ${exercise.task}`, width, chalk.bold, ' '), ''],
    body: [
      ...paragraph(text, width, one => one, ' '),
      '',
      ...parts.flatMap(part => paragraph(part, width, chalk.cyan, '   ')),
    ],
    foot: keyLines([['q', 'back']], width - 1).map(line => ` ${line}`),
  }
}
