/**
 * The terminal as a screen that is drawn again and again, and a keyboard that is read key by key. However this process
 * ends, the terminal is restored.
 */
import { rawTerminal } from '../../../lib/lab/pty.ts'

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const [CLEAR_LINE, CLEAR_REST] = ['\x1b[K', '\x1b[J']

/** How long the rest of an escape sequence may take over a slow line, in milliseconds. */
const PATIENCE = 60

const NAMES: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\x03': 'ctrl-c',
  '\x04': 'ctrl-d',
  '\x0c': 'ctrl-l',
  '\x1a': 'ctrl-z',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x1b': 'escape',
  '\x1b[A': 'up',
  '\x1b[B': 'down',
  '\x1bOA': 'up',
  '\x1bOB': 'down',
  '\x1b[5~': 'page-up',
  '\x1b[6~': 'page-down',
  ' ': 'page-down',
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
const KEYS = /\x1b\[[0-9;?]*[A-Za-z~]|\x1bO[A-Za-z]|[\s\S]/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const UNFINISHED = /\x1b(\[[0-9;?]*|O)?$/

/** The keys in what was read, each by its name or as the character that it is. */
export const keysIn = (text: string): string[] => [...text.matchAll(KEYS)].map(([key]) => NAMES[key] ?? key)

/** Whether a terminal can be drawn on, and a keyboard read. */
export const canDraw = (): boolean =>
  process.stdout.isTTY === true && process.stdin.isTTY === true && !['', 'dumb'].includes(process.env['TERM'] ?? '')

/** The screen. */
export class Screen {
  readonly #onKey: (key: string) => void
  readonly #onResize: () => void
  #putBack: (() => void) | undefined
  #pending = ''
  #timer: NodeJS.Timeout | undefined

  /** @param onKey is called with each key @param onResize is called when the window has another size */
  constructor(onKey: (key: string) => void, onResize: () => void) {
    this.#onKey = onKey
    this.#onResize = onResize
  }

  get isEntered(): boolean {
    return this.#putBack !== undefined
  }

  enter(): void {
    if (this.#putBack) return
    this.#putBack = rawTerminal(LEAVE)
    this.#hear()
    process.stdout.on('resize', this.#onResize)
    process.stdout.write(ENTER)
  }

  /** Reads keys, but leaves what stands on the terminal. */
  listen(): void {
    if (this.#putBack) return
    this.#putBack = rawTerminal()
    this.#hear()
  }

  #hear(): void {
    process.stdin.setEncoding('utf8').on('data', this.#read).resume()
  }

  /** Restores the terminal, for another program. */
  leave(): void {
    process.stdout.off('resize', this.#onResize)
    process.stdin.off('data', this.#read).pause()
    this.#putBack?.()
    this.#putBack = undefined
  }

  /** Columns and rows; 80 by 24 for a terminal that does not know. */
  size(): { readonly columns: number; readonly rows: number } {
    return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
  }

  /** Draws lines from the top. None may be longer than the screen is wide. */
  draw(lines: readonly string[]): void {
    if (!this.#putBack) return
    process.stdout.write(HOME + lines.map(line => line + CLEAR_LINE).join('\r\n') + CLEAR_REST)
  }

  readonly #read = (text: string): void => {
    clearTimeout(this.#timer)
    const all = this.#pending + text
    const [rest = ''] = UNFINISHED.exec(all) ?? []
    this.#pending = rest
    for (const key of keysIn(all.slice(0, all.length - rest.length))) this.#onKey(key)
    if (rest !== '') this.#timer = setTimeout(() => this.#flush(), PATIENCE)
  }

  /** Nothing has followed: what looked like the beginning of an escape sequence was the key Escape. */
  #flush(): void {
    const rest = this.#pending
    this.#pending = ''
    for (const key of keysIn(rest)) this.#onKey(key)
  }
}
