/**
 * The reader's program beside the lab's own: lines that are the same are shown once, and those that differ side by
 * side, or one below the other where the screen is narrow.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { widthOf, wrap } from '../../../lib/lab/layout.ts'
import type { Lab } from '../../../lib/lab/manifest.ts'
import { harmlessLines } from '../../judge/sanitize.ts'
import { keyLines, type Page, paragraph, type Size } from './page.ts'

/** A stretch of two texts: lines that both have, or lines of one in place of lines of the other. */
export interface Stretch {
  readonly isSame: boolean
  readonly left: readonly string[]
  readonly right: readonly string[]
}

/** How long the longest common part of two texts is from each pair of lines on. */
function commonLengths(left: readonly string[], right: readonly string[]): number[][] {
  const table = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0))
  const at = (i: number, j: number) => table[i]?.[j] ?? 0
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      (table[i] as number[])[j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  return table
}

/** Two texts as stretches, so that as many lines as possible are the same. */
export function compareLines(left: readonly string[], right: readonly string[]): Stretch[] {
  const table = commonLengths(left, right)
  const stretches: { isSame: boolean; left: string[]; right: string[] }[] = []
  const stretch = (isSame: boolean) => {
    const last = stretches.at(-1)
    if (last?.isSame === isSame) return last
    const next = { isSame, left: [], right: [] }
    stretches.push(next)
    return next
  }
  let [i, j] = [0, 0]
  while (i < left.length || j < right.length) {
    const isSame = i < left.length && j < right.length && left[i] === right[j]
    const takesLeft = isSame || j === right.length || (table[i + 1]?.[j] ?? -1) >= (table[i]?.[j + 1] ?? -1)
    const one = stretch(isSame)
    if (takesLeft && i < left.length) one.left.push(left[i++] as string)
    if (isSame || !takesLeft) one.right.push(right[j++] as string)
  }
  return stretches
}

/** How many equal lines are shown before and after those that differ. */
const AROUND = 3
/** The number of columns from which on there is room for two texts. */
const WIDE = 110

const isMarker = (line: string) => /^\s*\/\/ #(end)?region /.test(line)

/** The lines of a program without what is irrelevant here: the marks of regions, and where the file is. */
export const comparable = (source: string, slug: string): string[] =>
  harmlessLines(source)
    .replaceAll(`mine/${slug}.ts`, `labs/${slug}.ts`)
    .split('\n')
    .map(line => line.trimEnd())
    .filter(line => !isMarker(line))

function sideBySide({ left, right }: Stretch, width: number): string[] {
  const room = Math.floor((width - 5) / 2)
  const cells = (lines: readonly string[]) => lines.flatMap(line => wrap(line, 4, room).split('\n'))
  const [one, other] = [cells(left), cells(right)]
  return Array.from({ length: Math.max(one.length, other.length) }, (_, i) => {
    const text = one[i] ?? ''
    const pad = ' '.repeat(Math.max(0, room - widthOf(text)))
    return `  ${chalk.yellow(text)}${pad} ${chalk.dim('│')} ${chalk.green(other[i] ?? '')}`
  })
}

const oneBelowTheOther = ({ left, right }: Stretch, width: number): string[] => [
  ...left.flatMap(line => paragraph(line, width, chalk.yellow, '- ')),
  ...right.flatMap(line => paragraph(line, width, chalk.green, '+ ')),
]

/** The lines that both have, cut to those around the differences. */
function common(lines: readonly string[], isFirst: boolean, isLast: boolean, width: number): string[] {
  const show = (part: readonly string[]) => part.flatMap(line => paragraph(line, width, chalk.dim, '  '))
  const [before, after] = [isFirst ? 0 : AROUND, isLast ? 0 : AROUND]
  if (lines.length <= before + after + 1) return show(lines)
  const left = lines.length - before - after
  return [
    ...show(lines.slice(0, before)),
    chalk.dim(`  … ${left} lines are the same …`),
    ...(after > 0 ? show(lines.slice(-after)) : []),
  ]
}

/** The page. @param mine the reader's text @param own the lab's */
export function comparePage(lab: Lab, mine: string, own: string, { columns }: Size): Page {
  const width = columns - 1
  const isWide = columns >= WIDE
  const stretches = compareLines(comparable(mine, lab.slug), comparable(own, lab.slug))
  const body = stretches.flatMap((stretch, i) => {
    if (stretch.isSame) return common(stretch.left, i === 0, i === stretches.length - 1, width)
    return isWide ? sideBySide(stretch, width) : oneBelowTheOther(stretch, width)
  })
  const legend = isWide
    ? `${chalk.yellow('yours')} on the left, ${chalk.green("the lab's own")} on the right`
    : `${chalk.yellow('- yours')}, ${chalk.green('+ its own')}`
  const isEqual = stretches.every(({ isSame }) => isSame)
  return {
    head: [...paragraph(`Lab ${lab.number}: ${lab.title}`, width, chalk.bold, ' '), ` ${legend}`, ''],
    body: isEqual ? [' They are the same, line for line.'] : body,
    foot: keyLines(
      [
        ['arrows', 'scroll'],
        ['q', 'back'],
      ],
      width - 1,
    ).map(line => ` ${line}`),
  }
}
