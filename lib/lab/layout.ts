/**
 * Lines for a terminal of any width.
 */

/** Characters that take two columns: those of East Asian scripts, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u
const COMBINING = /\p{M}/u

const columnsOf = (character: string) => (COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** Text in which each character takes one column, as nearly all of it does. */
const PLAIN = /^[ -~]*$/

/** How many columns a text takes. */
export const widthOf = (text: string): number =>
  PLAIN.test(text) ? text.length : [...text].reduce((sum, character) => sum + columnsOf(character), 0)

/** The beginning of a text, as far as it fits into so many columns. */
export function cut(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, Math.floor(width)))
  let taken = ''
  let columns = 0
  for (const character of text) {
    columns += columnsOf(character)
    if (columns > width) return taken
    taken += character
  }
  return taken
}

/** Cuts a word into pieces of at most `width` columns; a character that is wider than that is a piece by itself. */
function pieces(word: string, width: number): string[] {
  const found: string[] = []
  for (let rest = word; rest !== ''; rest = rest.slice(found.at(-1)?.length)) {
    const [first = ''] = rest
    found.push(cut(rest, width) || first)
  }
  return word === '' ? [''] : found
}

/**
 * Wraps a line between words at the terminal's width; a word that is longer than a line is cut.
 * @param line its own indentation stays
 * @param hang by how much what follows is indented, at most a third of the width
 * @param width columns of the terminal, Infinity for none
 */
export function wrap(line: string, hang: number, width: number): string {
  if (widthOf(line) <= width) return line
  const indent = ' '.repeat(Math.min(hang, Math.floor(width / 3)))
  const [lead = ''] = /^ */.exec(line) ?? []
  const lines: string[] = []
  let last = lead.length < width / 2 ? lead : indent
  let gap = ''
  const room = width - Math.max(indent.length, last.length)
  for (const word of line.trimStart().split(' ')) {
    for (const [i, piece] of pieces(word, room).entries()) {
      if (i > 0 || (gap && widthOf(last) + 1 + widthOf(piece) > width)) {
        lines.push(last)
        last = indent
        gap = ''
      }
      last += gap + piece
    }
    gap = ' '
  }
  return [...lines, last].join('\n')
}
