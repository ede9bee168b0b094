/**
 * One line at the bottom of a terminal that says what is being waited for, and is erased before anything else is
 * printed.
 */
import { cut } from '../../lib/lab/layout.ts'

/** How often it is drawn again, in milliseconds. */
const EVERY = 250
const CLEAR = '\r\x1b[2K'

/** Where a program may draw: never into a pipe, and not on a terminal that only prints. */
const canDraw = () => process.stdout.isTTY === true && process.env['TERM'] !== 'dumb'

/** Columns of the terminal, Infinity where there is none. */
export const columns = (): number => (process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY)

export class LiveLine {
  readonly #text: () => string
  #timer: NodeJS.Timeout | undefined
  #isDrawn = false

  /** @param text what to say now; nothing for no line */
  constructor(text: () => string) {
    this.#text = text
  }

  start(): void {
    if (!canDraw()) return
    this.#timer = setInterval(() => this.draw(), EVERY)
    process.on('exit', this.#clear)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#clear()
    process.off('exit', this.#clear)
  }

  /** Prints a line in its place; it comes back by itself. */
  print(text: string): void {
    this.#clear()
    process.stdout.write(`${text}\n`)
  }

  draw(): void {
    if (!this.#timer) return
    const text = this.#text()
    // The last column stays free: some terminals break the line once it is taken.
    process.stdout.write(CLEAR + cut(text, columns() - 1))
    this.#isDrawn = text !== ''
  }

  readonly #clear = (): void => {
    if (this.#isDrawn) process.stdout.write(CLEAR)
    this.#isDrawn = false
  }
}
