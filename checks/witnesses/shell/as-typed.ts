/**
 * Whether a line has reached its reader as it was typed. Whoever passes it on may drop it, cut it into pieces or answer
 * questions of the screen, but not work it out and tell the shell the result.
 */

/** What a terminal says by itself, such as where its cursor stands, and keys that print nothing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about control characters.
const SILENT = /\x1b\[[\d;?]*[A-Za-z~]|[\x00-\x09\x0b-\x1f\x7f]/g

const printed = (text: string) => text.replaceAll('\r', '\n').replace(SILENT, '')

/** What somebody has read before lines, and behind them. */
export interface Around {
  readonly before: string
  readonly behind: string
}

/**
 * Finds a line, or several, in what somebody has read from a terminal.
 * @param read the end of it
 * @param typed whole lines
 * @returns `undefined` if they are not there, or do not begin where a line begins
 */
export function readAround(read: string, typed: string): Around | undefined {
  const [all, wanted] = [`\n${printed(read)}`, `\n${typed}`]
  const at = all.indexOf(wanted)
  return at < 0 ? undefined : { before: all.slice(0, at), behind: all.slice(at + wanted.length) }
}

/**
 * Whether a text is nothing but the same lines again, the last of them perhaps not whole: they are typed more than once.
 * @param rest what was read before or behind them, and what has been read since
 */
export function isOnlyAgain(rest: string, typed: string): boolean {
  const text = printed(rest).replaceAll('\n', '')
  const line = typed.replaceAll('\n', '')
  return line.repeat(Math.ceil(text.length / line.length)).startsWith(text)
}
