/**
 * Text that a program under check can influence (what it printed, names of its processes, interfaces and mounts), made
 * fit for a terminal and for every report: nothing in it can move a cursor, end a line or break XML.
 */

/** Control, format (right-to-left marks and the like), lone surrogates, private and unassigned, line separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029\ufffe\uffff]/gu
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const TAB = '    '

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return SHORT[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`)
}

/** Ends a section of XML in which nothing is markup; node:test writes failures into such sections as they are. */
const END_OF_SECTION = /\]\]>/g

/**
 * As one line: whatever is no visible character is written as `\x1b`, `\n`, `\u{202e}`, and what would end a section of
 * XML as `]]\x3e`.
 */
export const harmlessLine = (text: string): string => text.replace(UNSAFE, escaped).replace(END_OF_SECTION, ']]\\x3e')

/** What only gives letters a colour, or takes it away. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: such a sequence begins with one.
const COLOURS = /\x1b\[[\d;]*m/g

/** The same for several lines, which end in `\n` as in a file or in `\r\n` as on a terminal; colours are left out. */
export const harmlessLines = (text: string): string =>
  text
    .replace(COLOURS, '')
    .split(/\r?\n/)
    .map(line => harmlessLine(line.replaceAll('\t', TAB)))
    .join('\n')

/** How much of one text a reader wants, in characters: a program can make a list of what it did as long as it likes. */
const LONGEST = 2000
const cut = (line: string) => (line.length > LONGEST ? `${line.slice(0, LONGEST)} … (${line.length} characters)` : line)

/** A copy of a value, with each text in it made one harmless line that is not too long. */
export const harmless = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value), (_key, part) => (typeof part === 'string' ? cut(harmlessLine(part)) : part)) as T
