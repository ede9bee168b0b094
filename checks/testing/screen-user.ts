/**
 * For tests: a user at a terminal who sees what stands on its screen, as a terminal emulator draws it.
 */
import assert from 'node:assert/strict'
import { constants, openSync, readSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import { fork } from '../../lib/clone.ts'
import { execve } from '../../lib/exec.ts'
import { widthOf } from '../../lib/lab/layout.ts'
import { openTerminal, takeTerminal } from '../../lib/lab/pty.ts'
import { setWindowSize } from '../../lib/lab/terminal.ts'
import { closeQuietly } from '../../lib/machine/poll.ts'
import { kill, setsid } from '../../lib/process.ts'

// Its names are found by require() alone: it is a bundle of CommonJS.
const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as typeof import('@xterm/headless')

/** The size of a screen. */
export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

/** How a page that is drawn anew begins and ends: see checks/learn/pages/screen.ts. */
const [HOME, END] = ['\x1b[H', '\x1b[J']
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
const SEQUENCES = /\x1b\[[0-9;?]*[A-Za-z]/g
/** How often the terminal is read, in milliseconds, and for how long a text is waited for, in seconds. */
const [EVERY, PATIENCE] = [15, 120]
/** One look of so many is at a screen that has not changed. */
const SELDOM = 20

/** One program at a terminal of its own, and whoever looks at its screen. */
export class ScreenUser {
  readonly pid: number
  size: ScreenSize
  readonly #master: number
  readonly #slave: number
  readonly #emulator: InstanceType<typeof Terminal>
  /** What was printed since the last page began, and the last whole page. */
  #unfinished = ''
  #page: readonly string[] = []
  #looks = 0

  /** Starts a program by its words, in a folder. */
  constructor(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv, size: ScreenSize) {
    this.size = size
    const { master, number } = openTerminal('/dev')
    const path = `/dev/pts/${number}`
    this.#master = master
    // Held open, so that what was printed last can still be read when the program has ended.
    this.#slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
    setWindowSize(master, size)
    this.#emulator = new Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true })
    this.pid = fork(() => {
      setsid()
      takeTerminal(path)
      process.chdir(cwd)
      execve(words[0] ?? '', words, env)
    })
  }

  type(text: string): void {
    writeSync(this.#master, text)
  }

  /** The lines of the screen as they are to be seen, without colours. */
  get lines(): readonly string[] {
    const { active } = this.#emulator.buffer
    return Array.from({ length: this.size.rows }, (_, row) => {
      const line = active.getLine(active.viewportY + row)
      assert.ok(!line?.isWrapped, `a line is longer than ${this.size.columns} columns:\n${this.#plain}`)
      return (line?.translateToString(true, 0, this.size.columns) ?? '').trimEnd()
    })
  }

  get #plain(): string {
    const { active } = this.#emulator.buffer
    return Array.from({ length: this.size.rows }, (_, row) => active.getLine(active.viewportY + row))
      .map(line => line?.translateToString(true, 0, this.size.columns) ?? '')
      .join('\n')
  }

  /** Waits until what stands on the screen is so. */
  async until(isSo: (screen: string) => boolean, what: string): Promise<void> {
    const end = performance.now() + PATIENCE * 1000
    for (let isNew = true; ; isNew = false) {
      // What has not changed need not be looked at again, but for the end of a program, which may print nothing.
      if ((await this.#read()) || isNew || this.#looks++ % SELDOM === 0) if (isSo(this.#plain)) return
      assert.ok(performance.now() < end, `${what} is not on this screen:\n${this.#plain}`)
      await pause(EVERY)
    }
  }

  /** Waits until a text stands on the screen; its words may be broken into lines. */
  sees(pattern: RegExp): Promise<void> {
    return this.until(screen => pattern.test(screen) || pattern.test(joined(screen.split('\n'))), String(pattern))
  }

  /** Gives the window another size, and waits until the page has been drawn for it. */
  async resize(size: ScreenSize): Promise<void> {
    this.size = size
    this.#emulator.resize(size.columns, size.rows)
    setWindowSize(this.#master, size)
    kill(this.pid, 'SIGWINCH')
    await this.until(() => this.#page.length === size.rows, `a page of ${size.rows} lines`)
  }

  /** Asserts that the terminal shows the page as it was drawn: no line is cut or broken by it, none has scrolled away. */
  isWhole(): void {
    assert.equal(this.#page.length, this.size.rows)
    for (const line of this.#page) assert.ok(widthOf(line) < this.size.columns, `too wide: ${line}`)
    assert.deepEqual(
      this.lines,
      this.#page.map(line => line.trimEnd()),
    )
  }

  /** @returns whether there was anything to read */
  async #read(): Promise<boolean> {
    let isAny = false
    const buffer = Buffer.alloc(65536)
    for (;;) {
      let text: string
      try {
        text = buffer.toString('utf8', 0, readSync(this.#master, buffer))
      } catch (error) {
        assert.match((error as NodeJS.ErrnoException).code ?? '', /^(EAGAIN|EIO)$/)
        return isAny
      }
      isAny = true
      await new Promise<void>(resolve => this.#emulator.write(text, resolve))
      this.#take(text)
    }
  }

  #take(text: string): void {
    const parts = (this.#unfinished + text).split(HOME)
    for (const part of parts) {
      const end = part.lastIndexOf(END)
      if (end >= 0) this.#page = part.slice(0, end).replace(SEQUENCES, '').split('\r\n')
    }
    this.#unfinished = parts.at(-1) ?? ''
  }

  /** Closes the terminal. */
  close(): void {
    closeQuietly(this.#slave)
    closeQuietly(this.#master)
    this.#emulator.dispose()
  }
}

/** Lines as one text, however they are broken. */
export const joined = (lines: readonly string[]): string => lines.join(' ').replace(/\s+/g, ' ')
