/**
 * Typing at a program that works at a terminal, and what the screen then shows.
 */
import { readSync } from 'node:fs'
import { writeAll } from '../../../lib/machine/output.ts'
import { poll } from '../../../lib/machine/poll.ts'

/** What a user who runs the commands sees. */
export interface Performance {
  readonly lines: readonly string[]
  readonly codes: readonly number[]
  /** Why it did not finish. */
  readonly fault?: string
}

/** A program that waits for a line: its prompt is the last thing on the screen. */
const PROMPT = /(?:^|\n)[\w.-]+:\S*[#$] $/
/** How long a program runs before it is interrupted, in seconds. */
const A_WHILE = 1.2
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
const PIECES = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07]*\x07|\x1b[=>()][0B]?|[\s\S]/gu

/** What a terminal shows after a text was printed on it, for what shells use: lines, and moving back in a line. */
export function screen(printed: string): string {
  const lines: string[][] = [[]]
  let column = 0
  for (const [piece, parameter = '', command] of printed.matchAll(PIECES)) {
    const line = lines.at(-1) as string[]
    if (command === 'J' || command === 'K') line.length = Math.min(line.length, column)
    else if (command === 'C') column += Number(parameter || 1)
    else if (command === 'D' || piece === '\b') column = Math.max(0, column - Number(parameter || 1))
    else if (piece === '\r') column = 0
    else if (piece === '\n') {
      lines.push([])
      column = 0
    } else if (piece >= ' ') {
      line[column++] = piece
    } else if (piece === '\t') column = (column + 8) & ~7
  }
  return lines.map(line => Array.from(line, letter => letter ?? ' ').join('')).join('\n')
}

/** The text of a terminal as it grows. */
class Reader {
  text = ''
  #printed = ''
  readonly #master: number
  readonly #buffer = Buffer.alloc(65536)

  constructor(master: number) {
    this.#master = master
  }

  /** Reads what comes within a time. @returns whether a process still has the terminal open */
  read(seconds: number): boolean {
    if (poll([this.#master], seconds).length === 0) return true
    try {
      this.#printed += this.#buffer.toString('latin1', 0, readSync(this.#master, this.#buffer))
    } catch (error) {
      // EIO: no process has that terminal open any more.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false
    }
    this.text = screen(Buffer.from(this.#printed, 'latin1').toString())
    return true
  }
}

/**
 * Types lines, each when the program asks for it, and reads to the end.
 * @param master the other side of the terminal; it never blocks
 * @param typed a line each; Ctrl-C is one of its own, and interrupts what the line before has started
 * @param longest in seconds
 */
export function typeAt(master: number, typed: readonly string[], longest: number): Omit<Performance, 'codes'> {
  const end = performance.now() + longest * 1000
  const left = () => (end - performance.now()) / 1000
  const reader = new Reader(master)
  const waiting = [...typed]
  let mark = 0
  let since = performance.now()
  for (;;) {
    const next = waiting[0]
    const isInterrupt = next === '\x03'
    const isDue = isInterrupt
      ? performance.now() - since > A_WHILE * 1000
      : reader.text.length > mark && PROMPT.test(reader.text.slice(mark === 0 ? 0 : mark - 1))
    if (next !== undefined && isDue) {
      waiting.shift()
      mark = reader.text.length
      since = performance.now()
      writeAll(master, isInterrupt ? next : `${next}\n`)
    }
    if (left() <= 0) break
    if (!reader.read(Math.min(left(), 0.1))) {
      const lines = reader.text
        .trimEnd()
        .split('\n')
        .map(line => line.trimEnd())
      return waiting.length === 0
        ? { lines }
        : { lines, fault: `it ended before ${JSON.stringify(waiting[0])} was typed` }
    }
  }
  const lines = reader.text.split('\n')
  return {
    lines,
    fault: `it was not over after ${longest} s: ${JSON.stringify(waiting[0] ?? 'nothing')} was still to be typed`,
  }
}
