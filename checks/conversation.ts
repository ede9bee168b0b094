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
  }

  /** Types the next line, or the last one again, if it is time. */
  goOn(): void {
    const now = Date.now()
    if (!this.#isReady() && now - this.#began < START) return
    if (now - this.#typedAt < PATIENCE) return
    this.#typedAt = now
    const code = this.codes[this.answers.size]
    this.#type(code === undefined ? 'exit 0' : `(exit ${code})`)
  }

  #type(line: string): void {
    try {
      writeSync(this.#master, `${line}\n`)
    } catch {
      // EIO: nobody works at that terminal any more; EAGAIN: nobody reads what was typed.
    }
  }
}
