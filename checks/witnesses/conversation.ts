/**
 * Typing at a program's terminal. Each line asks the shell for something that only the kernel can confirm: a process
 * that exits with a code that could not be known before.
 */
import { randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import type { ContainerMoment } from './container.ts'

/** What was typed at a program's terminal. */
export interface Typed {
  /** Each line asked the shell for a process that ends with this code. */
  readonly codes: readonly number[]
  /** The codes with which a process did exit, and the process at that moment. */
  readonly answers: ReadonlyMap<number, ContainerMoment | 'outside'>
  /** A code that was not asked for, with which a process inside exited nevertheless. */
  readonly guessed?: number | undefined
}

const LINES = 3
const [LOWEST, HIGHEST] = [30, 120]
/**
 * All times in here pass only while every process of the program sleeps, and at most this many milliseconds from one
 * look to the next. Otherwise, on a busy machine, a shell that is slow to start would find a queue of lines with an
 * exit at its end.
 */
const LONGEST_TICK = 100
/**
 * How long a line may go unanswered before it is typed again, in milliseconds, because a program may discard what was
 * typed before it started its shell; then twice as long, and so on, because a slow shell answers every one of them.
 */
const PATIENCE = 500
/** How long nothing is typed while no process is in a container yet, in milliseconds. */
const START = 1500
/** The part of the program's time that one line may take. After that `exit` is typed. */
const PART = 0.4

/** Exit codes that no shell gives by itself, all different. */
function drawCodes(): number[] {
  const codes = new Set<number>()
  while (codes.size < LINES) codes.add(randomInt(LOWEST, HIGHEST))
  return [...codes]
}

/** What is typed at one terminal, line after line. */
export class Conversation implements Typed {
  readonly codes = drawCodes()
  readonly answers = new Map<number, ContainerMoment | 'outside'>()
  guessed: number | undefined
  #isTyped = false
  readonly #master: number
  readonly #isReady: () => boolean
  readonly #isIdle: () => boolean
  readonly #longest: number
  /** For how many milliseconds all processes have slept so far, and when that was last looked at, since the epoch. */
  #slept = 0
  #lookedAt = Date.now()
  /** On the clock of {@link #slept}: since when the present line may be typed, and when it is typed next. */
  #since = START
  #nextAt = this.#since
  #patience = PATIENCE

  /**
   * @param master the other side of the terminal
   * @param isReady whether a process runs a program in a container
   * @param isIdle whether all processes of the program sleep
   * @param timeout seconds the program may take
   */
  constructor(master: number, isReady: () => boolean, isIdle: () => boolean, timeout: number) {
    this.#master = master
    this.#isReady = isReady
    this.#isIdle = isIdle
    this.#longest = timeout * PART * 1000
  }

  /** A process has ended with a code. */
  hear(code: number, where: ContainerMoment | 'outside'): void {
    const expected = this.codes[this.answers.size]
    // A program that exits with every possible code has not read which one was asked for.
    const isAnswer = this.answers.has(code) || (code === expected && this.#isTyped)
    if (where !== 'outside' && !isAnswer && code >= LOWEST && code < HIGHEST) this.guessed ??= code
    if (code !== expected || !this.#isTyped) return
    this.answers.set(code, where)
    this.#ask()
  }

  #ask(): void {
    this.#since = this.#nextAt = this.#slept
    this.#patience = PATIENCE
    this.#isTyped = false
  }

  /** Types the next line, or the last one again, if it is time. */
  goOn(): void {
    const now = Date.now()
    if (this.#isIdle()) this.#slept += Math.min(now - this.#lookedAt, LONGEST_TICK)
    this.#lookedAt = now
    if (this.#slept < this.#since && this.#isReady()) this.#ask()
    if (this.#slept < this.#nextAt) return
    this.#nextAt = this.#slept + this.#patience
    this.#patience *= 2
    const code = this.#slept - this.#since > this.#longest ? undefined : this.codes[this.answers.size]
    this.#isTyped = true
    // As a sum, so that a shell has to evaluate it: to copy a number from the line would not be enough.
    this.#type(code === undefined ? 'exit 0' : `(exit $((${code - 7} + 7)))`)
  }

  #type(line: string): void {
    try {
      writeSync(this.#master, `${line}\n`)
    } catch {
      // EIO: no process has the terminal open any more; EAGAIN: no process reads what was typed.
    }
  }
}
