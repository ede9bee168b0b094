/**
 * Earlier versions of the reader's file.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import type { Lab } from '../../../lib/lab/manifest.ts'
import type { Kept } from '../mine/kept.ts'
import { keyLines, type Page, paragraph, type Size } from './page.ts'

/** The page. @param count of the lab's tasks */
export function versionsPage(
  { number, title }: Lab,
  versions: readonly Kept[],
  count: number,
  { columns }: Size,
): Page {
  const width = columns - 1
  const lines = versions.map(
    ({ when, proved }, i) => `   ${chalk.bold(String(i + 1))}  ${when}   ${proved} of ${count} tasks proved`,
  )
  const none = paragraph(
    'None is kept yet: each that proves a task is, when it has been checked.',
    width,
    one => one,
    ' ',
  )
  return {
    head: [...paragraph(`Lab ${number}: ${title}: earlier versions of your file`, width, chalk.bold, ' '), ''],
    body: versions.length === 0 ? none : lines,
    foot: keyLines(
      [...(versions.length > 0 ? [[`1-${versions.length}`, 'brings it back'] as const] : []), ['q', 'back']],
      width - 1,
    ).map(line => ` ${line}`),
  }
}
