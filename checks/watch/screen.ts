/**
 * The terminal while a lab is watched: an alternate screen that is left properly, however the program ends.
 */
import { signalNumber } from '../../lib/status.ts'

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const [HOME, REST_OF_LINE, REST_OF_SCREEN] = ['\x1b[H', '\x1b[K', '\x1b[J'] as const
/** Ctrl-C, Ctrl-D and q. */
const QUIT = ['\x03', '\x04', 'q', 'Q']

export class Screen {
  #shown = ''
  #isOpen = false

  /** @param redraw is called when the size has changed */
  open(redraw: () => void): void {
    this.#isOpen = true
    process.on('exit', this.close)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
      process.on(signal, () => process.exit(128 + (signalNumber(signal) ?? 0)))
    process.stdout.on('resize', () => {
      this.#shown = ''
      redraw()
    })
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true)
      process.stdin.on('data', keys => QUIT.some(key => keys.toString().includes(key)) && process.exit(0))
      process.stdin.on('end', () => process.exit(0))
    }
    process.stdout.write(ENTER)
  }

  get size() {
    return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
  }

  /** Draws over what is there, without blanking it first. */
  draw(lines: readonly string[]): void {
    const text = lines.slice(0, this.size.rows).join(`${REST_OF_LINE}\r\n`)
    if (text === this.#shown) return
    this.#shown = text
    process.stdout.write(`${HOME}${text}${REST_OF_LINE}${REST_OF_SCREEN}`)
  }

  readonly close = (): void => {
    if (!this.#isOpen) return
    this.#isOpen = false
    if (process.stdin.isTTY) process.stdin.setRawMode(false)
    process.stdout.write(LEAVE)
  }
}
