/**
 * Typing at a program's terminal. Each line asks the shell for something that only the kernel can confirm: a process
 * that ends with a code nobody could know before.
 */
import { randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import type { ContainerMoment, Typed } from './record.ts'

const LINES = 3
/**
 * How long a line may go unanswered before it is typed again, in milliseconds, because who starts a shell may have
 * dropped it; then twice as long, and so on, because a slow shell answers every one of them.
 */
const PATIENCE = 500
/** How long nothing is typed while nobody is in a container yet, in milliseconds. */
const START = 1500
/** The part of the program's time that one line may take. Then the judge asks for the end. */
const PART = 0.4

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
  readonly #longest: number
  /** Since when the present line could be answered, and when nobody will have. */
  #since = Date.now() + START
  #nextAt = this.#since
  #patience = PATIENCE

  /**
   * @param master the other side of the terminal
   * @param isReady whether somebody runs a program in a container
   * @param timeout seconds the program may take
   */
  constructor(master: number, isReady: () => boolean, timeout: number) {
    this.#master = master
    this.#isReady = isReady
    this.#longest = timeout * PART * 1000
  }

  /** A process has ended with a code. */
  hear(code: number, where: ContainerMoment | 'outside'): void {
    const expected = this.codes[this.answers.size]
    if (code !== expected) return
    this.answers.set(code, where)
    this.#ask()
  }

  #ask(): void {
    this.#since = this.#nextAt = Date.now()
    this.#patience = PATIENCE
  }

  /** Types the next line, or the last one again, if it is time. */
  goOn(): void {
    if (Date.now() < this.#since && this.#isReady()) this.#ask()
    const now = Date.now()
    if (now < this.#nextAt) return
    this.#nextAt = now + this.#patience
    this.#patience *= 2
    const code = now - this.#since > this.#longest ? undefined : this.codes[this.answers.size]
    // A sum: whoever answers has to be able to do more than read.
    this.#type(code === undefined ? 'exit 0' : `(exit $((${code - 7} + 7)))`)
  }

  #type(line: string): void {
    try {
      writeSync(this.#master, `${line}\n`)
    } catch {
      // EIO: nobody works at that terminal any more; EAGAIN: nobody reads what was typed.
    }
  }
}
