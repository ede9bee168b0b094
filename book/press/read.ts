/**
 * `npm run book -- read lab3`: a chapter in the terminal, from the same source.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import { renderText } from './render-text.ts'
import { findChapter } from './source/order.ts'
import { placeLine } from './source/reading.ts'

/** Columns in which text is easy to read. */
const [WIDEST, NARROWEST] = [88, 24]

/**
 * Shows a chapter: through $PAGER on a terminal, as it is into a pipe.
 * @param files the chapter's, relative to the checkout
 * @param more words that were typed after it
 */
export async function showChapter(
  root: string,
  [file = '']: readonly string[],
  more: readonly string[],
): Promise<void> {
  if (more.length > 0) throw new UsageError(`unexpected argument ${more[0]}\nhint: one chapter at a time`)
  const { isTTY, columns = 80 } = process.stdout
  const width = Math.max(NARROWEST, Math.min(WIDEST, isTTY ? columns : 80))
  const markdown = readFileSync(join(root, file), 'utf8')
  const where = placeLine(findChapter(file), markdown)
  const text = renderText(where ? markdown.replace('\n', () => `\n\n${where}\n`) : markdown, width)
  if (!isTTY || !page(text)) process.stdout.write(text)
}

/** Hands a text to the pager. @returns whether there was one */
function page(text: string): boolean {
  const pager = process.env['PAGER'] || 'less -R'
  // With these options less does not page a text that fits on the screen, does not clear the screen, and keeps colours.
  const env = { LESS: 'FRX', ...process.env }
  const { status, error } = spawnSync('/bin/sh', ['-c', pager], {
    input: text,
    stdio: ['pipe', 'inherit', 'inherit'],
    env,
  })
  return error === undefined && status !== 126 && status !== 127
}
