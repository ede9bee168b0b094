/**
 * Typing at a program's terminal. Each line asks the shell for something that only the kernel can confirm: a process
 * that ends with a code nobody could know before.
 */
import { randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import type { ContainerMoment, Typed } from './record.ts'

const LINES = 3
/** How long a line may go unanswered before it is typed again, in milliseconds: who starts a shell may drop it. */
const PATIENCE = 500
/** How long a line is typed again before the judge gives up and asks for the end, in milliseconds: with a shell, or without. */
const [GIVES_UP, WAITS_FOR_SHELL] = [5000, 3000]
/** How long nothing is typed while nobody is in a container yet, in milliseconds. */
const START = 1500

/** Exit codes that no shell gives by itself, all different. */
function drawCodes(): number[] {
  const codes = new Set<number>()
  while (codes.size < LINES) codes.add(randomInt(30, 120))
  return [...codes]
}

/** What is typed at one terminal, line after line. */
export class Conversation implements Typed {
  readonly codes = drawCodes()
  readonly answers = new Map<number, ContainerMoment | 'outside'>()
  readonly #master: number
  readonly #isReady: () => boolean
  readonly #began = Date.now()
  #typedAt = 0
  /** Since when the present line could be answered. */
  #asksSince: number | undefined

  /**
   * @param master the other side of the terminal
   * @param isReady whether somebody runs a program in a container
   */
  constructor(master: number, isReady: () => boolean) {
    this.#master = master
    this.#isReady = isReady
  }

  /** A process has ended with a code. */
  hear(code: number, where: ContainerMoment | 'outside'): void {
    const expected = this.codes[this.answers.size]
    if (code !== expected) return
    this.answers.set(code, where)
    this.#typedAt = 0
    this.#asksSince = Date.now()
  }

  /** Types the next line, or the last one again, if it is time. */
  goOn(): void {
    const now = Date.now()
    if (this.#isReady()) this.#asksSince ??= now
    if (this.#asksSince === undefined && now - this.#began < START) return
    if (now - this.#typedAt < PATIENCE) return
    this.#typedAt = now
    const code = this.codes[this.answers.size]
    const givesUp = now - (this.#asksSince ?? now) > GIVES_UP || now - this.#began > WAITS_FOR_SHELL + GIVES_UP
    this.#type(code === undefined || givesUp ? 'exit 0' : `(exit ${code})`)
  }

  #type(line: string): void {
    try {
      writeSync(this.#master, `${line}\n`)
    } catch {
      // EIO: nobody works at that terminal any more; EAGAIN: nobody reads what was typed.
    }
  }
}
