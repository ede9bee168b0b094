/**
 * Two ways to show a session: a screen that is drawn again, and pages one after the other on a terminal that only
 * prints.
 */
import { createInterface, type Interface } from 'node:readline'
import { frame } from './pages/page.ts'
import { Screen } from './pages/screen.ts'
import type { Session } from './session.ts'

/** How a session is shown, and how keys reach it. */
export interface Display {
  enter(): void
  /** Gives the terminal to a program. */
  leave(): void
  show(isNews: boolean): void
  /** Waits for a key, with the terminal as it is. */
  pause(text: string): Promise<void>
}

/** A screen that is drawn again. */
export class DrawnDisplay implements Display {
  readonly #session: Session
  readonly #screen: Screen
  #onKey: ((key: string) => void) | undefined
  #isDue = false

  constructor(session: Session, suspend: () => void) {
    this.#session = session
    this.#screen = new Screen(
      key => {
        if (this.#onKey) this.#onKey(key)
        else if (key === 'ctrl-z') suspend()
        else session.key(key)
      },
      () => this.show(),
    )
  }

  enter(): void {
    this.#screen.enter()
    this.show()
  }

  leave(): void {
    this.#screen.leave()
  }

  /** Draws once for all that happens at the same moment: a key that is held down comes many times in one read. */
  show(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#draw()
    })
  }

  #draw(): void {
    if (!this.#screen.isEntered || this.#onKey) return
    const size = this.#screen.size()
    const page = this.#session.page(size)
    this.#screen.draw(frame(page, size, this.#session.scrolled(page, size)))
  }

  async pause(text: string): Promise<void> {
    process.stdout.write(`\n${text} Any key goes back.`)
    await new Promise<void>(resolve => {
      this.#onKey = () => resolve()
      this.#screen.listen()
    })
    this.#onKey = undefined
    this.#screen.leave()
  }
}

/** One page after the other, and keys that are typed as lines. */
export class PrintedDisplay implements Display {
  readonly #session: Session
  readonly #quit: () => void
  #lines: Interface | undefined
  #printed = ''

  constructor(session: Session, quit: () => void) {
    this.#session = session
    this.#quit = quit
  }

  enter(): void {
    this.#lines = createInterface({ input: process.stdin, terminal: false })
    this.#lines.on('line', line => this.#take(line.trim()))
    this.#lines.on('close', () => this.#lines && this.#quit())
    this.show(true)
  }

  leave(): void {
    const lines = this.#lines
    this.#lines = undefined
    lines?.close()
    process.stdin.pause()
  }

  #take(line: string): void {
    for (const key of line) this.#session.key(key)
    // A number that was typed is an answer, and an empty line goes on.
    if (/^\d*$/.test(line)) this.#session.key('enter')
  }

  show(isNews: boolean): void {
    if (!isNews || !this.#lines || this.#session.isBusy) return
    const { head, body, foot } = this.#session.page({ columns: process.stdout.columns || 80, rows: Infinity })
    const text = [...head, ...body, ...foot].join('\n')
    if (text === this.#printed) return
    this.#printed = text
    process.stdout.write(`\n${text}\n> `)
  }

  async pause(): Promise<void> {}
}
