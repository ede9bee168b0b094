/**
 * `npm run book -- read lab3`: a chapter in the terminal, from the same source.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import GithubSlugger from 'github-slugger'
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
  const [section, ...others] = more
  if (others.length > 0) throw new UsageError(`unexpected argument ${others[0]}\nhint: one chapter at a time`)
  const { isTTY, columns = 80 } = process.stdout
  const width = Math.max(NARROWEST, Math.min(WIDEST, isTTY ? columns : 80))
  const chapter = readFileSync(join(root, file), 'utf8')
  const where = placeLine(findChapter(file), chapter)
  const source = where ? chapter.replace('\n', () => `\n\n${where}\n`) : chapter
  const text = renderText(source, width)
  const from = section === undefined ? 0 : lineOf(section, source, text)
  if (!isTTY || !page(text, from)) process.stdout.write(text.split('\n').slice(from).join('\n'))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with one.
const COLOURS = /\x1b\[[\d;]*m/g

/**
 * The line of a rendered chapter in which a section begins, from 0.
 * @throws UsageError if the chapter has no such section
 */
function lineOf(section: string, source: string, text: string): number {
  const slugger = new GithubSlugger()
  const headings = [...source.replace(/^(`{3,})[\s\S]*?^\1$/gm, '').matchAll(/^#+ (.*)$/gm)].map(
    ([, name = '']) => name,
  )
  const heading = headings.find(name => slugger.slug(name) === section)
  if (heading === undefined) throw new UsageError(`the chapter has no section ${section}`)
  const words = heading.replaceAll('`', '').trim()
  const lines = text.split('\n').map(line => line.replace(COLOURS, '').trim())
  const found = lines.findLastIndex(line => line.replace(/^#+ /, '') === words)
  return Math.max(0, found >= 0 ? found : lines.findIndex(line => line.includes(words)))
}

/** Hands a text to the pager, which begins at a line. @returns whether there was one */
function page(text: string, from: number): boolean {
  const pager = process.env['PAGER'] || 'less -R'
  // With these options less does not page a text that fits on the screen, does not clear the screen, and keeps colours.
  const env = { LESS: from > 0 ? `RX+${from + 1}g` : 'FRX', ...process.env }
  const { status, error } = spawnSync('/bin/sh', ['-c', pager], {
    input: text,
    stdio: ['pipe', 'inherit', 'inherit'],
    env,
  })
  return error === undefined && status !== 126 && status !== 127
}
