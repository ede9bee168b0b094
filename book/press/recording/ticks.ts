/**
 * The picture of lab 6: the ticks of the child as its chapter has recorded them. Run as a program, it draws them anew:
 * npx tsx book/press/recording/ticks.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../../../lib/machine/root.ts'

/** The chapter with the recording. */
export const CHAPTER: string = join(ROOT, 'book', '06-freezer.md')
/** The picture of it. */
export const PICTURE: string = join(ROOT, 'book', 'pictures', '06-ticks.svg')

const [LEFT, WIDTH] = [40, 660]
/** Columns of a recorded strip in a second. */
const COLUMNS = 20
const STYLE = /<style>[\s\S]*?<\/style>/

/** A text of the picture. */
function text(kind: string, x: number, y: number, words: string, anchor = 'start'): string {
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`
}

const stroke = (kind: string, x1: number, y1: number, x2: number, y2: number) =>
  `<path class="${kind}" d="M${x1} ${y1} L${x2} ${y2}"/>`

function scale(columns: number): string[] {
  const at = (column: number) => Number((LEFT + (column * WIDTH) / columns).toFixed(1))
  const marks = Array.from({ length: Math.floor(columns / 2) + 1 }, (_, i) => i * 2)
  return marks.flatMap(column =>
    column % COLUMNS === 0
      ? [stroke('l', at(column), 44, at(column), 56), text('s', at(column), 74, `${column / COLUMNS} s`, 'middle')]
      : [stroke('l', at(column), 47, at(column), 53)],
  )
}

/** The columns of a strip that hold a tick, and behind which of them the longest pause is. */
function ticksOf(strip: string): { readonly ticks: readonly number[]; readonly last: number } {
  const ticks = [...strip].flatMap((letter, column) => (letter === '|' ? [column] : []))
  const pauses = ticks.slice(1).map((column, i) => column - (ticks[i] ?? column))
  return { ticks, last: pauses.indexOf(Math.max(...pauses)) }
}

/**
 * Draws the first strip that is recorded in a chapter.
 * @param style the style element of a picture, with the colour roles of all pictures
 */
export function drawTicksPicture(chapter: string, style: string): string {
  const strip = /^ inside {2}([|.]{20,})$/m.exec(chapter)?.[1]
  const gap = /suddenly ([\d.]+) s later/.exec(chapter)?.[1]
  if (!strip || !gap) throw new Error(`${CHAPTER} has no recorded strip\nhint: npm run book -- record 06`)
  const { ticks, last } = ticksOf(strip)
  const at = (column = 0) => Number((LEFT + ((column + 0.5) * WIDTH) / strip.length).toFixed(1))
  const [from, to] = [at(ticks[last]), at(ticks[last + 1])]
  const middle = Number(((from + to) / 2).toFixed(1))
  const parts = [
    text('t ot', LEFT, 24, 'the clock, a mark each tenth of a second'),
    stroke('l', LEFT, 50, LEFT + WIDTH, 50),
    ...scale(strip.length),
    `<rect class="b" x="${from + 6}" y="108" width="${(to - from - 12).toFixed(1)}" height="64" rx="6"/>`,
    text('t ot', middle, 136, 'frozen', 'middle'),
    text('s', middle, 158, `from tick to tick: ${gap} s`, 'middle'),
    text('t it', LEFT, 100, 'ticks of the child'),
    stroke('l', LEFT, 172, LEFT + WIDTH, 172),
    ...ticks.map(column => stroke('i', at(column), 116, at(column), 172)),
    text(
      's',
      LEFT,
      200,
      `${last + 1} ticks before, ${ticks.length - last - 1} after, none in between, and none made up for.`,
    ),
  ]
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 216" role="img">',
    '<title>Ticks with a gap</title>',
    '<desc>The clock goes on evenly; the child ticks ten times a second, stands still for a second, and goes on in the same rhythm. Drawn from the recorded run.</desc>',
    style,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

/** The picture as it has to be now. */
export function ticksPicture(): string {
  const style = STYLE.exec(readFileSync(join(ROOT, 'book', 'pictures', '04-roots.svg'), 'utf8'))?.[0] ?? ''
  return drawTicksPicture(readFileSync(CHAPTER, 'utf8'), style)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(PICTURE, ticksPicture())
