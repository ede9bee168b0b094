/**
 * The list below a picture: what each number stands for.
 */
import type { StoryLine } from './lines.ts'
import { escapeXml, text } from './shapes.ts'

/** How high a row is, in pixels. */
export const ROW = 17
/** Where the columns begin, and how wide a character is. */
const [SIDE, TIME_END, WHO, WORDS, CHARACTER] = [18, 116, 128, 232, 7.23]

/** Words in rows of so many characters; a word that is longer is cut. */
function inRows(words: string, room: number): string[] {
  const rows: string[] = ['']
  for (const word of words.split(' ').flatMap(one => one.match(new RegExp(`.{1,${room}}`, 'gu')) ?? [''])) {
    const last = rows.at(-1) as string
    if (last === '') rows[rows.length - 1] = word
    else if (last.length + 1 + word.length <= room) rows[rows.length - 1] = `${last} ${word}`
    else rows.push(word)
  }
  return rows
}

/** One line of the list. @param main the name of the program itself, which need not be said */
function listItem({ time, who, program, text: words, line }: StoryLine, i: number, main: string, width: number) {
  const room = Math.floor((width - WORDS - SIDE) / CHARACTER)
  const isOther = who !== '' && program !== main && !words.startsWith('runs ')
  const rows = inRows(`${isOther ? `${program}: ` : ''}${words}`, room)
  const place = line === undefined ? '' : `  [${line}]`
  // Where it finds no room behind the words it has a row of its own.
  if (place !== '' && (rows.at(-1) as string).length + place.length > room) rows.push('')
  const draw = (y: number): string[] => [
    text('st', SIDE + 20, y, String(i + 1), 'end'),
    text('st', TIME_END, y, `${time.toFixed(1)} ms`, 'end'),
    text('st', WHO, y, who || (words.startsWith('…') ? '' : program)),
    ...rows.map((row, k) => {
      const more = k === rows.length - 1 && place !== '' ? `<tspan class="ss">${escapeXml(place)}</tspan>` : ''
      return `<text class="st" x="${WORDS}" y="${y + k * ROW}">${escapeXml(row)}${more}</text>`
    }),
  ]
  return { rows: rows.length, draw }
}

/**
 * The list as shapes.
 * @param notes what has to be said below it
 * @param main the name of the program itself
 * @param top where its first row stands
 */
export function listOf(
  lines: readonly StoryLine[],
  notes: readonly string[],
  main: string,
  width: number,
  top: number,
): { readonly shapes: readonly string[]; readonly bottom: number } {
  const shapes: string[] = []
  let y = top
  for (const [i, line] of lines.entries()) {
    const item = listItem(line, i, main, width)
    shapes.push(...item.draw(y))
    y += item.rows * ROW
  }
  for (const note of notes) {
    shapes.push(text('ss', WHO, y, note))
    y += ROW
  }
  return { shapes, bottom: y }
}
