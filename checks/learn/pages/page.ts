/**
 * Pages of a screen: what stays at the top and at the bottom, and what is scrolled between.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { cut, widthOf, wrap } from '../../../lib/lab/layout.ts'

/** The size of a screen. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** One page. */
export interface Page {
  readonly head: readonly string[]
  readonly body: readonly string[]
  readonly foot: readonly string[]
}

export type Style = (text: string) => string

/** How much of a line is left for a text at least, in columns. */
const NARROW = 10

const plain: Style = text => text

/**
 * A paragraph as lines, each in the same style.
 * @param lead in front of the first line, in a style of its own; the others are indented as far
 */
export function paragraph(text: string, width: number, style: Style = plain, lead = '', leadStyle = style): string[] {
  const room = width - widthOf(lead)
  // On a screen that is hardly wider than the lead it goes on in the text's own lines.
  if (room < NARROW) return wrap(`${lead.trim()} ${text}`.trim(), 0, width).split('\n').map(style)
  const indent = ' '.repeat(widthOf(lead))
  return wrap(text, 0, room)
    .split('\n')
    .map((line, i) => (i === 0 ? leadStyle(lead) : indent) + style(line.trimEnd()))
}

/**
 * One line with something at each end, or none of the right ones where there is no room for it beside the left.
 * @param rights the same in ever fewer words: the first is taken that fits
 */
export function atBothEnds(left: string, rights: readonly string[], width: number, style: Style): string {
  const right = rights.find(each => widthOf(left) + 2 + widthOf(each) <= width)
  if (right === undefined) return style(cut(left, width))
  return style(left) + ' '.repeat(width - widthOf(left) - widthOf(right)) + chalk.dim(right)
}

/** Keys and what they do, in as many lines as it takes: `h hint  n next`. */
export function keyLines(keys: readonly (readonly [key: string, what: string])[], width: number): string[] {
  const lines: string[] = []
  let taken = Number.POSITIVE_INFINITY
  for (const [key, what] of keys) {
    const length = key.length + what.length + 3
    const text = `${chalk.bold(key)} ${chalk.dim(what)}`
    if (taken + length > width) {
      lines.push(text)
      taken = length
    } else {
      lines.push(`${lines.pop()}  ${text}`)
      taken += length
    }
  }
  return lines
}

/** Whether all of a page is seen at once. */
export const fits = ({ head, body, foot }: Page, { rows }: Size): boolean =>
  head.length + body.length + foot.length <= rows

/** How far a page can be scrolled. */
export const mostScrolled = ({ head, body, foot }: Page, { rows }: Size): number =>
  Math.max(0, body.length - Math.max(1, rows - head.length - foot.length - 1))

/** The lines of a screen. @param scrolled lines of the body that are above its first one */
export function frame(page: Page, size: Size, scrolled: number): string[] {
  const { head, body, foot } = page
  const room = Math.max(1, size.rows - head.length - foot.length)
  if (body.length <= room) {
    const gap = Array.from({ length: room - body.length }, () => '')
    return [...head, ...body, ...gap, ...foot].slice(0, size.rows)
  }
  const from = Math.min(scrolled, mostScrolled(page, size))
  const part = body.slice(from, from + room - 1)
  const below = body.length - from - part.length
  const more = [from > 0 && `↑ ${from} lines`, below > 0 && `↓ ${below} more lines`].filter(Boolean).join('   ')
  return [...head, ...part, chalk.dim(cut(`  ${more}`, size.columns - 1)), ...foot].slice(0, size.rows)
}
